//! The group `features`: what this appliance can do, which depends on the tools that it was built with.

use std::fs;

use bstr::{BStr, ByteSlice};
use glassbox_api::{Features, unsupported_call};
use glassbox_io::Result;

use crate::tool::Tool;
use crate::{Daemon, libaugeas};

/// What an optional group of calls needs. Groups that aren't here are as available as they are to the engine.
const NEEDS: [(&str, Need); 25] = [
    ("augeas", Need::Augeas),
    ("blkdiscard", Need::Nothing),
    ("blkdiscardzeroes", Need::Nothing),
    ("btrfs", Need::Filesystem("btrfs", &["btrfs", "mkfs.btrfs"])),
    ("extlinux", Need::Tools(&["extlinux"])),
    ("f2fs", Need::Tools(&["resize.f2fs"])),
    ("fstrim", Need::Nothing),
    ("gdisk", Need::Tools(&["sgdisk"])),
    ("grub", Need::Tools(&["grub-install"])),
    ("linuxfsuuid", Need::Tools(&["tune2fs", "swaplabel"])),
    ("linuxmodules", Need::Tools(&["modprobe"])),
    ("luks", Need::Tools(&["cryptsetup"])),
    ("lvm2", Need::Tools(&["lvm"])),
    ("mdadm", Need::Tools(&["mdadm"])),
    ("ntfs3g", Need::Tools(&["ntfs-3g.probe", "ntfsclone", "ntfsfix"])),
    ("ntfsprogs", Need::Tools(&["ntfsresize"])),
    ("rsync", Need::Tools(&["rsync"])),
    ("scrub", Need::Tools(&["scrub"])),
    ("selinuxrelabel", Need::Tools(&["setfiles"])),
    ("squashfs", Need::Tools(&["mksquashfs"])),
    ("syslinux", Need::Tools(&["syslinux", "mcopy"])),
    ("wipefs", Need::Tools(&["wipefs"])),
    ("xfs", Need::Filesystem("xfs", &["xfs_admin", "xfs_growfs", "xfs_info", "xfs_repair"])),
    ("zerofree", Need::Tools(&["zerofree"])),
    ("mknod", Need::Nothing),
];

/// See [`NEEDS`].
enum Need {
    Nothing,
    Augeas,
    Tools(&'static [&'static str]),
    Filesystem(&'static str, &'static [&'static str]),
}

impl Need {
    fn is_met(&self) -> Result<bool> {
        let all = |tools: &[&str]| tools.iter().all(|tool| Tool::exists(tool));
        match self {
            Need::Nothing => Ok(true),
            Need::Augeas => Ok(libaugeas::exists()),
            Need::Tools(tools) => Ok(all(tools)),
            Need::Filesystem(name, tools) => Ok(all(tools) && kernel_has(name.as_bytes())?),
        }
    }
}

/// Whether the kernel can mount filesystems of a type, with a module that the appliance brings along if need be.
fn kernel_has(kind: &[u8]) -> Result<bool> {
    if is_listed(&fs::read("/proc/filesystems")?, kind) {
        return Ok(true);
    }
    // Without this tool all modules that there are were loaded at the start.
    if !Tool::exists("modprobe") {
        return Ok(false);
    }
    Tool::new("modprobe").arg([b"fs-", kind].concat()).outcome()?;
    Ok(is_listed(&fs::read("/proc/filesystems")?, kind))
}

/// The types' names are last on their lines (proc(5)).
fn is_listed(filesystems: &[u8], kind: &[u8]) -> bool {
    filesystems.lines().any(|line| line.rsplit(u8::is_ascii_whitespace).next() == Some(kind))
}

impl Features for Daemon {
    fn internal_feature_available(&mut self, group: &BStr) -> Result<i32> {
        match NEEDS.iter().find(|(name, _)| group == name) {
            Some((_, need)) => Ok(if need.is_met()? { 0 } else { 1 }),
            None => Err(unsupported_call("internal_feature_available")),
        }
    }

    /// What the kernel mounts, and NTFS, which ntfs-3g does for it.
    fn filesystem_available(&mut self, filesystem: &BStr) -> Result<bool> {
        if filesystem == "ntfs" && Tool::exists("mount.ntfs-3g") {
            return Ok(true);
        }
        kernel_has(filesystem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbox_api::table;

    #[test]
    fn every_need_is_that_of_a_group() {
        for (name, _) in &NEEDS {
            assert!(table::OPTIONAL_GROUPS.iter().any(|group| group.name == *name), "{name}");
        }
    }

    #[test]
    fn the_kernel_lists_types_behind_a_mark() {
        let listed = b"nodev\tsysfs\n\text4\n\tfuseblk\n";
        assert!(is_listed(listed, b"ext4") && is_listed(listed, b"sysfs"));
        assert!(!is_listed(listed, b"fuse") && !is_listed(listed, b"nodev") && !is_listed(listed, b""));
    }
}

//! The group `filesystem-detect`: labels and UUIDs are set by the tools of each filesystem. Questions are the engine's.

use std::fs;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::options::{MkswapOpts, XfsAdminOpts};
use glassbox_api::{Ext, FilesystemDetect, Xfs, unsupported_call};
use glassbox_io::{Errno, Error, Result};

use super::{btrfs, xfs};
use crate::Daemon;
use crate::daemon::device;
use crate::labels;
use crate::mountable::Mountable;
use crate::mounts;
use crate::tool::Tool;

/// Words that some tools take for a UUID. This call is for UUIDs.
const MAGIC_UUIDS: [&str; 6] = ["clear", "generate", "nil", "random", "restore", "time"];

/// What a device holds, as detection names it. The device's name is the caller's, not the kernel's.
pub fn kind(daemon: &mut Daemon, device: &BStr) -> Result<BString> {
    daemon.engine()?.vfs_type(device)
}

fn not_supported(what: &str, kind: &BStr) -> Error {
    Error::os_with(Errno::EOPNOTSUPP, format!("don't know how to {what} '{kind}' filesystems"))
}

/// Where a device is mounted in the appliance.
fn mount_point(device: &BStr) -> Result<BString> {
    let found = mounts::of_device(device)?;
    found.map(|mount| mount.place()).ok_or_else(|| Error::usage(format!("device not mounted: {device}")))
}

/// A random UUID, from the kernel.
fn random_uuid() -> Result<BString> {
    Ok(fs::read("/proc/sys/kernel/random/uuid")?.trim().into())
}

/// The number that what a tool printed begins with.
fn leading_number(printed: &[u8]) -> Option<i64> {
    let end = printed.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(printed.len());
    printed[..end].to_str().ok()?.parse().ok()
}

fn unreadable(tool: &str) -> Error {
    Error::os_with(Errno(0), format!("{tool}: what it printed has no size in it"))
}

fn btrfs_minimum(device: &BStr) -> Result<i64> {
    let printed = Tool::new("btrfs").args(["inspect-internal", "min-dev-size"]).arg(mount_point(device)?).run()?;
    leading_number(&printed).ok_or_else(|| unreadable("btrfs"))
}

/// XFS can't be shrunk.
fn xfs_minimum(device: &BStr) -> Result<i64> {
    let geometry = xfs::geometry(device)?;
    let size = |field| geometry.number(field).and_then(|number| i64::try_from(number).ok());
    size("data.bsize")
        .zip(size("data.blocks"))
        .and_then(|(size, blocks)| size.checked_mul(blocks))
        .ok_or_else(|| unreadable("xfs_info"))
}

/// The device that holds the subvolume; *unsupported* if `mountable` is a device, which is the engine's.
fn subvolumes_device(call: &'static str, mountable: &BStr) -> Result<BString> {
    Mountable::device_of_subvolume(mountable)?.ok_or_else(|| unsupported_call(call))
}

/// The subvolumes of a btrfs but for that which is mounted by its device's name.
fn other_subvolumes(device: &BStr) -> Result<Vec<BString>> {
    let others = btrfs::other_subvolumes(device)?.into_iter();
    Ok(others.map(|found| Mountable::subvolume(device, found.btrfssubvolume_path.as_ref())).collect())
}

impl FilesystemDetect for Daemon {
    /// The engine's list, and the subvolumes that only a kernel finds.
    fn list_filesystems(&mut self) -> Result<Vec<(BString, BString)>> {
        let mut list = Vec::new();
        for (device, kind) in self.engine()?.list_filesystems()? {
            // Those of a damaged filesystem can't be told, but that it is there can.
            let others = match kind == "btrfs" {
                true => other_subvolumes(device.as_ref()).unwrap_or_default(),
                false => Vec::new(),
            };
            list.push((device, kind.clone()));
            list.extend(others.into_iter().map(|subvolume| (subvolume, kind.clone())));
        }
        Ok(list)
    }

    fn vfs_type(&mut self, mountable: &BStr) -> Result<BString> {
        let device = subvolumes_device("vfs_type", mountable)?;
        kind(self, device.as_ref())
    }

    fn vfs_label(&mut self, mountable: &BStr) -> Result<BString> {
        let device = subvolumes_device("vfs_label", mountable)?;
        self.engine()?.vfs_label(device.as_ref())
    }

    fn vfs_uuid(&mut self, mountable: &BStr) -> Result<BString> {
        let device = subvolumes_device("vfs_uuid", mountable)?;
        self.engine()?.vfs_uuid(device.as_ref())
    }

    fn set_label(&mut self, mountable: &BStr, label: &BStr) -> Result<()> {
        if let Some(device) = Mountable::device_of_subvolume(mountable)? {
            return self.set_label(device.as_ref(), label);
        }
        let kind = kind(self, mountable)?;
        let device = device(mountable)?;
        match kind.as_slice() {
            b"ext2" | b"ext3" | b"ext4" => self.set_e2label(mountable, label),
            b"vfat" => {
                labels::FAT.check(label)?;
                Tool::new("fatlabel").arg(device).arg(label).done()
            }
            b"ntfs" => Tool::new("ntfslabel").arg(device).arg(label).done(),
            b"xfs" => {
                // The tool takes this for no label.
                let label = if label.is_empty() { "--".into() } else { label };
                self.xfs_admin(mountable, XfsAdminOpts { label: Some(label), ..XfsAdminOpts::default() })
            }
            b"btrfs" => {
                labels::BTRFS.check(label)?;
                Tool::new("btrfs").args(["filesystem", "label"]).arg(device).arg(label).done()
            }
            b"swap" => {
                labels::SWAP.check(label)?;
                swaplabel(device.as_ref(), MkswapOpts { label: Some(label), uuid: None })
            }
            kind => Err(not_supported("set the label for", kind.as_bstr())),
        }
    }

    fn set_uuid(&mut self, name: &BStr, uuid: &BStr) -> Result<()> {
        if MAGIC_UUIDS.iter().any(|word| uuid == word) {
            return Err(Error::usage(format!("{uuid}: this is no UUID")));
        }
        let kind = kind(self, name)?;
        let device = device(name)?;
        match kind.as_slice() {
            b"ext2" | b"ext3" | b"ext4" => self.set_e2uuid(name, uuid),
            b"xfs" => self.xfs_admin(name, XfsAdminOpts { uuid: Some(uuid), ..XfsAdminOpts::default() }),
            b"swap" => swaplabel(device.as_ref(), MkswapOpts { label: None, uuid: Some(uuid) }),
            b"btrfs" => Tool::new("btrfstune").args(["-f", "-U"]).arg(uuid).arg(device).done(),
            kind => Err(not_supported("set the UUID for", kind.as_bstr())),
        }
    }

    fn set_uuid_random(&mut self, name: &BStr) -> Result<()> {
        let kind = kind(self, name)?;
        let device = device(name)?;
        match kind.as_slice() {
            b"ext2" | b"ext3" | b"ext4" | b"xfs" | b"swap" => self.set_uuid(name, random_uuid()?.as_ref()),
            b"btrfs" => Tool::new("btrfstune").args(["-f", "-u"]).arg(device).done(),
            kind => Err(not_supported("set the random UUID for", kind.as_bstr())),
        }
    }

    fn vfs_minimum_size(&mut self, mountable: &BStr) -> Result<i64> {
        if let Some(device) = Mountable::device_of_subvolume(mountable)? {
            return btrfs_minimum(self::device(device.as_ref())?.as_ref());
        }
        match kind(self, mountable)?.as_slice() {
            b"btrfs" => btrfs_minimum(device(mountable)?.as_ref()),
            b"xfs" => xfs_minimum(mountable),
            _ => Err(unsupported_call("vfs_minimum_size")),
        }
    }
}

fn swaplabel(device: &BStr, opts: MkswapOpts<'_>) -> Result<()> {
    Tool::new("swaplabel").text("-L", opts.label).text("-U", opts.uuid).arg(device).done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_found_in_what_tools_print() {
        assert_eq!(leading_number(b"1048576 bytes (1.00MiB)"), Some(1_048_576));
        assert_eq!(leading_number(b"nothing"), None);
    }
}

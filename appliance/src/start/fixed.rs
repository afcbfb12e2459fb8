//! Fixed appliances: a directory with `kernel`, `initrd`, `root` and `README.fixed`, made once and copied to machines that lack the
//! parts for their own. Ours has `vmlinux` too; libguestfs's is made by libguestfs-make-fixed-appliance(1).

use std::fs;
use std::path::{Path, PathBuf};

use glassbox_io::{Result, ResultExt};

use super::arguments::Boot;
use crate::build::{Image, Plan, Report, RootFormat};
use crate::drive::{CacheMode, Drive};

const README: &str = "README.fixed";
/// What the readme of ours begins with.
const OURS: &str = "A fixed appliance of Glassbox";

/// A fixed appliance.
pub(super) enum Found {
    Ours(Image),
    /// In this directory.
    Upstream(PathBuf),
}

/// The first one in these directories.
pub(super) fn find(path: &[PathBuf]) -> Option<Found> {
    path.iter().find_map(|directory| {
        let readme = fs::read_to_string(directory.join(README)).ok()?;
        let image = Image::open(directory)?;
        Some(if readme.starts_with(OURS) { Found::Ours(image) } else { Found::Upstream(directory.clone()) })
    })
}

/// How libguestfs boots its own: the root disk comes after `disks` others.
pub(super) fn boot(directory: &Path, disks: usize) -> Boot {
    Boot {
        kernel: directory.join("kernel"),
        initrd: directory.join("initrd"),
        words: ["udevtimeout=6000", "udev.event-timeout=6000", "TERM=linux"]
            .map(String::from)
            .into_iter()
            .chain([format!("root=/dev/{}", disk_name(disks))])
            .collect(),
        init_words: Vec::new(),
        root: None,
    }
}

/// Its root disk, to which its daemon writes.
pub(super) fn root_drive(directory: &Path) -> Drive {
    Drive {
        format: Some("raw".into()),
        read_only: true,
        cache: CacheMode::Unsafe,
        ..Drive::file(directory.join("root"))
    }
}

/// The kernel's name of a SCSI disk by its number: sda … sdz, sdaa ….
fn disk_name(number: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = number + 1;
    while rest > 0 {
        letters.push(b'a' + ((rest - 1) % 26) as u8);
        rest = (rest - 1) / 26;
    }
    letters.extend(b"ds");
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

/// Builds an appliance into `directory`, which is made if it isn't there.
pub fn write(plan: &Plan, directory: &Path) -> Result<Report> {
    fs::create_dir_all(directory).at_file(directory)?;
    let report = plan.write(directory, RootFormat::Ext2)?;
    let text = format!(
        "{OURS} {}, with Linux {}.\n\nCopy this directory to any x86-64 machine with qemu, and set LIBGUESTFS_PATH to it.\n\
         libguestfs's own library starts it too.\n",
        env!("CARGO_PKG_VERSION"),
        plan.kernel().release().display(),
    );
    fs::write(directory.join(README), text).at_file(directory)?;
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_are_named_as_the_kernel_names_them() {
        for (number, name) in
            [(0, "sda"), (25, "sdz"), (26, "sdaa"), (51, "sdaz"), (52, "sdba"), (701, "sdzz"), (702, "sdaaa")]
        {
            assert_eq!(disk_name(number), name);
        }
    }

    #[test]
    fn both_kinds_are_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let path = [directory.path().join("nowhere"), directory.path().to_owned()];
        assert!(find(&path).is_none());
        for name in ["kernel", "initrd", "root", README] {
            fs::write(directory.path().join(name), "x").unwrap();
        }
        assert!(matches!(find(&path), Some(Found::Upstream(found)) if found == directory.path()));
        fs::write(directory.path().join(README), format!("{OURS} 1.0")).unwrap();
        assert!(matches!(find(&path), Some(Found::Ours(_))));
        assert!(boot(directory.path(), 2).words.contains(&"root=/dev/sdc".to_owned()));
    }
}

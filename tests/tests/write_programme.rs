//! What calls write to disks: programmes of calls (`glassbox_tests::programme`), answered by the appliance. They begin
//! with empty disks; what is on these in the end is compared as well.
//!
//! All of them: `cargo test -p glassbox-tests --test write_programme -- --include-ignored`.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use glassbox_api::{Archive, Drives, FilesystemDetect, HandleConfig, Launching, Mounting, Partitions};
use glassbox_engine::Handle;
use glassbox_tests::archives::tar_listing;
use glassbox_tests::fixtures::kept;
use glassbox_tests::programme::{Disks, Programme, same_answers};

#[test]
#[ignore = "takes libguestfs four minutes"]
fn partitions_lvm_raid_and_encryption() {
    same("devices", &["writes-partitions", "writes-lvm", "writes-md-luks"], &[256, 257, 258]);
}

#[test]
#[ignore = "takes libguestfs three minutes"]
fn filesystems() {
    same("filesystems", &["writes-ext", "writes-filesystems"], &[384, 768]);
}

#[test]
fn files_mounts_and_programs() {
    same("files", &["writes-files", "writes-mounts"], &[272]);
}

/// Runs some parts on disks of these sizes, in MiB. Each is another, so that the oracle's can be told from one another.
fn same(name: &str, parts: &[&str], sizes: &[u64]) {
    let named = ["a.raw", "b.raw", "c.raw"].into_iter().zip(sizes);
    let disks = Blank(named.map(|(name, size)| (name, size << 20)).collect());
    same_answers(name, &Programme::new(name, parts), &disks, &disks, "auto");
}

/// Disks with nothing on them, by name and size in bytes.
struct Blank(Vec<(&'static str, u64)>);

impl Disks for Blank {
    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }

    fn prepare(&self, folder: &Path, files: &Path) {
        for (name, size) in &self.0 {
            let disk = folder.join(name);
            File::create(&disk).and_then(|disk| disk.set_len(*size)).expect("a scratch folder is writable");
            symlink(disk, files.join(name)).expect("a scratch folder takes links");
        }
    }

    fn examine(&self, folder: &Path, files: &Path) {
        for (name, _) in &self.0 {
            let disk = folder.join(name);
            let findings = findings(&disk).unwrap_or_else(|error| format!("{name}: {error}\n"));
            fs::write(files.join(format!("{name}.sums")), findings).expect("a scratch folder is writable");
            fs::remove_file(disk).expect("a scratch folder is writable");
        }
    }

    fn kept(&self) -> PathBuf {
        kept("answers")
    }

    fn are_in_order(&self) -> Option<String> {
        let (mut found, mut expected) = (String::new(), String::new());
        for ((_, size), letter) in self.0.iter().zip('a'..) {
            write!(found, "-`cat /sys/block/sd{letter}/size`").expect("a string takes text");
            write!(expected, "-{}", size / 512).expect("a string takes text");
        }
        Some(format!("test x{found} = x{expected}"))
    }
}

/// What our parsers find on a disk: filesystems, what is in those that they read, and whether these are sound.
fn findings(disk: &Path) -> glassbox_io::Result<String> {
    let mut findings = String::new();
    let mut tell = |text: String| writeln!(findings, "{text}").expect("a string takes text");
    let mut handle = Handle::new()?;
    handle.set_backend("inprocess".into())?;
    handle.add_drive_ro(disk.as_os_str().as_encoded_bytes().into())?;
    handle.launch()?;
    for (device, kind) in handle.list_filesystems()? {
        tell(format!("{device}: {kind}"));
        let Some(check) = check(&kind.to_string()) else { continue };
        if let Ok(number) = handle.part_to_partnum(device.as_ref()) {
            let partitions = handle.part_list("/dev/sda".into())?;
            let partition = partitions.iter().find(|partition| partition.part_num == number).expect("it is listed");
            let status = checked(disk, partition.part_start, partition.part_size, check);
            tell(format!("{device}: {} ends with {status}", check.join(" ")));
        }
        if ["xfs", "btrfs"].iter().any(|kernels| kind == *kernels) {
            continue;
        }
        handle.mount_ro(device.as_ref(), "/".into())?;
        let mut archive = Vec::new();
        handle.tar_out("/".into(), &mut archive, Default::default())?;
        handle.umount_all()?;
        for member in tar_listing(&archive).expect("our archives can be read") {
            let (before, after) = member.split_once(" mtime ").expect("every member has a time");
            let after = after.split_once(' ').map_or("", |(_, after)| after);
            tell(format!("{device}: {before} {after}"));
        }
    }
    Ok(findings)
}

/// The program that checks filesystems of a kind and changes nothing.
fn check(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "ext2" | "ext3" | "ext4" => &["e2fsck", "-fn"],
        "xfs" => &["xfs_repair", "-n"],
        "btrfs" => &["btrfs", "check", "--readonly"],
        "vfat" => &["fsck.vfat", "-n"],
        "ntfs" => &["ntfsfix", "-n"],
        _ => return None,
    })
}

/// How a check of a partition ends.
fn checked(disk: &Path, start: u64, size: u64, check: &[&str]) -> String {
    let mut losetup = Command::new("losetup");
    losetup.args(["--find", "--show", "--read-only", &format!("--offset={start}"), &format!("--sizelimit={size}")]);
    let output = losetup.arg(disk).output().expect("losetup is part of every system");
    assert!(output.status.success(), "{losetup:?}: {}", String::from_utf8_lossy(&output.stderr));
    let device = String::from_utf8(output.stdout).expect("a device's name");
    let device = device.trim();
    let checked = Command::new(check[0]).args(&check[1..]).arg(device).output();
    Command::new("losetup").args(["--detach", device]).status().expect("losetup is part of every system");
    checked.expect("the packages of the tests have it").status.to_string()
}

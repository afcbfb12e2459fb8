//! Guests that only a kernel reads, so that inspection is the appliance's: on an array, and in subvolumes of btrfs.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bstr::ByteSlice;
use glassbox_api::options::{AddDriveOpts, BtrfsSubvolumeCreateOpts, MdCreateOpts, MkfsOpts, UmountOpts};
use glassbox_api::{
    Btrfs, Drives, FilesWrite, FilesystemCreateCheck, FilesystemDetect, Inspection, Launching, Md, Mounting, Partitions,
};
use glassbox_engine::{EventKind, Handle};
use glassbox_tests::fixtures::scratch;
use glassbox_tests::handle_with_appliance;
use glassbox_tests::needs::{QEMU, has_programs};

use crate::assert_same;
use crate::oracle::{self, Questions};

/// The array is known by its name in mdadm.conf alone; another name leads nowhere.
const FSTAB: &str = "\
/dev/md0 / ext2 defaults 0 1
/dev/md/other /srv ext2 defaults 0 2
/dev/sda2 /boot ext2 defaults 0 2
";
const RELEASE: &str =
    "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";

/// Subvolumes by the filesystem's UUID and by the device, one of them not at the top.
const SUBVOLUMES_FSTAB: &str = "\
UUID=UUID_OF_BTRFS / btrfs subvol=root,compress=zstd:1 0 0
UUID=UUID_OF_BTRFS /home btrfs noatime,subvol=home 0 0
/dev/sda2 /srv/deep btrfs subvol=data/deep 0 0
/dev/sda1 /boot ext2 defaults 0 2
";

/// A handle over these disks, which may start an appliance.
fn handle(disks: &[PathBuf], readonly: bool) -> Handle {
    let mut g = handle_with_appliance();
    for disk in disks {
        let opts = AddDriveOpts { readonly: Some(readonly), format: Some("raw".into()), ..AddDriveOpts::default() };
        g.add_drive(disk.to_str().unwrap().into(), opts).unwrap();
    }
    g.launch().unwrap();
    g
}

/// Two disks: an array over the first partition of each, and on the first disk another one.
fn make(folder: &Path) -> Vec<PathBuf> {
    let disks: Vec<PathBuf> = ["one.raw", "two.raw"].map(|name| folder.join(name)).into();
    for disk in &disks {
        File::create(disk).unwrap().set_len(64 << 20).unwrap();
    }
    let mut g = handle(&disks, false);
    for disk in ["/dev/sda", "/dev/sdb"] {
        g.part_init(disk.into(), "gpt".into()).unwrap();
        g.part_add(disk.into(), "p".into(), 2048, 67583).unwrap();
        g.part_add(disk.into(), "p".into(), 67584, -2048).unwrap();
    }
    g.md_create("system".into(), &["/dev/sda1".into(), "/dev/sdb1".into()], MdCreateOpts::default()).unwrap();
    let detail = g.md_detail("/dev/md127".into()).unwrap();
    let (_, uuid) = detail.iter().find(|(key, _)| key == "uuid").expect("every array has one");
    for device in ["/dev/md127", "/dev/sda2"] {
        g.mkfs("ext2".into(), device.into(), MkfsOpts::default()).unwrap();
    }
    g.mount("/dev/md127".into(), "/".into()).unwrap();
    for directory in ["/bin", "/boot", "/etc/mdadm", "/srv"] {
        g.mkdir_p(directory.into()).unwrap();
    }
    let array =
        format!("ARRAY /dev/md0 metadata=1.2 UUID={uuid}\nARRAY /dev/md/system UUID={uuid} name=guest:system\n");
    for (path, content) in [
        ("/etc/fstab", FSTAB),
        ("/etc/os-release", RELEASE),
        ("/etc/mdadm/mdadm.conf", &array),
        ("/etc/hostname", "array\n"),
    ] {
        g.write(path.into(), content.as_bytes()).unwrap();
    }
    g.umount("/".into(), UmountOpts::default()).unwrap();
    g.md_stop("/dev/md127".into()).unwrap();
    g.shutdown().unwrap();
    disks
}

#[test]
fn a_guest_on_an_array_is_told_as_libguestfs_tells_it() {
    if !has_programs("a guest on an array", &[QEMU, "mdadm"]) {
        return;
    }
    let disks = make(&scratch("inspection-array"));
    let ours = oracle::ours(&mut handle(&disks, true));
    assert_eq!(ours["/dev/md127 get_mountpoints"], "/boot=/dev/sda2,/srv=/dev/md/other,/=/dev/md127");
    if let Some(real) = oracle::real(&disks, &format!("array {FSTAB}{RELEASE}"), Questions::Roots) {
        assert_same(&ours, &real);
    }

    // A name in /dev/md, which libguestfs 1.48 doesn't look up, and a line at which it fails: we warn of that, and what
    // inspection warns of in the appliance comes through.
    let mut g = handle(&disks, false);
    g.mount("/dev/md127".into(), "/".into()).unwrap();
    g.write_append("/etc/fstab".into(), b"/dev/md/system /again ext2\nnonsense\n").unwrap();
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let heard = warnings.clone();
    let mask = EventKind::Warning.info().mask();
    g.events().add(mask, move |event| heard.lock().unwrap().push(event.text.as_bstr().to_string()));
    assert_eq!(g.inspect_os().unwrap(), ["/dev/md127"]);
    let mountpoints = g.inspect_get_mountpoints("/dev/md127".into()).unwrap();
    assert!(mountpoints.contains(&("/again".into(), "/dev/md127".into())), "{mountpoints:?}");
    let warnings = warnings.lock().unwrap();
    assert!(warnings.iter().any(|warning| warning.contains("/etc/fstab:5")), "{warnings:?}");
}

/// A disk as Fedora lays it out: /boot, and the system in a subvolume of btrfs.
fn make_subvolumes(folder: &Path) -> PathBuf {
    let disk = folder.join("btrfs.raw");
    File::create(&disk).unwrap().set_len(256 << 20).unwrap();
    let mut g = handle(std::slice::from_ref(&disk), false);
    g.part_init("/dev/sda".into(), "gpt".into()).unwrap();
    g.part_add("/dev/sda".into(), "p".into(), 2048, 67583).unwrap();
    g.part_add("/dev/sda".into(), "p".into(), 67584, -2048).unwrap();
    g.mkfs("ext2".into(), "/dev/sda1".into(), MkfsOpts::default()).unwrap();
    g.mkfs("btrfs".into(), "/dev/sda2".into(), MkfsOpts::default()).unwrap();
    let uuid = g.vfs_uuid("/dev/sda2".into()).unwrap().to_string();
    g.mount("/dev/sda2".into(), "/".into()).unwrap();
    g.mkdir("/data".into()).unwrap();
    for subvolume in ["/root", "/home", "/data/deep"] {
        g.btrfs_subvolume_create(subvolume.into(), BtrfsSubvolumeCreateOpts::default()).unwrap();
    }
    for directory in ["/root/bin", "/root/boot", "/root/etc", "/root/home", "/root/srv/deep"] {
        g.mkdir_p(directory.into()).unwrap();
    }
    let fstab = SUBVOLUMES_FSTAB.replace("UUID_OF_BTRFS", &uuid);
    for (path, content) in
        [("/root/etc/fstab", &*fstab), ("/root/etc/os-release", RELEASE), ("/root/etc/hostname", "subvolumes\n")]
    {
        g.write(path.into(), content.as_bytes()).unwrap();
    }
    g.shutdown().unwrap();
    disk
}

#[test]
fn a_guest_in_subvolumes_is_told_as_libguestfs_tells_it() {
    if !has_programs("a guest in subvolumes", &[QEMU, "mkfs.btrfs"]) {
        return;
    }
    let disk = make_subvolumes(&scratch("inspection-subvolumes"));
    let disks = [disk];
    let mut g = handle(&disks, true);
    let ours = oracle::ours(&mut g);
    assert_eq!(ours[" roots"], "btrfsvol:/dev/sda2/root");
    if let Some(real) = oracle::real(&disks, &format!("subvolumes {SUBVOLUMES_FSTAB}{RELEASE}"), Questions::Roots) {
        assert_same(&ours, &real);
    }
    // What was told can be mounted as it was told.
    let mut mountpoints = g.inspect_get_mountpoints("btrfsvol:/dev/sda2/root".into()).unwrap();
    mountpoints.sort();
    for (path, device) in &mountpoints {
        g.mount_ro(device.as_bstr(), path.as_bstr()).unwrap();
    }
    assert_eq!(mountpoints.len(), 4, "{mountpoints:?}");
}

//! The handle's own behaviour: states, checks, errors, traces. What it answers about real images is compared with
//! oracles in the workspace's `tests`.

use std::io::Write;
use std::sync::{Arc, Mutex};

use glassbox_api::options::AddDriveOpts;
use glassbox_api::{Blockdev, Drives, FilesRead, HandleConfig, Launching, Mounting};
use glassbox_engine::{EventKind, Handle};
use glassbox_io::{Errno, ErrorKind};

fn image(size: u64) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(size).unwrap();
    file
}

fn launched(size: u64) -> (Handle, tempfile::NamedTempFile) {
    let file = image(size);
    let mut g = Handle::without_environment();
    let opts = AddDriveOpts { readonly: Some(true), format: Some("raw".into()), ..Default::default() };
    g.add_drive(file.path().as_os_str().as_encoded_bytes().into(), opts).unwrap();
    g.launch().unwrap();
    (g, file)
}

#[test]
fn calls_are_refused_in_the_wrong_state() {
    let mut g = Handle::without_environment();
    let error = g.list_devices().unwrap_err();
    assert_eq!((error.kind(), error.errno()), (ErrorKind::Usage, Errno::EINVAL));
    assert!(error.to_string().starts_with("call launch before using this function"), "{error}");
    let (mut g, _file) = launched(4096);
    assert!(g.set_memsize(1000).unwrap_err().to_string().contains("config state"));
    assert!(g.launch().is_err());
    assert!(g.add_drive_ro("/dev/null".into()).is_err());
    g.shutdown().unwrap();
    assert!(g.is_config().unwrap());
}

#[test]
fn files_need_a_mount_and_paths_a_slash() {
    let (mut g, _file) = launched(4096);
    assert!(g.ls("/".into()).unwrap_err().to_string().contains("you must call 'mount' first"));
    assert!(g.ls("etc".into()).unwrap_err().to_string().contains("path must start with a / character"));
    let error = g.mount_ro("/dev/sdb".into(), "/".into()).unwrap_err();
    assert_eq!((error.errno(), error.call()), (Errno::ENOENT, Some("mount_ro")));
}

#[test]
fn errors_name_the_call_that_failed_inside() {
    let (mut g, _file) = launched(4096);
    // cat is made of read_file, which is made of download.
    assert_eq!(g.cat("/x".into()).unwrap_err().call(), Some("download"));
}

#[test]
fn what_needs_the_appliance_says_so() {
    let (mut g, _file) = launched(4096);
    let error = glassbox_api::FilesWrite::rm(&mut g, "/x".into()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage, "nothing is mounted: {error}");
    let error = glassbox_api::Partitions::part_disk(&mut g, "/dev/sda".into(), "gpt".into()).unwrap_err();
    assert_eq!((error.kind(), error.errno()), (ErrorKind::Unsupported, Errno::EOPNOTSUPP));
    assert!(error.to_string().contains("part_disk") && error.to_string().contains("appliance"), "{error}");
}

#[test]
fn a_missing_image_is_found_out_when_it_is_added() {
    let mut g = Handle::without_environment();
    let error = g.add_drive_ro("/nonexistent.img".into()).unwrap_err();
    assert_eq!(error.errno(), Errno::ENOENT);
    assert_eq!(error.to_string(), "/nonexistent.img: No such file or directory");
}

#[test]
fn scratch_drives_vanish_with_the_handle() {
    let directory = tempfile::tempdir().unwrap();
    let mut g = Handle::without_environment();
    g.set_tmpdir(Some(directory.path().as_os_str().as_encoded_bytes().into())).unwrap();
    g.add_drive_scratch(1 << 20, Default::default()).unwrap();
    g.add_drive_ro("/dev/null".into()).unwrap();
    g.launch().unwrap();
    assert_eq!(g.blockdev_getsize64("/dev/sda".into()).unwrap(), 1 << 20);
    assert_eq!(g.blockdev_getsize64("/dev/vdb".into()).unwrap(), 4096);
    drop(g);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn more_than_26_disks_have_names() {
    let file = image(512);
    let mut g = Handle::without_environment();
    for _ in 0..30 {
        g.add_drive_ro(file.path().as_os_str().as_encoded_bytes().into()).unwrap();
    }
    g.launch().unwrap();
    let devices = g.list_devices().unwrap();
    assert_eq!((devices.len(), &devices[26], &devices[29]), (30, &"/dev/sdaa".into(), &"/dev/sdad".into()));
    assert_eq!(g.blockdev_getsz("/dev/sdad".into()).unwrap(), 1);
}

#[test]
fn labels_name_drives() {
    let mut file = image(1024);
    file.write_all(b"labelled").unwrap();
    let mut g = Handle::without_environment();
    let path = file.path().as_os_str().as_encoded_bytes().into();
    assert!(g.add_drive(path, AddDriveOpts { label: Some("no spaces!".into()), ..Default::default() }).is_err());
    g.add_drive(path, AddDriveOpts { label: Some("data".into()), ..Default::default() }).unwrap();
    g.launch().unwrap();
    assert_eq!(g.pread_device("/dev/disk/guestfs/data".into(), 8, 0).unwrap(), b"labelled");
    assert!(g.pread_device("/dev/disk/guestfs/other".into(), 8, 0).is_err());
}

#[test]
fn traces_have_libguestfs_form() {
    let (mut g, _file) = launched(4096);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let heard = lines.clone();
    g.events().add(EventKind::Trace.info().mask(), move |event| {
        heard.lock().unwrap().push(String::from_utf8(event.text.to_vec()).unwrap());
    });
    g.set_trace(true).unwrap();
    let _ = g.cat("/x".into());
    g.list_devices().unwrap();
    g.get_append().unwrap();
    // Not compared under the lock: the handle's end is traced too, also while a test fails.
    let lines = lines.lock().unwrap().clone();
    assert_eq!(
        lines,
        [
            "cat \"/x\"",
            "read_file \"/x\"",
            "download \"/x\" \"-\"",
            "download = -1 (error)",
            "read_file = NULL (error)",
            "cat = NULL (error)",
            "list_devices",
            "list_devices = [\"/dev/sda\"]",
            "get_append",
            "get_append = \"NULL\"",
        ]
    );
}

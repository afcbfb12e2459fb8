//! Replies that are larger than a message of libguestfs's protocol: refused like there, without an error number. Calls
//! whose answers travel in files have no such limit.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use glassbox_api::{Drives, FilesRead, Launching, Mounting};
use glassbox_engine::Handle;
use glassbox_io::{Errno, Result};
use glassbox_tests::fixtures::scratch;

/// The most bytes of a line that `egrep` can return: 4 MiB without the header, the list's length and the line's.
const LONGEST_LINE: usize = (4 << 20) - 40 - 4 - 4;

/// A filesystem with a file of many lines and two of a long one.
fn image() -> PathBuf {
    let folder = scratch("replies");
    let (root, image) = (folder.join("root"), folder.join("image"));
    fs::create_dir(&root).expect("a scratch folder is writable");
    let lines: String = (0..300_000).map(|number| format!("line number {number}\n")).collect();
    fs::write(root.join("lines"), lines).expect("it is writable");
    fs::write(root.join("longest"), vec![b'x'; LONGEST_LINE]).expect("it is writable");
    fs::write(root.join("longer"), vec![b'x'; LONGEST_LINE + 1]).expect("it is writable");
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let mut mke2fs = Command::new("mke2fs");
    mke2fs.env("PATH", path).args(["-q", "-F", "-t", "ext4", "-d"]).arg(root).arg(&image).arg("40M");
    assert!(mke2fs.status().expect("mke2fs runs").success());
    image
}

#[test]
fn what_no_message_holds_is_refused() {
    let mut handle = Handle::without_environment();
    let image = image();
    handle.add_drive_ro(image.to_str().expect("a scratch folder's path").into()).unwrap();
    handle.launch().unwrap();
    handle.mount_ro("/dev/sda".into(), "/".into()).unwrap();

    let refused = |result: Result<Vec<bstr::BString>>| {
        let error = result.expect_err("it is too large");
        assert_eq!(error.errno(), Errno(0), "{error:?}");
        assert!(error.to_string().contains("message of the protocol"), "{error}");
    };
    refused(handle.egrep("^line".into(), "/lines".into()));
    refused(handle.head_n(300_000, "/lines".into()));
    refused(handle.strings("/lines".into()));
    refused(handle.egrep("x".into(), "/longer".into()));
    assert_eq!(handle.egrep("x".into(), "/longest".into()).unwrap()[0].len(), LONGEST_LINE);

    // The handle goes on, and what comes in files isn't limited.
    assert_eq!(handle.egrep("^line number 7$".into(), "/lines".into()).unwrap(), ["line number 7"]);
    assert_eq!(handle.read_lines("/lines".into()).unwrap().len(), 300_000);
    assert!(handle.cat("/lines".into()).unwrap().len() > 4 << 20);
}

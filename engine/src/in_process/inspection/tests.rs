use std::io::Write;
use std::sync::{Arc, Mutex};

use bstr::ByteSlice;
use glassbox_api::{Drives, HandleConfig, Inspection, Launching};
use tempfile::NamedTempFile;

use crate::{EventKind, Handle};

/// The superblock of an XFS (XFS Algorithms & Data Structures, chapter 13): it can be told, not read.
fn xfs() -> NamedTempFile {
    let mut disk = vec![0; 1 << 20];
    let fields: [(usize, &[u8]); 12] = [
        (0, b"XFSB"),
        (4, &4096_u32.to_be_bytes()),
        (8, &256_u64.to_be_bytes()),
        (80, &1_u32.to_be_bytes()),
        (84, &256_u32.to_be_bytes()),
        (88, &1_u32.to_be_bytes()),
        (102, &512_u16.to_be_bytes()),
        (104, &512_u16.to_be_bytes()),
        (120, &[12]),
        (121, &[9]),
        (122, &[9]),
        (123, &[3]),
    ];
    for (offset, bytes) in fields {
        disk[offset..offset + bytes.len()].copy_from_slice(bytes);
    }
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(&disk).unwrap();
    file
}

fn handle(disk: &NamedTempFile) -> Handle {
    let mut g = Handle::without_environment();
    // Whatever the host has: the tests say themselves whether there is an appliance.
    g.set_backend("inprocess".into()).unwrap();
    g.add_drive_ro(disk.path().as_os_str().as_encoded_bytes().into()).unwrap();
    g.launch().unwrap();
    g
}

#[test]
fn what_is_not_read_is_a_warning_without_an_appliance() {
    let mut g = handle(&xfs());
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let heard = warnings.clone();
    g.events().add(EventKind::Warning.info().mask(), move |event| heard.lock().unwrap().push(event.text.to_vec()));
    assert!(g.inspect_os().unwrap().is_empty());
    let warnings = warnings.lock().unwrap();
    assert!(matches!(&warnings[..], [one] if one.contains_str("/dev/sda") && one.contains_str("xfs")), "{warnings:?}");
}

#[test]
fn what_is_not_read_is_unsupported_where_an_appliance_may_find_more() {
    let disk = xfs();
    let mut g = handle(&disk);
    let in_process = g.in_process.as_mut().unwrap();
    in_process.has_appliance = true;
    let error = in_process.inspect_os().unwrap_err();
    assert!(error.is_unsupported(), "{error}");
    let told = error.to_string();
    assert!(told.contains("/dev/sda") && told.contains("xfs"), "{told}");
    // Nothing at all is no reason to ask somebody else.
    let mut empty = NamedTempFile::new().unwrap();
    empty.write_all(&[0; 1 << 16]).unwrap();
    let mut g = handle(&empty);
    let in_process = g.in_process.as_mut().unwrap();
    in_process.has_appliance = true;
    assert!(in_process.inspect_os().unwrap().is_empty());
}

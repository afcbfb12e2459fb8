//! Small volumes made in memory; `tests/tests/fat.rs` compares with Linux on real ones.

use std::sync::Arc;

use bstr::ByteSlice;
use glassbox_io::{ErrorKind, ExtentKind};

use super::*;

/// FAT16 with sectors and clusters of 512 bytes: a reserved sector, two FATs of 17 sectors, a root directory of 16
/// entries (one sector), 4200 clusters.
const FAT: usize = 512;
const FAT_LENGTH: usize = 17 * 512;
const ROOT_DIRECTORY: usize = FAT + 2 * FAT_LENGTH;
const DATA: usize = ROOT_DIRECTORY + 512;
const CLUSTERS: usize = 4200;

fn volume() -> Vec<u8> {
    let mut bytes = vec![0; DATA + CLUSTERS * 512];
    bytes[11..24].copy_from_slice(&[0, 2, 1, 1, 0, 2, 16, 0, 0, 0, 0xf8, 17, 0]);
    let sectors = (bytes.len() / 512) as u32;
    bytes[32..36].copy_from_slice(&sectors.to_le_bytes());
    bytes[39..43].copy_from_slice(&[0x78, 0x56, 0x34, 0x12]);
    chain(&mut bytes, 0, &[0xfff8, 0xffff]);
    bytes
}

/// Writes FAT entries from `first` on, into both FATs.
fn chain(bytes: &mut [u8], first: usize, entries: &[u16]) {
    for start in [FAT, FAT + FAT_LENGTH] {
        for (index, entry) in entries.iter().enumerate() {
            let at = start + (first + index) * 2;
            bytes[at..at + 2].copy_from_slice(&entry.to_le_bytes());
        }
    }
}

fn slot(name: &[u8; 11], attributes: u8, cluster: u16, size: u32) -> [u8; 32] {
    let mut slot = [0; 32];
    slot[..11].copy_from_slice(name);
    slot[11] = attributes;
    slot[26..28].copy_from_slice(&cluster.to_le_bytes());
    slot[28..].copy_from_slice(&size.to_le_bytes());
    slot
}

fn put(bytes: &mut [u8], offset: usize, slots: &[[u8; 32]]) {
    bytes[offset..offset + slots.len() * 32].copy_from_slice(&slots.concat());
}

fn cluster(number: usize) -> usize {
    DATA + (number - 2) * 512
}

fn open(bytes: Vec<u8>) -> Fat {
    Fat::open(Arc::new(bytes)).unwrap()
}

fn find(fat: &Fat, name: &str) -> NodeId {
    fat.lookup(ROOT, name.into()).unwrap().unwrap_or_else(|| panic!("{name} is there"))
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    result.map(|_| ()).unwrap_err().kind()
}

#[test]
fn a_file_and_a_directory() {
    let mut bytes = volume();
    chain(&mut bytes, 2, &[4, 0xffff, 0xffff]);
    put(&mut bytes, ROOT_DIRECTORY, &[slot(b"FILE    BIN", 0x20, 2, 700), slot(b"SUB        ", 0x10, 3, 0)]);
    put(&mut bytes, cluster(3), &[slot(b".          ", 0x10, 3, 0), slot(b"..         ", 0x10, 0, 0)]);
    bytes[cluster(2)..cluster(2) + 512].fill(b'a');
    bytes[cluster(4)..cluster(4) + 512].fill(b'b');
    let fat = open(bytes);
    assert_eq!((fat.uuid(), fat.label()), ("1234-5678".into(), "".into()));

    let file = find(&fat, "file.bin");
    let reader = fat.open(file).unwrap();
    let mut contents = vec![0; 1000];
    assert_eq!(reader.read_at(&mut contents, 0).unwrap(), 700);
    assert_eq!(contents[..700].as_bstr(), [vec![b'a'; 512], vec![b'b'; 188]].concat());
    assert_eq!(reader.extent_at(500).unwrap(), glassbox_io::Extent { length: 12, kind: ExtentKind::Data });
    assert_eq!(reader.extent_at(700).unwrap().length, 0);
    assert_eq!(fat.read_link(file).unwrap_err().errno(), Errno::EINVAL);
    assert_eq!(fat.read_dir(file, &mut |_| ControlFlow::Continue(())).unwrap_err().errno(), Errno::ENOTDIR);
    assert_eq!(fat.stat(file).unwrap().blocks, 2);

    let directory = find(&fat, "SUB");
    assert_eq!(fat.stat(directory).unwrap().nlink, 2);
    assert_eq!(fat.stat(ROOT).unwrap().nlink, 3);
    assert_eq!(fat.open(directory).map(|_| ()).unwrap_err().errno(), Errno::EISDIR);
    fat.read_dir(directory, &mut |entry| panic!("{} is not to be shown", entry.name)).unwrap();
    assert_eq!(fat.statvfs().unwrap().bfree, 4200 - 3);
    assert_eq!(fat.stat(NodeId(5)).unwrap_err().errno(), Errno::ESTALE);
}

#[test]
fn a_chain_that_is_shorter_than_its_file_is_corrupt_where_it_ends() {
    let mut bytes = volume();
    chain(&mut bytes, 2, &[0xffff]);
    put(&mut bytes, ROOT_DIRECTORY, &[slot(b"SHORT      ", 0x20, 2, 1024), slot(b"NOTHING    ", 0x20, 0, 10)]);
    let fat = open(bytes);
    let short = fat.open(find(&fat, "short")).unwrap();
    assert_eq!(short.read_at(&mut [0; 512], 0).unwrap(), 512);
    assert_eq!(kind(short.read_at(&mut [0; 1], 512)), ErrorKind::Corrupt);
    assert_eq!(kind(fat.open(find(&fat, "nothing")).unwrap().read_at(&mut [0; 1], 0)), ErrorKind::Corrupt);
}

#[test]
fn a_looping_chain_is_corrupt() {
    let mut bytes = volume();
    chain(&mut bytes, 2, &[3, 4, 3]);
    put(&mut bytes, ROOT_DIRECTORY, &[slot(b"LOOP       ", 0x20, 2, u32::MAX), slot(b"DIR        ", 0x10, 2, 0)]);
    let fat = open(bytes);
    assert_eq!(kind(fat.open(find(&fat, "loop"))), ErrorKind::Corrupt);
    assert_eq!(kind(fat.stat(find(&fat, "dir"))), ErrorKind::Corrupt);
}

#[test]
fn a_directory_needs_its_dot_entries_and_clusters() {
    let mut bytes = volume();
    chain(&mut bytes, 2, &[0xffff]);
    put(&mut bytes, ROOT_DIRECTORY, &[slot(b"EMPTY      ", 0x10, 2, 0), slot(b"ROOT       ", 0x10, 0, 0)]);
    let fat = open(bytes);
    for name in ["empty", "root"] {
        assert_eq!(kind(fat.stat(find(&fat, name))), ErrorKind::Corrupt, "{name}");
    }
}

#[test]
fn a_name_with_a_slash_is_corrupt() {
    let mut bytes = volume();
    put(&mut bytes, ROOT_DIRECTORY, &[slot(b"A/B        ", 0x20, 0, 0)]);
    assert_eq!(kind(open(bytes).read_dir(ROOT, &mut |_| ControlFlow::Continue(()))), ErrorKind::Corrupt);
}

#[test]
fn the_label_is_the_root_directorys() {
    let mut bytes = volume();
    put(&mut bytes, ROOT_DIRECTORY, &[slot(b"\xe5LD LABEL  ", 8, 0, 0), slot(b"NEW LABEL  ", 8, 0, 0)]);
    assert_eq!(open(bytes).label(), "NEW LABEL");
}

#[test]
fn the_code_page_can_be_chosen() {
    let mut bytes = volume();
    put(&mut bytes, ROOT_DIRECTORY, &[slot(b"\x9b          ", 0x20, 0, 0)]);
    let fat = Fat::open_with(Arc::new(bytes), CodePage::Cp850).unwrap();
    assert!(fat.lookup(ROOT, "ø".into()).unwrap().is_some());
    // Only ASCII letters compare without case.
    assert!(fat.lookup(ROOT, "Ø".into()).unwrap().is_none());
}

#[test]
fn boot_sectors_that_linux_refuses() {
    for (offset, value) in [(12, 0), (12, 3), (13, 3), (14, 0), (16, 0), (17, 17), (21, 0x17), (22, 0)] {
        let mut bytes = volume();
        bytes[offset] = value;
        assert_eq!(kind(Fat::open(Arc::new(bytes))), ErrorKind::Corrupt, "byte {offset} = {value}");
    }
    assert_eq!(kind(Fat::open(Arc::new(vec![0; 511]))), ErrorKind::Corrupt);
    // More metadata than volume.
    let mut bytes = volume();
    bytes[32..36].copy_from_slice(&20u32.to_le_bytes());
    assert_eq!(kind(Fat::open(Arc::new(bytes))), ErrorKind::Corrupt);
}

#[test]
fn fat32_reads_the_fat_that_is_active() {
    const SECTORS: usize = 70_000;
    const FAT_SECTORS: usize = 550;
    let mut bytes = vec![0; SECTORS * 512];
    bytes[11..24].copy_from_slice(&[0, 2, 1, 1, 0, 2, 0, 0, 0, 0, 0xf8, 0, 0]);
    bytes[32..36].copy_from_slice(&(SECTORS as u32).to_le_bytes());
    bytes[36..40].copy_from_slice(&(FAT_SECTORS as u32).to_le_bytes());
    bytes[44] = 2;
    let second = 512 + FAT_SECTORS * 512;
    bytes[second + 8..second + 12].copy_from_slice(&0x0fff_ffffu32.to_le_bytes());
    put(&mut bytes, 512 + 2 * FAT_SECTORS * 512, &[slot(b"FILE       ", 0x20, 0, 0)]);
    // The first FAT says that the root's cluster is free.
    assert_eq!(kind(open(bytes.clone()).stat(ROOT)), ErrorKind::Corrupt);
    bytes[40] = 0x81;
    let fat = open(bytes);
    assert_eq!((fat.stat(ROOT).unwrap().size, fat.boot.width), (512, fat_table::Width::Fat32));
    assert!(fat.lookup(ROOT, "FILE".into()).unwrap().is_some());
}

//! Headers written by hand; `tests/tests/detect.rs` compares with blkid on real volumes.

use glassbox_io::{Errno, Error};

use super::*;

/// A volume of `size` bytes with `parts` written into it.
fn volume(size: usize, parts: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; size];
    for (offset, part) in parts {
        bytes[*offset..offset + part.len()].copy_from_slice(part);
    }
    bytes
}

fn kind(bytes: Vec<u8>) -> Option<&'static str> {
    detect(&bytes).unwrap().map(|signature| signature.kind)
}

const MIB: usize = 1 << 20;
const SQUASHFS: &[u8] = b"hsqs\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x04\0\0\0";
const HFS: &[u8] = b"BD";
const ISO: &[u8] = b"\x01CD001\x01";

#[test]
fn nothing_is_nothing() {
    assert_eq!(kind(vec![]), None);
    assert_eq!(kind(vec![0; 1024]), None);
    assert_eq!(kind(vec![0; 4 * MIB]), None);
    assert_eq!(kind(vec![0xff; 4 * MIB]), None);
    // Only a partition table.
    assert_eq!(kind(volume(4 * MIB, &[(450, b"\x83"), (510, b"\x55\xaa")])), None);
}

#[test]
fn two_formats_are_ambiguous_unless_both_share() {
    assert_eq!(kind(volume(4 * MIB, &[(0, SQUASHFS)])), Some("squashfs"));
    assert_eq!(kind(volume(4 * MIB, &[(0, SQUASHFS), (1024, HFS)])), None);
    assert_eq!(kind(volume(4 * MIB, &[(0x8000, ISO), (1024, HFS)])), Some("iso9660"));
    assert_eq!(kind(volume(4 * MIB, &[(0x8000, ISO), (0, SQUASHFS)])), None);
}

#[test]
fn a_floppy_takes_the_first_format_and_no_raid() {
    assert_eq!(kind(volume(MIB, &[(0, SQUASHFS), (1024, HFS)])), Some("hfs"));
    assert_eq!(kind(volume(MIB, &[(0, b"UBI#\x01")])), None);
    assert_eq!(kind(volume(2 * MIB, &[(0, b"UBI#\x01")])), Some("ubi"));
}

#[test]
fn what_lies_below_wins() {
    let luks = volume(4 * MIB, &[(0, b"LUKS\xba\xbe\0\x01"), (0x8000, ISO), (1024, HFS)]);
    let signature = detect(&luks).unwrap().unwrap();
    assert_eq!(
        (signature.kind, signature.usage, signature.version.as_slice()),
        ("crypto_LUKS", Usage::Crypto, &b"1"[..])
    );
}

#[test]
fn a_superblock_of_the_last_partition_is_not_the_disks() {
    let size = 4 * MIB;
    let end = size - 0x10000;
    let mut superblock = [0u8; 64];
    superblock[..4].copy_from_slice(&0xa92b_4efcu32.to_le_bytes());
    superblock[8..12].copy_from_slice(&90u32.to_le_bytes());
    superblock[20..24].copy_from_slice(&0x0403_0201u32.to_le_bytes());
    // The member's data is 2 MiB long.
    superblock[32..36].copy_from_slice(&2048u32.to_le_bytes());
    let whole = volume(size, &[(end, &superblock)]);
    let signature = detect(&whole).unwrap().unwrap();
    assert_eq!(signature.kind, "linux_raid_member");
    assert_eq!(signature.uuid, "04030201-0000-0000-0000-000000000000");
    assert_eq!(signature.version, "0.90.0");
    // A partition from 1 MiB to the end.
    let mut entry = [0u8; 16];
    entry[4] = 0xfd;
    entry[8..12].copy_from_slice(&2048u32.to_le_bytes());
    entry[12..16].copy_from_slice(&6144u32.to_le_bytes());
    assert_eq!(kind(volume(size, &[(end, &superblock), (446, &entry), (510, b"\x55\xaa")])), None);
}

#[test]
fn an_error_of_the_host_is_not_an_answer() {
    struct Broken;
    impl ReadAt for Broken {
        fn len(&self) -> u64 {
            1 << 30
        }
        fn read_at(&self, _: &mut [u8], _: u64) -> Result<usize> {
            Err(Error::os(Errno::EIO))
        }
    }
    assert_eq!(detect(&Broken).unwrap_err().errno(), Errno::EIO);
}

#[test]
fn labels_and_uuids_have_blkids_forms() {
    assert_eq!(text::label(b"a b \t\0rest"), "a b");
    assert_eq!(text::label(b"   "), "");
    assert_eq!(text::utf16le_label(b"\x3d\xd8\x00\xdea\0 \0\0\0x\0"), "😀a");
    assert_eq!(text::utf16be_label(b"\xd8\x3d\0a"), b"\xed\xa0\xbda".as_slice());
    assert_eq!(text::latin1_label(b"\xfc"), "ü");
    assert_eq!(text::uuid([0; 16]), "");
    assert_eq!(text::uuid(std::array::from_fn(|i| i as u8)), "00010203-0405-0607-0809-0a0b0c0d0e0f");
    assert_eq!(text::serial([0x22, 0x4b, 0x94, 0x31]), "3194-4B22");
    assert_eq!(text::lvm_uuid(b"bMauBIXd0NqMqwVwwV32vFNOlLVSzPsT"), "bMauBI-Xd0N-qMqw-VwwV-32vF-NOlL-VSzPsT");
}

//! Hives that weren't closed cleanly, and logs for them.

use super::marvin32::marvin32;
use crate::base_block::{self, LOGGED};
use crate::sample::{Sample, sample, words};
use crate::{Hive, needs_recovery};

/// A hive whose only value is `text`, with a write under way.
fn hive(text: &[u8; 4]) -> Vec<u8> {
    let mut hive = Sample::new();
    let value = hive.value("Text", 3, text);
    let root = hive.key(b"Root", true, (0, 0), &[value]);
    hive.finish(root)
}

/// Says that write `sequence` wasn't finished.
fn dirty(mut image: Vec<u8>, sequence: u32) -> Vec<u8> {
    let bins_size = (image.len() - base_block::SIZE) as u32;
    base_block::finish(&mut image, sequence, bins_size).unwrap();
    image[4..8].copy_from_slice(&(sequence + 1).to_le_bytes());
    with_checksum(image)
}

fn with_checksum(mut image: Vec<u8>) -> Vec<u8> {
    let sum = image[..508].chunks(4).fold(0, |sum, word| sum ^ u32::from_le_bytes(word.try_into().unwrap()));
    image[508..512].copy_from_slice(&sum.to_le_bytes());
    image
}

/// A log with the base block of `image`, `file_type`, and these bytes behind it.
fn log(image: &[u8], file_type: u8, body: &[u8]) -> Vec<u8> {
    let mut base = image[..LOGGED].to_vec();
    base.copy_within(8..12, 4);
    base[28] = file_type;
    [&with_checksum(base)[..], body].concat()
}

/// An entry that writes all bins of `image`.
fn entry(sequence: u32, image: &[u8]) -> Vec<u8> {
    let bins = &image[base_block::SIZE..];
    let body = [&words(&[0, bins.len() as u32])[..], bins].concat();
    let size = (40 + body.len()).next_multiple_of(512);
    let mut body = body;
    body.resize(size - 40, 0);
    let mut entry = b"HvLE".to_vec();
    entry.extend_from_slice(&words(&[size as u32, 0, sequence, bins.len() as u32, 1]));
    entry.extend_from_slice(&marvin32(&body));
    entry.extend_from_slice(&marvin32(&entry.clone()));
    [entry, body].concat()
}

fn text(image: Vec<u8>, logs: &[Vec<u8>]) -> String {
    let hive = Hive::open(image, logs, false).unwrap();
    let value = hive.value(hive.root(), "Text".into()).unwrap().unwrap();
    String::from_utf8(hive.data(value).unwrap().to_vec()).unwrap()
}

#[test]
fn entries_are_applied_in_the_order_of_their_numbers() {
    let old = dirty(hive(b"old "), 10);
    assert!(needs_recovery(&old));
    let one = log(&old, 6, &[entry(12, &hive(b"12  ")), entry(13, &hive(b"13  ")), entry(9, &hive(b"9   "))].concat());
    let two = log(&old, 6, &[entry(10, &hive(b"10  ")), entry(11, &hive(b"11  "))].concat());
    assert_eq!(text(old.clone(), &[one.clone(), two.clone()]), "13  ");
    assert_eq!(text(old.clone(), std::slice::from_ref(&two)), "11  ");
    // Nothing precedes the first one that is there.
    assert_eq!(text(old.clone(), &[one]), "13  ");
    assert_eq!(text(old.clone(), &[]), "old ");
    // Older ones are in the hive already.
    assert_eq!(text(dirty(hive(b"old "), 12), &[two]), "old ");
}

#[test]
fn entries_end_at_a_gap_or_damage() {
    let old = dirty(hive(b"old "), 10);
    let gap = log(&old, 6, &[entry(10, &hive(b"10  ")), entry(12, &hive(b"12  "))].concat());
    assert_eq!(text(old.clone(), &[gap]), "10  ");
    let whole = log(&old, 6, &[entry(10, &hive(b"10  ")), entry(11, &hive(b"11  "))].concat());
    let second = LOGGED + entry(10, &old).len();
    for offset in [0, 12, 20, 25, 33, 45, 4000] {
        let mut damaged = whole.clone();
        damaged[second + offset] ^= 1;
        assert_eq!(text(old.clone(), &[damaged]), "10  ", "{offset}");
    }
    assert_eq!(text(old.clone(), &[whole[..second + 600].to_vec()]), "10  ");
}

#[test]
fn a_clean_hive_has_no_use_for_its_logs() {
    let clean = hive(b"old ");
    assert!(!needs_recovery(&clean));
    assert_eq!(text(clean.clone(), &[log(&clean, 6, &entry(1, &hive(b"new ")))]), "old ");
}

#[test]
fn a_log_restores_a_damaged_base_block_and_makes_the_hive_longer() {
    let mut old = dirty(hive(b"old "), 10);
    let new = sample();
    let new_log = log(&dirty(new.clone(), 10), 6, &entry(10, &new));
    old[40] ^= 0x55;
    assert!(needs_recovery(&old));
    assert!(new.len() > old.len());
    let hive = Hive::open(old.clone(), &[new_log], false).unwrap();
    assert_eq!(hive.subkeys(hive.root()).unwrap().len(), 3);
    assert!(Hive::open(old, &[], false).is_err());
}

#[test]
fn the_old_form_marks_pages_in_a_bitmap() {
    let old = dirty(hive(b"old "), 10);
    let new = hive(b"new ");
    let dirty_pages = |bitmap: u8, pages: &[u8]| {
        let mut body = vec![0; 512];
        body[..5].copy_from_slice(&[b'D', b'I', b'R', b'T', bitmap]);
        log(&old, 1, &[&body, pages].concat())
    };
    assert_eq!(text(old.clone(), &[dirty_pages(0xff, &new[4096..])]), "new ");
    assert_eq!(text(old.clone(), &[dirty_pages(0xfe, &new[4608..])]), "old ");
    assert_eq!(text(old.clone(), &[dirty_pages(0xff, &new[4096..5000])]), "old ", "cut short");
    let mut other = dirty_pages(0xff, &new[4096..]);
    other[12] += 1;
    assert_eq!(text(old.clone(), &[with_checksum(other)]), "old ", "of another write");
    let mut nonsense = new[4096..].to_vec();
    nonsense[0] = b'x';
    assert_eq!(text(old.clone(), &[dirty_pages(0xff, &nonsense)]), "old ", "no bin");
}

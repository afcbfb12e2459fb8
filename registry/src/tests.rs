//! Whole hives: what is read, and what damage does.

use bstr::BString;
use glassbox_io::{Errno, ErrorKind};

use crate::base_block;
use crate::sample::{Sample, sample};
use crate::{Hive, Key, Value, value_type};

fn open(image: Vec<u8>) -> Hive {
    Hive::open(image, &[], false).unwrap()
}

#[test]
fn every_structure_is_read() {
    let hive = open(sample());
    let root = hive.root();
    assert_eq!(hive.key_name(root).unwrap(), "Root");
    let names: Vec<BString> = hive.subkeys(root).unwrap().into_iter().map(|key| hive.key_name(key).unwrap()).collect();
    assert_eq!(names, ["café", "Zweiter Schlüssel 日本", "Third"]);
    assert_eq!(hive.find(root, &["THIRD"]).unwrap(), Some(hive.subkeys(root).unwrap()[2]));
    assert_eq!(hive.find(root, &["third", "more"]).unwrap(), None);
    let value = |name: &str| hive.value(root, name.into()).unwrap().unwrap();
    assert_eq!(hive.dword(value("")).unwrap(), 0x1234_5678);
    assert_eq!(hive.dword(value("order")).unwrap(), 0x0102);
    assert_eq!(hive.string(value("tEXT")).unwrap(), "Grüße");
    assert_eq!(hive.string(value("Big")).unwrap_err().errno(), Errno::EINVAL);
    assert_eq!(*hive.data(value("Short")).unwrap(), *b"xy");
    let big = hive.data(value("Big")).unwrap();
    let expected = [vec![b'a'; 16344], vec![b'b'; 16344], vec![b'c'; 40000 - 2 * 16344]].concat();
    assert!(*big == *expected);
    assert_eq!(hive.value_type(value("Big")).unwrap(), value_type::BINARY);
    assert_eq!(hive.value(root, "absent".into()).unwrap(), None);
}

#[test]
fn numbers_that_are_no_cells_are_refused() {
    let hive = open(sample());
    for number in [0, 4096, hive.root().0 + 4, hive.root().0 + 1, u64::MAX] {
        assert_eq!(hive.key_name(Key(number)).unwrap_err().errno(), Errno::EINVAL);
        assert_eq!(hive.value_name(Value(number)).unwrap_err().errno(), Errno::EINVAL);
    }
    assert_eq!(hive.value_type(Value(hive.root().0)).unwrap_err().errno(), Errno::EINVAL);
}

#[test]
fn what_is_no_hive_is_told_with_libhivex_numbers() {
    let errno = |image: Vec<u8>| {
        let error = Hive::open(image, &[], false).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        error.errno()
    };
    assert_eq!(errno(vec![]), Errno::EINVAL);
    assert_eq!(errno(vec![0; 8192]), Errno::EOPNOTSUPP);
    let damaged = |offset: usize| {
        let mut image = sample();
        image[offset] ^= 1;
        image
    };
    assert_eq!(errno(damaged(100)), Errno::EINVAL);
    for offset in [4096, 4100, 4104, 4128] {
        assert_eq!(errno(damaged(offset)), Errno::EOPNOTSUPP, "{offset}");
    }
}

#[test]
fn lists_that_lead_to_themselves_end() {
    let mut hive = Sample::new();
    // The list will be the next cell, behind the root's empty list of values.
    let list = hive.list(b"ri", &[32; 20]);
    assert_eq!(list, 32);
    let root = hive.key(b"", true, (1000, list), &[]);
    let hive = open(hive.finish(root));
    assert_eq!(hive.subkeys(root_of(&hive)).unwrap_err().errno(), Errno::ERANGE);
}

#[test]
fn claims_beyond_the_hive_cost_nothing() {
    let mut hive = Sample::new();
    let list = hive.list(b"lh", &[]);
    let long = hive.value_at("Long", 3, u32::MAX >> 1, list.to_le_bytes());
    let root = hive.key(b"", true, (u32::MAX, list), &[long]);
    let hive = open(hive.finish(root));
    assert_eq!(hive.subkeys(root_of(&hive)).unwrap_err().errno(), Errno::ERANGE);
    let value = hive.values(root_of(&hive)).unwrap()[0];
    assert_eq!(hive.data(value).unwrap_err().errno(), Errno::ERANGE);
}

fn root_of(hive: &Hive) -> Key {
    hive.root()
}

/// Asks everything of the first thousand keys.
fn walk(hive: &Hive) {
    let mut waiting = vec![hive.root()];
    for _ in 0..1000 {
        let Some(key) = waiting.pop() else { return };
        let _ = (hive.key_name(key), hive.parent(key), hive.subkey(key, "absent".into()));
        for value in hive.values(key).unwrap_or_default() {
            let _ = (hive.value_name(value), hive.data(value), hive.string(value), hive.dword(value));
        }
        waiting.extend(hive.subkeys(key).unwrap_or_default());
    }
}

#[test]
fn damage_never_panics_or_hangs() {
    let image = sample();
    let bins_size = (image.len() - base_block::SIZE) as u32;
    let mut state = 1_u64;
    let mut draw = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % bound
    };
    for _ in 0..3000 {
        let mut damaged = image.clone();
        for _ in 0..=draw(6) {
            // Most structures are in the first 600 bytes of the bin, and the last 1,000.
            let at = match draw(2) {
                0 => base_block::SIZE + draw(600),
                _ => image.len() - 4096 + draw(4096),
            };
            damaged[at] = [0, 0xff, damaged[at] ^ 1 << draw(8), draw(256) as u8][draw(4)];
        }
        base_block::finish(&mut damaged, 1, bins_size).unwrap();
        for tolerant in [false, true] {
            if let Ok(hive) = Hive::open(damaged.clone(), &[], tolerant) {
                walk(&hive);
            }
        }
    }
}

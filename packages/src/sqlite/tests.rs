//! A database by the hand of SQLite's own documentation: two leaves below an interior page, a log beside it.

use glassbox_io::Result;

use super::Database;
use crate::value::Value;

const PAGE: usize = 512;

/// A cell of a leaf: a row of two columns, the second a blob that fits.
fn row(number: u8, blob: &[u8]) -> Vec<u8> {
    let payload = [&[3, 0, 12 + 2 * blob.len() as u8], blob].concat();
    [&[payload.len() as u8, number], payload.as_slice()].concat()
}

fn leaf(page_start: usize, cells: &[Vec<u8>]) -> Vec<u8> {
    let mut page = vec![0; PAGE];
    page[page_start] = 13;
    page[page_start + 3..page_start + 5].copy_from_slice(&(cells.len() as u16).to_be_bytes());
    let mut end = PAGE;
    for (index, cell) in cells.iter().enumerate() {
        end -= cell.len();
        page[end..end + cell.len()].copy_from_slice(cell);
        let pointer = page_start + 8 + 2 * index;
        page[pointer..pointer + 2].copy_from_slice(&(end as u16).to_be_bytes());
    }
    page
}

fn interior(children: &[u8], last: u8) -> Vec<u8> {
    let mut page = vec![0; PAGE];
    page[0] = 5;
    page[4] = children.len() as u8;
    page[11] = last;
    for (index, child) in children.iter().enumerate() {
        let offset = PAGE - 5 * (index + 1);
        page[offset..offset + 5].copy_from_slice(&[0, 0, 0, *child, 1]);
        page[12 + 2 * index..14 + 2 * index].copy_from_slice(&(offset as u16).to_be_bytes());
    }
    page
}

/// Pages: 1 schema, 2 the table's root, 3 and 4 its leaves.
fn database() -> Vec<u8> {
    let schema = [&b"\x06\x17\x15\x15\x01\x0d"[..], b"table", b"Pack", b"Pack", &[2], b""].concat();
    let mut first = leaf(100, &[[&[schema.len() as u8, 1], schema.as_slice()].concat()]);
    first[..16].copy_from_slice(b"SQLite format 3\0");
    first[16..18].copy_from_slice(&(PAGE as u16).to_be_bytes());
    first[18..20].copy_from_slice(&[2, 2]);
    first[59] = 1;
    [first, interior(&[3], 4), leaf(0, &[row(1, b"one"), row(2, b"two")]), leaf(0, &[row(3, b"three")])].concat()
}

fn blobs(database: &[u8], log: Option<&[u8]>) -> Result<(Vec<Vec<u8>>, usize)> {
    let (file, log) = (database.to_vec(), log.map(<[u8]>::to_vec));
    let (mut found, mut errors) = (Vec::new(), 0);
    let mut take = |value: Result<Value<'_>>| match value.and_then(|mut value| {
        let length = value.len();
        value.prefix(length).map(<[u8]>::to_vec)
    }) {
        Ok(bytes) => found.push(bytes),
        Err(_) => errors += 1,
    };
    Database::open(&file, log.as_ref().map(|log| log as _))?.blobs(b"Pack", &mut take)?;
    Ok((found, errors))
}

/// A log of frames: page, size after commit or 0, contents.
fn log(frames: &[(u8, u8, Vec<u8>)]) -> Vec<u8> {
    let mut sums = [0u32; 2];
    let mut over = |bytes: &[u8]| {
        for pair in bytes.chunks(8) {
            let number = |at: usize| u32::from_be_bytes(pair[at..at + 4].try_into().unwrap());
            sums[0] = sums[0].wrapping_add(number(0)).wrapping_add(sums[1]);
            sums[1] = sums[1].wrapping_add(number(4)).wrapping_add(sums[0]);
        }
        sums.map(u32::to_be_bytes).concat()
    };
    let mut log = [0x377f_0683, 3_007_000, PAGE as u32, 0, 11, 22].map(u32::to_be_bytes).concat();
    log.extend(over(&log.clone()));
    for (page, commit, bytes) in frames {
        let header = [*page, *commit].map(|number| u32::from(number).to_be_bytes()).concat();
        over(&header);
        let sums = over(bytes);
        log.extend([&header[..], &[0, 0, 0, 11, 0, 0, 0, 22], &sums, bytes].concat());
    }
    log
}

#[test]
fn rows_are_read_in_their_order() {
    let (found, errors) = blobs(&database(), None).unwrap();
    assert_eq!((found, errors), (vec![b"one".to_vec(), b"two".to_vec(), b"three".to_vec()], 0));
}

#[test]
fn a_log_counts_up_to_its_last_good_commit() {
    let newer = |text: &[u8]| leaf(0, &[row(3, text)]);
    let last = |log: &[u8]| blobs(&database(), Some(log)).unwrap().0.pop().unwrap();
    assert_eq!(last(&log(&[(4, 4, newer(b"new"))])), b"new");
    assert_eq!(last(&log(&[(4, 4, newer(b"new")), (4, 4, newer(b"newer"))])), b"newer");
    // Not committed.
    assert_eq!(last(&log(&[(4, 4, newer(b"new")), (4, 0, newer(b"newer"))])), b"new");
    // Cut short, overwritten, of an older log.
    let whole = log(&[(4, 4, newer(b"new")), (4, 4, newer(b"newer"))]);
    assert_eq!(last(&whole[..whole.len() - 1]), b"new");
    for at in [32 + 24 + PAGE + 9, 32 + 2 * 24 + PAGE + 100] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert_eq!(last(&changed), b"new", "{at}");
    }
    for at in 0..32 {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert_eq!(last(&changed), b"three", "{at}");
    }
    assert_eq!(last(b""), b"three");
}

#[test]
fn a_log_may_hold_pages_that_the_file_has_not() {
    let table = interior(&[3, 4], 5);
    let (found, errors) =
        blobs(&database(), Some(&log(&[(2, 0, table), (5, 5, leaf(0, &[row(4, b"four")]))]))).unwrap();
    assert_eq!((found.len(), errors), (4, 0));
    assert_eq!(found[3], b"four");
}

#[test]
fn a_bad_page_leaves_the_others() {
    let mut bad = database();
    bad[2 * PAGE] = 99;
    assert_eq!(blobs(&bad, None).unwrap(), (vec![b"three".to_vec()], 1));
    let cut = &database()[..3 * PAGE];
    assert_eq!(blobs(cut, None).unwrap(), (vec![b"one".to_vec(), b"two".to_vec()], 1));
}

#[test]
fn circles_end() {
    let mut circle = database();
    circle[PAGE..2 * PAGE].copy_from_slice(&interior(&[3, 2], 2));
    let (found, errors) = blobs(&circle, None).unwrap();
    assert!(found.len() <= 16 && errors > 0, "{found:?} {errors}");
}

#[test]
fn what_cannot_be_read_is_named() {
    let changed = |at: usize, byte: u8| {
        let mut bytes = database();
        bytes[at] = byte;
        blobs(&bytes, None).unwrap_err()
    };
    assert!(changed(19, 3).is_unsupported());
    assert!(changed(59, 2).is_unsupported());
    assert!(!changed(16, 3).is_unsupported());
    assert!(!changed(20, 200).is_unsupported());
    assert!(blobs(b"", None).is_err());
}

//! ndb, SUSE's own database: a header, pages of slots, and blobs in units of 16 bytes. All little-endian.
//!
//! ```text
//! header   "RpmP" | version | generation | pages of slots | next package's number | 12 unused
//! slot     "Slot" | package's number | first unit | units          16 bytes; the header takes the place of two
//! blob     "BlbS" | package's number | time | length | data | padding | Adler-32 | length | "BlbE"
//! ```

use glassbox_io::{Error, Fields, ReadAt, Result};

use crate::value::Value;

const MAGIC: &[u8] = b"RpmP";
const SLOT_MAGIC: &[u8] = b"Slot";
const BLOB_MAGIC: &[u8] = b"BlbS";
const VERSION: u32 = 0;
const HEADER: usize = 32;
const PAGE: u64 = 4096;
const SLOT: usize = 16;
const UNIT: u64 = 16;
const BLOB_HEAD: u64 = 16;
const BLOB_TAIL: u64 = 12;
/// Read at once of a blob: most names, versions and descriptions end before it.
const PIECE: usize = 4096;

/// Whether a file begins as an ndb database.
pub(super) fn recognises(start: Fields<'_>) -> bool {
    start.slice(0, 4).is_ok_and(|magic| magic == MAGIC)
}

#[derive(Clone, Copy)]
struct Slot {
    package: u32,
    first: u32,
    units: u32,
}

/// Gives every blob to `take`, in the order of the file, as rpm does.
pub(super) fn blobs(file: &dyn ReadAt, take: &mut dyn FnMut(Result<Value<'_>>)) -> Result<()> {
    let mut slots = slots(file, take)?;
    slots.sort_by_key(|slot| slot.first);
    let mut free_from = 0;
    for slot in slots {
        if slot.first < free_from {
            take(Err(Error::corrupt(format!("package {} lies within another one", slot.package))));
            continue;
        }
        free_from = slot.first.saturating_add(slot.units);
        take(blob(file, slot));
    }
    Ok(())
}

/// The used slots. A page of them that can't be read is told to `take`, and the others count.
fn slots(file: &dyn ReadAt, take: &mut dyn FnMut(Result<Value<'_>>)) -> Result<Vec<Slot>> {
    let mut header = [0; HEADER];
    file.read_exact_at(&mut header, 0)?;
    let header = Fields::new(&header);
    if header.le32(4)? != VERSION {
        return Err(Error::unsupported(format!("ndb: version {}", header.le32(4)?)));
    }
    // The pages are within the file, so its length bounds what is read and kept.
    let pages = u64::from(header.le32(12)?).min(file.len().checked_div(PAGE).unwrap_or(0));
    if pages < u64::from(header.le32(12)?) {
        take(Err(Error::corrupt("an ndb database ends within its pages of slots")));
    }
    let mut slots = Vec::new();
    let mut page = vec![0; usize::try_from(PAGE).unwrap_or_default()];
    for number in 0..pages {
        let offset = number.saturating_mul(PAGE);
        if let Err(error) = file.read_exact_at(&mut page, offset) {
            take(Err(error));
            continue;
        }
        let skip = if number == 0 { HEADER } else { 0 };
        for slot in page.get(skip..).unwrap_or_default().chunks_exact(SLOT) {
            match read_slot(Fields::new(slot), file.len()) {
                Ok(Some(slot)) => slots.push(slot),
                Ok(None) => {}
                Err(error) => take(Err(error.at_offset(offset))),
            }
        }
    }
    Ok(slots)
}

fn read_slot(fields: Fields<'_>, file_length: u64) -> Result<Option<Slot>> {
    if fields.slice(0, 4)? != SLOT_MAGIC {
        return Err(Error::corrupt("a slot of an ndb database lacks its mark"));
    }
    let slot = Slot { package: fields.le32(4)?, first: fields.le32(8)?, units: fields.le32(12)? };
    if slot.first == 0 {
        return Ok(None);
    }
    let end = u64::from(slot.first).saturating_add(slot.units.into()).saturating_mul(UNIT);
    if slot.package == 0 || slot.units == 0 || end > file_length {
        return Err(Error::corrupt(format!("package {} lies outside of its ndb database", slot.package)));
    }
    Ok(Some(slot))
}

fn blob(file: &dyn ReadAt, slot: Slot) -> Result<Value<'_>> {
    let start = u64::from(slot.first).saturating_mul(UNIT);
    let mut head = [0; BLOB_HEAD as usize];
    file.read_exact_at(&mut head, start)?;
    let head = Fields::new(&head);
    if head.slice(0, 4)? != BLOB_MAGIC || head.le32(4)? != slot.package {
        return Err(Error::corrupt(format!("package {} isn't where its slot says", slot.package)).at_offset(start));
    }
    let length = head.le32(12)?;
    let needed = u64::from(length).saturating_add(BLOB_HEAD).saturating_add(BLOB_TAIL);
    if needed.div_ceil(UNIT) != u64::from(slot.units) {
        return Err(Error::corrupt(format!("package {} has another length than its slot", slot.package)));
    }
    let mut offset = start.saturating_add(BLOB_HEAD);
    let end = offset.saturating_add(length.into());
    let rest = move |to: &mut Vec<u8>| {
        let left = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut piece = vec![0; left.min(PIECE)];
        file.read_exact_at(&mut piece, offset)?;
        offset = offset.saturating_add(piece.len() as u64);
        to.append(&mut piece);
        Ok(())
    };
    Ok(Value::new(usize::try_from(length).unwrap_or(usize::MAX), Vec::new(), Box::new(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database of blobs, one page of slots before them.
    fn database(blobs: &[&[u8]]) -> Vec<u8> {
        let numbers = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
        let mut file = [MAGIC, &numbers(&[0, 1, 1, 9, 0, 0, 0])].concat();
        let mut data = Vec::new();
        for (index, blob) in blobs.iter().enumerate() {
            let number = index as u32 + 1;
            let units = (blob.len() as u32 + 28).div_ceil(16);
            let first = 256 + data.len() as u32 / 16;
            file.extend([SLOT_MAGIC, &numbers(&[number, first, units])].concat());
            data.extend([BLOB_MAGIC, &numbers(&[number, 0, blob.len() as u32]), blob].concat());
            data.resize((first + units - 256) as usize * 16, 0);
        }
        while file.len() < 4096 {
            file.extend([SLOT_MAGIC, &[0; 12]].concat());
        }
        [file, data].concat()
    }

    /// Blobs, and how many errors.
    fn read(file: &Vec<u8>) -> Result<(Vec<Vec<u8>>, usize)> {
        let (mut found, mut errors) = (Vec::new(), 0);
        blobs(file, &mut |value| match value.and_then(|mut value| {
            let length = value.len();
            value.prefix(length).map(<[u8]>::to_vec)
        }) {
            Ok(bytes) => found.push(bytes),
            Err(_) => errors += 1,
        })?;
        Ok((found, errors))
    }

    #[test]
    fn blobs_are_read_in_the_order_of_the_file() {
        let long = vec![b'x'; 10_000];
        let mut file = database(&[b"one", &long]);
        assert_eq!(read(&file).unwrap(), (vec![b"one".to_vec(), long.clone()], 0));
        // Their slots the other way round.
        let (first, second) = file[32..64].split_at_mut(16);
        first.swap_with_slice(second);
        assert_eq!(read(&file).unwrap(), (vec![b"one".to_vec(), long], 0));
    }

    #[test]
    fn bad_slots_and_blobs_leave_the_others() {
        let good = database(&[b"one", b"two"]);
        // Marks, numbers, places, lengths.
        for at in [32, 36, 40, 44, 4096, 4100, 4108] {
            let mut bad = good.clone();
            bad[at] ^= 0x80;
            assert_eq!(read(&bad).unwrap(), (vec![b"two".to_vec()], 1), "{at}");
        }
        // Two in one place.
        let mut overlap = good.clone();
        overlap[56] = overlap[40];
        assert_eq!(read(&overlap).unwrap().1, 1);
        assert_eq!(read(&good[..good.len() - 1].to_vec()).unwrap(), (vec![b"one".to_vec()], 1));
        let mut pages = good.clone();
        pages[12..16].copy_from_slice(&[0xff; 4]);
        assert!(read(&pages).unwrap().1 > 0);
        let mut version = good;
        version[4] = 1;
        assert!(read(&version).unwrap_err().is_unsupported());
    }
}

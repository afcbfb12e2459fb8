//! A log entry ("Entry Objects").

use std::cmp::Ordering;

use glassbox_io::{Error, Fields, ReadAt, Result};

use crate::header::Header;
use crate::object::{Kind, Object};

/// Where the items begin: the least length of an entry.
pub(crate) const ITEMS: u64 = 64;
/// An item is the offset of a data object and its hash, or in compact files the offset alone.
const ITEM_SIZE: usize = 16;
const ITEM_SIZE_COMPACT: usize = 4;
/// Fields of an entry. journald takes 1,024 from a program and adds some of its own.
const MAX_ITEMS: u64 = 1 << 16;

/// What tells an entry from others, and when it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is in its file.
    pub(crate) offset: u64,
    /// The sequence that its number belongs to.
    pub seqnum_id: [u8; 16],
    /// Its number in the sequence.
    pub seqnum: u64,
    /// The wall-clock time, in microseconds since 1970.
    pub realtime: u64,
    /// Microseconds since the system was started.
    pub monotonic: u64,
    /// Which start of the system that was.
    pub boot_id: [u8; 16],
    /// The hashes of all its fields, combined.
    pub xor_hash: u64,
}

impl Entry {
    /// The entry at `offset`.
    pub(crate) fn read(file: &dyn ReadAt, header: &Header, offset: u64) -> Result<Entry> {
        Object::read(file, header, offset, Kind::Entry, ITEMS)?;
        let mut bytes = [0; ITEMS as usize];
        file.read_exact_at(&mut bytes, offset)?;
        let fields = Fields::new(&bytes);
        Ok(Entry {
            offset,
            seqnum_id: header.seqnum_id,
            seqnum: fields.le64(16)?,
            realtime: fields.le64(24)?,
            monotonic: fields.le64(32)?,
            boot_id: fields.array(40)?,
            xor_hash: fields.le64(56)?,
        })
    }

    /// Where the data objects of its fields are, in the order of the entry.
    pub(crate) fn items(&self, file: &dyn ReadAt, header: &Header) -> Result<Vec<u64>> {
        let object = Object::read(file, header, self.offset, Kind::Entry, ITEMS)?;
        let item_size = if header.compact { ITEM_SIZE_COMPACT } else { ITEM_SIZE };
        let length = object.size.saturating_sub(ITEMS);
        let count = length.checked_div(item_size as u64).unwrap_or(0);
        if count > MAX_ITEMS {
            return Err(Error::corrupt(format!("a journal's entry of {count} fields")).at_offset(self.offset));
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        file.read_exact_at(&mut bytes, self.offset.saturating_add(ITEMS))?;
        let item = |item: &[u8]| match header.compact {
            true => Fields::new(item).le32(0).map(u64::from),
            false => Fields::new(item).le64(0),
        };
        bytes.chunks_exact(item_size).map(item).collect()
    }

    /// Which of two entries comes first: by number in the same sequence, by the monotonic clock in the same boot, else by
    /// the wall clock. Two that compare equal are one entry that is in two files.
    ///
    /// No total order: three entries may go round in a circle. It is sd-journal's nonetheless.
    pub fn order(&self, other: &Entry) -> Ordering {
        let by_number = match self.seqnum_id == other.seqnum_id {
            true => self.seqnum.cmp(&other.seqnum),
            false => Ordering::Equal,
        };
        let by_boot = || match self.boot_id == other.boot_id {
            true => self.monotonic.cmp(&other.monotonic),
            false => Ordering::Equal,
        };
        by_number
            .then_with(by_boot)
            .then_with(|| self.realtime.cmp(&other.realtime))
            .then_with(|| self.xor_hash.cmp(&other.xor_hash))
    }
}

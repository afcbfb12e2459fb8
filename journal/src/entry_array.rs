//! The list of all entries: a chain of arrays of offsets ("Entry Array Objects").

use std::ops::Range;

use glassbox_io::{Error, ErrorKind, Fields, ReadAt, Result};

use crate::header::Header;
use crate::object::{self, Kind, Object};

/// Where the items begin.
const ITEMS: u64 = 24;
/// Items read at a time.
const BATCH: u64 = 4096;

/// The offsets of entries in the order of the file, read as far as they were asked for.
pub(crate) struct EntryArrays {
    known: Vec<u64>,
    /// What is left to read of the array that was opened last, in bytes of the file.
    unread: Range<u64>,
    /// Where that array ends, and where the one after it is.
    behind: u64,
    next: u64,
    /// Entries that aren't known yet.
    left: u64,
}

impl EntryArrays {
    /// The list that `header` tells of.
    pub fn new(header: &Header) -> Self {
        // Each entry takes room of its own, whatever the header says.
        let possible = header.end.checked_div(crate::entry::ITEMS).unwrap_or(0);
        EntryArrays {
            known: Vec::new(),
            unread: 0..0,
            behind: 0,
            next: header.entry_array_offset,
            left: header.entries.min(possible),
        }
    }

    /// The offset of entry `index`; `None` behind the last. Where the chain is broken, it ends.
    pub fn get(&mut self, file: &dyn ReadAt, header: &Header, index: usize) -> Result<Option<u64>> {
        while index >= self.known.len() && self.left > 0 {
            match self.read_batch(file, header) {
                Ok(()) => {}
                // What was read before is right; an entry behind can't be found without the chain.
                Err(error) if error.kind() == ErrorKind::Corrupt => self.left = 0,
                Err(error) => return Err(error),
            }
        }
        Ok(self.known.get(index).copied())
    }

    fn read_batch(&mut self, file: &dyn ReadAt, header: &Header) -> Result<()> {
        let item_size: u64 = if header.compact { 4 } else { 8 };
        let items = |unread: &Range<u64>| unread.end.saturating_sub(unread.start).checked_div(item_size).unwrap_or(0);
        if items(&self.unread) == 0 {
            self.open_next(file, header)?;
        }
        let count = items(&self.unread).min(BATCH).min(self.left);
        let mut bytes = vec![0; usize::try_from(count.saturating_mul(item_size)).unwrap_or(0)];
        file.read_exact_at(&mut bytes, self.unread.start)?;
        for item in bytes.chunks_exact(usize::try_from(item_size).unwrap_or(8)) {
            let offset = match header.compact {
                true => u64::from(Fields::new(item).le32(0)?),
                false => Fields::new(item).le64(0)?,
            };
            // Room for entries to come: what follows was never written.
            if offset == 0 {
                self.left = 0;
                return Ok(());
            }
            self.known.push(offset);
        }
        self.left = self.left.saturating_sub(count);
        self.unread.start = self.unread.start.saturating_add(bytes.len() as u64);
        Ok(())
    }

    fn open_next(&mut self, file: &dyn ReadAt, header: &Header) -> Result<()> {
        let array = Object::read(file, header, self.next, Kind::EntryArray, ITEMS)?;
        // Arrays are written one after another: this is what keeps a chain from going in a circle.
        if array.offset < self.behind {
            return Err(Error::corrupt("a journal's entry arrays overlap").at_offset(array.offset));
        }
        self.behind = array.offset.saturating_add(array.size);
        let mut next = [0; 8];
        file.read_exact_at(&mut next, array.offset.saturating_add(object::HEADER_SIZE))?;
        self.unread = array.offset.saturating_add(ITEMS)..self.behind;
        self.next = u64::from_le_bytes(next);
        Ok(())
    }
}

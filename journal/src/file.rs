//! One journal file.

use glassbox_io::{Cached, ErrorKind, Result, Source};

use crate::data;
use crate::entry::Entry;
use crate::entry_array::EntryArrays;
use crate::header::Header;

/// Kept of each file: a journal of many files has as many of these.
const CACHE: usize = 256 << 10;

/// A journal file, opened for reading its entries in their order.
///
/// What a crash left behind is skipped, as sd-journal does: entries that aren't whole, and all behind a broken list of
/// entries.
pub struct JournalFile {
    source: Cached<Source>,
    header: Header,
    arrays: EntryArrays,
    /// The entry that was read last, with its index.
    last: Option<(usize, Option<Entry>)>,
}

impl JournalFile {
    /// Opens the journal file in `source`. *Corrupt* if it is none, or cut off; *unsupported* if it needs a reader that
    /// knows more.
    pub fn open(source: Source) -> Result<Self> {
        let header = Header::read(&source)?;
        let arrays = EntryArrays::new(&header);
        Ok(JournalFile { source: Cached::new(source, CACHE), header, arrays, last: None })
    }

    /// Its header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether the file lists an entry `index`, counted from 0.
    pub fn has(&mut self, index: usize) -> Result<bool> {
        Ok(self.arrays.get(&self.source, &self.header, index)?.is_some())
    }

    /// The entry `index`; `None` if there is none, or it can't be read.
    pub fn entry(&mut self, index: usize) -> Result<Option<Entry>> {
        if let Some((last, entry)) = self.last
            && last == index
        {
            return Ok(entry);
        }
        let Some(offset) = self.arrays.get(&self.source, &self.header, index)? else { return Ok(None) };
        let entry = unless_corrupt(Entry::read(&self.source, &self.header, offset))?;
        self.last = Some((index, entry));
        Ok(entry)
    }

    /// The fields of one of this file's entries, each as `NAME=value`, in the order of the entry. A value may end after
    /// `threshold` bytes; 0 is for all of it. Fields that can't be read are left out.
    pub fn fields(&self, entry: &Entry, threshold: u64) -> Result<impl Iterator<Item = Result<Vec<u8>>>> {
        let items = unless_corrupt(entry.items(&self.source, &self.header))?.unwrap_or_default();
        let field = move |offset| unless_corrupt(data::read(&self.source, &self.header, offset, threshold));
        Ok(items.into_iter().filter_map(move |offset| field(offset).transpose()))
    }
}

fn unless_corrupt<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::Corrupt => Ok(None),
        Err(error) => Err(error),
    }
}

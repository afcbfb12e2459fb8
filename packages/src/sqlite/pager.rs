//! Pages, from the log or from the database.

use std::cell::Cell;

use glassbox_io::{Error, Fields, ReadAt, Result};

use super::header::{self, Header};
use super::wal::Wal;

/// Where the pages of a database are.
pub(super) struct Pager<'a> {
    file: &'a dyn ReadAt,
    log: Option<(&'a dyn ReadAt, Wal)>,
    header: Header,
    /// Pages that may still be read: see [`Pager::read`].
    reads_left: Cell<u64>,
}

/// How often a page may be read for all of a database's rows: once for the schema, once for the table.
const READS_PER_PAGE: u64 = 2;

impl<'a> Pager<'a> {
    pub(super) fn open(file: &'a dyn ReadAt, log: Option<&'a dyn ReadAt>) -> Result<Self> {
        let mut start = [0; header::LENGTH];
        file.read_exact_at(&mut start, 0)?;
        let mut header = Header::read(Fields::new(&start))?;
        let wal = log.map(|log| Wal::read(log, header.page_size)).transpose()?.flatten();
        let log = log.zip(wal);
        let file_pages = file.len().div_ceil(header.page_size.into());
        let pages = log.as_ref().map_or(file_pages, |(_, wal)| wal.pages().max(file_pages));
        // The first page, and with it the header, may be newer in the log; the page size never is another.
        if let Some(offset) = log.as_ref().and_then(|(_, wal)| wal.offset_of(1))
            && let Some((log, _)) = log
        {
            log.read_exact_at(&mut start, offset)?;
            header = Header { page_size: header.page_size, ..Header::read(Fields::new(&start))? };
        }
        Ok(Pager { file, log, header, reads_left: Cell::new(pages.saturating_mul(READS_PER_PAGE)) })
    }

    /// The bytes of a page that may be used.
    pub(super) fn usable(&self) -> usize {
        usize::try_from(self.header.usable).unwrap_or_default()
    }

    /// Reads a page into `bytes`. Every page belongs to one place, so a sound database never needs one twice; one whose
    /// pages lead in circles, or from many places to the same chain, runs out of its allowance and ends.
    pub(super) fn read(&self, number: u32, bytes: &mut Vec<u8>) -> Result<()> {
        let left = self.reads_left.get().checked_sub(1);
        self.reads_left.set(left.ok_or_else(|| Error::corrupt("SQLite: pages lead in circles"))?);
        let index = number.checked_sub(1).ok_or_else(|| Error::corrupt("SQLite: there is no page 0"))?;
        bytes.resize(self.usable(), 0);
        if let Some((log, wal)) = &self.log
            && let Some(offset) = wal.offset_of(number)
        {
            return log.read_exact_at(bytes, offset);
        }
        self.file.read_exact_at(bytes, u64::from(index).saturating_mul(self.header.page_size.into()))
    }

    /// Whether pages may still be read.
    pub(super) fn is_exhausted(&self) -> bool {
        self.reads_left.get() == 0
    }
}

//! Log entries, `HvLE`: logs since Windows 8.1 (regf, "Log entries").

use glassbox_io::{Fields, Result};

use super::marvin32::marvin32;
use crate::base_block;
use crate::hive_bin::PAGE;

const SIGNATURE: &[u8] = b"HvLE";
const HEADER: usize = 40;
/// The second checksum covers the header up to here, the first checksum included.
const SECOND_CHECKSUM: usize = 32;
/// Entries begin at multiples of this.
const SECTOR: usize = 512;

/// An entry: pages to write.
pub(crate) struct LogEntry<'a> {
    /// The number of this write.
    pub sequence: u32,
    /// The length of all hive bins after it.
    pub bins_size: u32,
    page_count: usize,
    /// References to pages, and then the pages.
    body: Fields<'a>,
}

impl<'a> LogEntry<'a> {
    /// The entry at the beginning of `bytes`, and its length. `None` where it isn't one that was completely written:
    /// the log ends there (note 8).
    fn parse(bytes: &'a [u8]) -> Result<Option<(Self, usize)>> {
        let fields = Fields::new(bytes);
        if !bytes.starts_with(SIGNATURE) {
            return Ok(None);
        }
        let size = fields.le32(4)? as usize;
        let body = fields.slice(HEADER, size.saturating_sub(HEADER))?;
        let bins_size = fields.le32(16)?;
        let is_whole = size >= HEADER
            && (bins_size as usize).is_multiple_of(PAGE)
            && fields.array(24)? == marvin32(body)
            && fields.array(SECOND_CHECKSUM)? == marvin32(fields.slice(0, SECOND_CHECKSUM)?);
        let entry = LogEntry {
            sequence: fields.le32(12)?,
            bins_size,
            page_count: fields.le32(20)? as usize,
            body: Fields::new(body),
        };
        Ok(is_whole.then_some((entry, size)))
    }

    /// The pages, each with its place in the file.
    pub fn pages(&self) -> Result<Vec<(usize, &'a [u8])>> {
        let references = self.body.slice(0, self.page_count.saturating_mul(8))?;
        let mut from = references.len();
        let mut pages = Vec::new();
        for reference in references.chunks_exact(8).map(Fields::new) {
            let size = reference.le32(4)? as usize;
            let to = base_block::SIZE.saturating_add(reference.le32(0)? as usize);
            pages.push((to, self.body.slice(from, size)?));
            from = from.saturating_add(size);
        }
        Ok(pages)
    }
}

/// The entries of a log: up to the first that isn't whole, or is left from an earlier use of the log and so has a number
/// that doesn't follow (note 4).
pub(crate) fn entries(log: &[u8]) -> Vec<LogEntry<'_>> {
    let mut entries: Vec<LogEntry<'_>> = Vec::new();
    let mut rest = log.get(SECTOR..).unwrap_or_default();
    while let Ok(Some((entry, size))) = LogEntry::parse(rest) {
        if entries.last().is_some_and(|last| last.sequence.checked_add(1) != Some(entry.sequence)) {
            break;
        }
        entries.push(entry);
        rest = rest.get(size.next_multiple_of(SECTOR)..).unwrap_or_default();
    }
    entries
}

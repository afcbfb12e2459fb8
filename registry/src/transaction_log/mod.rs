//! Transaction logs: what Windows wrote there before the hive itself, and would write into it at the next start
//! (regf, "Format of transaction log files").

mod dirty_vector;
mod log_entry;
mod marvin32;
#[cfg(test)]
mod tests;

use glassbox_io::{Error, Fields, Result};

use crate::base_block::{self, BaseBlock, FileType, LOGGED};
use crate::hive::MAX_HIVE_SIZE;
use crate::hive_bin;
use log_entry::{LogEntry, entries};

/// Where the first hive bin keeps a copy of the time of the last write.
const BIN_TIMESTAMP: usize = base_block::SIZE + 20;

/// Brings a hive that wasn't closed cleanly to its newest state, in memory. It is left as it is where no log belongs
/// to it.
pub(crate) fn recover(image: &mut Vec<u8>, logs: &[Vec<u8>]) -> Result<()> {
    let logs: Vec<Log<'_>> = logs.iter().filter_map(|bytes| Log::parse(bytes)).collect();
    match logs.iter().any(|log| log.file_type == FileType::NewLog) {
        true => apply_entries(image, &logs),
        false => apply_dirty_pages(image, &logs),
    }
}

/// A log whose base block is whole.
struct Log<'a> {
    bytes: &'a [u8],
    base: BaseBlock<'a>,
    file_type: FileType,
}

impl<'a> Log<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let base = BaseBlock::parse(bytes).ok().filter(BaseBlock::is_clean)?;
        let file_type = base.file_type().ok()?;
        Some(Log { bytes, base, file_type })
    }
}

/// Applies logs of entries: from the first that is newer than the hive, as long as their numbers follow each other.
///
/// The first one's number need not be the hive's: where Windows had to use a log again, it wrote to the hive without
/// changing its base block.
fn apply_entries(image: &mut Vec<u8>, logs: &[Log<'_>]) -> Result<()> {
    let logs = logs.iter().filter(|log| log.file_type == FileType::NewLog);
    let mut logs: Vec<(&Log<'_>, Vec<LogEntry<'_>>)> =
        logs.map(|log| (log, entries(log.bytes))).filter(|(_, entries)| !entries.is_empty()).collect();
    logs.sort_by_key(|(_, entries)| entries.first().map(|entry| entry.sequence));
    if let Some((log, _)) = logs.first() {
        restore_base_block(image, log)?;
    }
    let oldest = BaseBlock::parse(image)?.secondary_sequence()?;
    let mut expected = None;
    for entry in logs.iter().flat_map(|(_, entries)| entries).filter(|entry| entry.sequence >= oldest) {
        let is_next = expected.is_none_or(|expected| expected == entry.sequence);
        let Some(pages) = entry.pages().ok().filter(|_| is_next) else { break };
        if !write_pages(image, &pages, entry.bins_size)? {
            break;
        }
        base_block::finish(image, entry.sequence, entry.bins_size)?;
        expected = entry.sequence.checked_add(1);
    }
    Ok(())
}

/// Applies the log that was written for the hive's last write: the times in both tell. A result whose bins aren't whole
/// is given up, as Windows does.
fn apply_dirty_pages(image: &mut Vec<u8>, logs: &[Log<'_>]) -> Result<()> {
    let base = BaseBlock::parse(image)?;
    let time = match base.has_right_checksum() {
        true => base.last_written()?,
        false => Fields::new(image).le64(BIN_TIMESTAMP)?,
    };
    let belongs =
        |log: &&Log<'_>| log.file_type == FileType::OldLog && log.base.last_written().is_ok_and(|own| own == time);
    let Some(log) = logs.iter().find(belongs) else { return Ok(()) };
    let bins_size = log.base.bins_size()?;
    let Ok(pages) = dirty_vector::pages(log.bytes, bins_size) else { return Ok(()) };
    let mut recovered = image.clone();
    restore_base_block(&mut recovered, log)?;
    let is_written = write_pages(&mut recovered, &pages, bins_size)?;
    base_block::finish(&mut recovered, log.base.secondary_sequence()?, bins_size)?;
    if is_written && hive_bin::cells(&recovered, bins_size, false).is_ok() {
        *image = recovered;
    }
    Ok(())
}

/// Takes the base block from a log where the hive's own is damaged.
fn restore_base_block(image: &mut [u8], log: &Log<'_>) -> Result<()> {
    if BaseBlock::parse(image)?.has_right_checksum() {
        return Ok(());
    }
    if let (Some(to), Some(from)) = (image.get_mut(..LOGGED), log.bytes.get(..LOGGED)) {
        to.copy_from_slice(from);
    }
    base_block::finish(image, log.base.secondary_sequence()?, log.base.bins_size()?)
}

/// Writes pages of a log into the hive, which becomes long enough for its bins. False if one lies outside of it:
/// nothing is written then.
///
/// # Errors
/// *Unsupported* if the hive becomes too long.
fn write_pages(image: &mut Vec<u8>, pages: &[(usize, &[u8])], bins_size: u32) -> Result<bool> {
    let length = base_block::SIZE.saturating_add(bins_size as usize).max(image.len());
    if length as u64 > MAX_HIVE_SIZE {
        return Err(Error::unsupported(format!("registry: a hive of {length} bytes")));
    }
    let fits = |(offset, page): &(usize, &[u8])| offset.checked_add(page.len()).is_some_and(|end| end <= length);
    if !pages.iter().all(fits) {
        return Ok(false);
    }
    image.resize(length, 0);
    for (offset, page) in pages {
        if let Some(place) = image.get_mut(*offset..).and_then(|rest| rest.get_mut(..page.len())) {
            place.copy_from_slice(page);
        }
    }
    Ok(true)
}

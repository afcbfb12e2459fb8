//! A directory: where it is, and what its entries are together.

use std::ops::ControlFlow;

use bstr::BString;
use glassbox_io::{Error, ReadAt, Result};

use crate::NodeId;

use super::Fat;
use super::code_page::CodePage;
use super::directory_entry::DirectoryEntry;
use super::long_name::LongName;

/// Section 6: a directory has at most 65,536 entries.
const MAX_SIZE: u64 = 65_536 * DirectoryEntry::SIZE as u64;

/// Where a directory's entries are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The root of FAT12 and FAT16: a region of its own (bytes).
    Region {
        /// Its first byte.
        start: u64,
        /// Its length.
        length: u64,
    },
    /// A chain of clusters, by its first one.
    Chain(u32),
}

/// A directory's contents, as byte ranges of the volume (start, length).
pub(super) struct Contents(Vec<(u64, u64)>);

impl Contents {
    /// Its size in bytes.
    pub(super) fn size(&self) -> u64 {
        self.0.iter().fold(0, |sum, (_, length)| sum.saturating_add(*length))
    }
}

pub(super) fn contents(fat: &Fat, place: Place) -> Result<Contents> {
    let first = match place {
        Place::Region { start, length } => return Ok(Contents(vec![(start, length)])),
        Place::Chain(first) => first,
    };
    let cluster_size = fat.boot.cluster_size;
    let most = u32::try_from(MAX_SIZE.div_ceil(cluster_size)).unwrap_or(u32::MAX);
    let runs = fat.table.chain(&fat.metadata, first, most.saturating_add(1))?;
    let ranges = runs
        .iter()
        .map(|run| Ok((fat.boot.cluster_offset(run.cluster)?, u64::from(run.count).saturating_mul(cluster_size))));
    let contents = Contents(ranges.collect::<Result<_>>()?);
    if contents.size() > MAX_SIZE.next_multiple_of(cluster_size) {
        return Err(Error::corrupt("FAT: a directory has more than 65536 entries"));
    }
    Ok(contents)
}

/// Shows `visit` each 32 bytes with their place on the volume, used or not.
pub(super) fn each_slot(
    fat: &Fat,
    contents: &Contents,
    visit: &mut dyn FnMut(u64, &DirectoryEntry) -> Result<ControlFlow<()>>,
) -> Result<()> {
    // As much as a page of the cache.
    let mut buffer = [0; 16 << 10];
    for (start, length) in &contents.0 {
        let mut done = 0u64;
        while done < *length {
            let offset = start.saturating_add(done);
            let count = usize::try_from(length.saturating_sub(done)).unwrap_or(usize::MAX).min(buffer.len());
            let Some(piece) = buffer.get_mut(..count) else { break };
            fat.metadata.read_exact_at(piece, offset)?;
            for (index, slot) in piece.as_chunks().0.iter().enumerate() {
                let place = offset.saturating_add((index as u64).saturating_mul(DirectoryEntry::SIZE as u64));
                if visit(place, &DirectoryEntry::parse(*slot))?.is_break() {
                    return Ok(());
                }
            }
            done = done.saturating_add(count as u64);
        }
    }
    Ok(())
}

/// A file or directory.
pub(super) struct Entry<'a> {
    pub(super) node: NodeId,
    pub(super) short: &'a DirectoryEntry,
    long: &'a LongName,
}

impl Entry<'_> {
    pub(super) fn is_dot(&self) -> bool {
        self.short.is_dot()
    }

    /// Its long name, if it has one.
    pub(super) fn long_name(&self) -> Option<BString> {
        self.long.of(self.short)
    }

    /// Its short name, as it is shown.
    pub(super) fn short_name(&self, code_page: CodePage) -> BString {
        self.short.shown_name(code_page)
    }
}

/// Shows `visit` each file and directory. An unused slot ends a directory by the specification, but as Linux doesn't stop
/// there, what follows is shown here too.
pub(super) fn visit(
    fat: &Fat,
    contents: &Contents,
    visit: &mut dyn FnMut(&Entry<'_>) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut long = LongName::default();
    each_slot(fat, contents, &mut |place, slot| {
        if slot.is_deleted() {
            long.clear();
        } else if slot.is_long_name() {
            long.push(slot);
        } else if slot.is_free() || slot.is_volume_or_long_name() {
            long.clear();
        } else {
            let node = NodeId(place.checked_div(DirectoryEntry::SIZE as u64).unwrap_or(0));
            let entry = Entry { node, short: slot, long: &long };
            // A name of spaces alone is none.
            if entry.long_name().is_some() || !entry.short_name(fat.code_page).is_empty() {
                let flow = visit(&entry)?;
                long.clear();
                return Ok(flow);
            }
            long.clear();
        }
        Ok(ControlFlow::Continue(()))
    })
}

//! Extended boot records: a linked list of sectors inside the extended partition, each holding (usually) one logical
//! partition and a link to the next record.

use std::collections::HashSet;

use glassbox_io::Result;

use crate::mbr::{BootRecord, Entry, Numbered};
use crate::table::PartitionRole;

/// Records followed without meeting a partition before we give up; Linux has the same bound.
const MAX_EMPTY_RECORDS: usize = 100;

/// Adds the logical partitions of `extended` in the order of their chain. A damaged link ends the chain, as for Linux.
pub(crate) fn read_chain(extended: &Entry, found: &mut Numbered<'_>) -> Result<()> {
    let first = extended.start;
    let end = first.saturating_add(extended.sectors);
    let (mut here, mut size) = (first, extended.sectors);
    let mut empty = 0usize;
    // Linux follows a loop until it runs out of numbers, and shows the same partition 251 times; once is enough.
    let mut visited = HashSet::new();

    while visited.insert(here) && here < found.sectors.count() {
        let Some(record) = BootRecord::parse(&found.sectors.read(here)?)? else { break };
        empty = empty.saturating_add(1);
        if empty > MAX_EMPTY_RECORDS {
            break;
        }
        for (slot, entry) in record.entries.iter().enumerate() {
            if !entry.is_used() || entry.is_extended() {
                continue;
            }
            let start = here.saturating_add(entry.start);
            // OS/2 uses all four entries, others leave garbage in the last two: those must lie inside.
            let inside = entry.start.saturating_add(entry.sectors) <= size
                && start >= first
                && start.saturating_add(entry.sectors) <= end;
            if slot >= 2 && !inside {
                continue;
            }
            if !found.push_next(entry, start, PartitionRole::Logical) {
                return Ok(());
            }
            empty = 0;
        }
        // The link counts from the extended partition's beginning, not from this record. DR-DOS puts it first.
        let Some(link) = record.entries.iter().find(|entry| entry.is_used() && entry.is_extended()) else { break };
        here = first.saturating_add(link.start);
        size = link.sectors;
    }
    Ok(())
}

//! Extended boot records: a linked list of sectors inside the extended partition, each holding (usually) one logical
//! partition and a link to the next record.

use std::collections::HashSet;

use glassbox_io::Result;

use crate::mbr::{BootRecord, Entry, Numbered};
use crate::sectors::Sectors;
use crate::table::PartitionRole;

/// Records followed without meeting a partition before we give up; Linux has the same bound.
const MAX_EMPTY_RECORDS: usize = 100;

/// Logical partitions that libfdisk has room for, beside the four primary ones.
const MAX_FDISK_RECORDS: usize = 56;

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

/// Whether everybody reads the chain of `extended` alike: each record holds one partition and then perhaps a link, and
/// nothing leads back. A first record without anything, and the end of the
/// disk, end it as well.
pub(crate) fn is_ordinary(sectors: Sectors<'_>, extended: &Entry) -> Result<bool> {
    let mut here = extended.start;
    let mut visited = HashSet::new();
    while here < sectors.count() {
        if !visited.insert(here) || visited.len() > MAX_FDISK_RECORDS {
            return Ok(false);
        }
        let Some(record) = BootRecord::parse(&sectors.read(here)?)? else { return Ok(visited.len() == 1) };
        if record.entries.iter().all(Entry::is_cleared) {
            return Ok(visited.len() == 1);
        }
        let [data, link, third, fourth] = &record.entries;
        let plain = data.is_used() && !data.is_extended() && third.is_cleared() && fourth.is_cleared();
        match (plain, link.is_cleared()) {
            (true, true) => return Ok(true),
            (true, false) if link.is_used() && link.is_extended() => here = extended.start.saturating_add(link.start),
            _ => return Ok(false),
        }
    }
    Ok(true)
}

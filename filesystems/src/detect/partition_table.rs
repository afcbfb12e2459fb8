//! Whether a range of a disk belongs to one of its partitions: a superblock at a disk's end may be its last partition's.

use glassbox_io::{Fields, Result};

use super::volume::Volume;

/// Whether some partition of `volume` holds all of `start..start + length` (bytes).
pub(super) fn covers(volume: &Volume<'_>, start: u64, length: u64) -> Result<bool> {
    let end = start.saturating_add(length);
    if volume.len() < 512 || !volume.has_bytes(510, b"\x55\xaa")? {
        return Ok(false);
    }
    let sector = volume.bytes(0, 512)?;
    let mbr = Fields::new(&sector);
    for entry in [446, 462, 478, 494] {
        let entry = mbr.at(entry, 16)?;
        // UEFI 2.10, 5.2.3: type EE says that the true table is a GPT.
        if entry.u8(4)? == 0xee {
            return covered_by_gpt(volume, start, end);
        }
        let first = u64::from(entry.le32(8)?).saturating_mul(512);
        let size = u64::from(entry.le32(12)?).saturating_mul(512);
        if size > 0 && first <= start && first.saturating_add(size) >= end {
            return Ok(true);
        }
    }
    Ok(false)
}

/// UEFI 2.10, 5.3.2 and 5.3.3: the header at LBA 1, and entries of at least 128 bytes.
fn covered_by_gpt(volume: &Volume<'_>, start: u64, end: u64) -> Result<bool> {
    // The usual count of entries; a larger table isn't needed to decide about a leftover superblock.
    const MAX_ENTRIES: u32 = 128;
    let Some(sector_size) =
        [512u64, 4096].into_iter().find(|size| matches!(volume.has_bytes(*size, b"EFI PART"), Ok(true)))
    else {
        return Ok(false);
    };
    let header = volume.bytes(sector_size, 92)?;
    let header = Fields::new(&header);
    let (table, count, size) = (header.le64(72)?, header.le32(80)?.min(MAX_ENTRIES), header.le32(84)?);
    for index in 0..u64::from(count) {
        let entry = table.saturating_mul(sector_size).saturating_add(index.saturating_mul(u64::from(size)));
        let entry = volume.bytes(entry, 48)?;
        let entry = Fields::new(&entry);
        let (first, last) = (entry.le64(32)?, entry.le64(40)?);
        if first > 0
            && first.saturating_mul(sector_size) <= start
            && last.saturating_add(1).saturating_mul(sector_size) >= end
        {
            return Ok(true);
        }
    }
    Ok(false)
}

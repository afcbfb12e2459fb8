//! The GUID partition table (UEFI 2.10, chapter 5): a header and an array of entries, both with checksums, at the
//! disk's beginning and once more at its end.

mod entry;
mod header;

use glassbox_io::{Error, Result};
use uuid::Uuid;

pub use entry::{GptAttributes, GptPartition};

use crate::sectors::Sectors;
use crate::table::Partition;
use entry::Entry;
use header::Header;

/// What a GPT says of its whole disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GptDisk {
    /// The disk's GUID.
    pub guid: Uuid,
    /// Which of the two copies this was read from.
    pub copy: GptCopy,
    /// How many entries the array has room for, used or not.
    pub entry_count: u32,
}

/// The copies of a GPT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GptCopy {
    /// The one at the beginning. It stands alone on a disk that was enlarged: its backup isn't at the end any more.
    Primary,
    /// The one at the end; the primary is damaged. Linux itself shows no partitions then (unless booted with `gpt`),
    /// parted and sgdisk do.
    Backup,
}

/// Whether a header's mark is where one would be in sectors of this size, at the beginning or the end.
pub(crate) fn has_mark(sectors: Sectors<'_>) -> bool {
    [1, last_lba(sectors)].into_iter().any(|lba| sectors.read(lba).is_ok_and(|sector| Header::has_mark(&sector)))
}

/// The partitions, from the primary or else the backup; *corrupt* when neither is whole.
pub(crate) fn read(sectors: Sectors<'_>) -> Result<(GptDisk, Vec<Partition>)> {
    let damage = match read_copy(sectors, 1, GptCopy::Primary) {
        Ok(found) => return Ok(found),
        Err(error) => error,
    };
    // The end is where a backup belongs. After the disk grew, the damaged primary may still say where it is; a wrong
    // address does no harm, because the header found there must hold its own address and checksum.
    let said = sectors.read(1).and_then(|sector| Header::alternate_of(&sector));
    let places = [Some(last_lba(sectors)), said.ok()];
    for lba in places.into_iter().flatten().filter(|&lba| lba > 1) {
        if let Ok(found) = read_copy(sectors, lba, GptCopy::Backup) {
            return Ok(found);
        }
    }
    Err(Error::corrupt("GPT: the primary is damaged, and no backup is whole").caused_by(damage))
}

fn last_lba(sectors: Sectors<'_>) -> u64 {
    sectors.count().saturating_sub(1)
}

fn read_copy(sectors: Sectors<'_>, lba: u64, copy: GptCopy) -> Result<(GptDisk, Vec<Partition>)> {
    let offset = sectors.bytes(lba);
    let header = sectors.read(lba).and_then(|sector| Header::parse(&sector, lba, last_lba(sectors)));
    let header = header.map_err(|error| error.at_offset(offset))?;
    let array = header.read_entries(sectors)?;
    let mut partitions = Vec::new();
    for (number, bytes) in (1u32..).zip(array.chunks_exact(header.entry_size)) {
        if let Some(entry) = Entry::parse(bytes)?.filter(|entry| entry.fits(last_lba(sectors))) {
            partitions.push(entry.into_partition(number, sectors));
        }
    }
    Ok((GptDisk { guid: header.disk_guid, copy, entry_count: header.entry_count }, partitions))
}

//! The GUID partition table (UEFI 2.10, chapter 5): a header and an array of entries, both with checksums, at the
//! disk's beginning and once more at its end.

mod entry;
mod header;
mod type_name;

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

/// Whether one of the two copies is whole and stands where it belongs, as libfdisk asks for it.
pub(crate) fn is_in_place(sectors: Sectors<'_>) -> bool {
    let copies = [(1, GptCopy::Primary), (last_lba(sectors), GptCopy::Backup)];
    copies.into_iter().any(|(lba, copy)| read_copy(sectors, lba, copy).is_ok())
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

#[cfg(test)]
mod tests {
    use glassbox_io::ErrorKind;

    use crate::mbr::tests::write_record;
    use crate::{PartitionTable, TableKind};

    const SECTORS: u64 = 200;
    const ENTRY_SIZE: usize = 256;

    /// One partition (first sector, last, name in UTF-16) in entries of 256 bytes, without a backup.
    fn disk(first: u64, last: u64, name: &[u16]) -> Vec<u8> {
        let mut disk = vec![0; SECTORS as usize * 512];
        write_record(&mut disk, 0, &[(false, 0xee, 1, SECTORS as u32 - 1)]);
        let entry = &mut disk[2 * 512 + ENTRY_SIZE..][..ENTRY_SIZE];
        entry[..32].fill(0x11);
        entry[32..40].copy_from_slice(&first.to_le_bytes());
        entry[40..48].copy_from_slice(&last.to_le_bytes());
        for (place, unit) in entry[56..].chunks_mut(2).zip(name) {
            place.copy_from_slice(&unit.to_le_bytes());
        }
        write_header(&mut disk, 4);
        disk
    }

    fn write_header(disk: &mut [u8], entries: u32) {
        let checksum = crc32fast::hash(&disk[1024..][..ENTRY_SIZE * entries.min(100) as usize]);
        let header = &mut disk[512..][..92];
        header.fill(0);
        header[..8].copy_from_slice(b"EFI PART");
        for (offset, value) in [(12, 92), (80, entries), (84, ENTRY_SIZE as u32), (88, checksum)] {
            header[offset..][..4].copy_from_slice(&value.to_le_bytes());
        }
        for (offset, value) in [(24, 1), (32, SECTORS - 1), (40, 6), (48, SECTORS - 7), (72, 2)] {
            header[offset..][..8].copy_from_slice(&value.to_le_bytes());
        }
        let checksum = crc32fast::hash(header);
        header[16..20].copy_from_slice(&checksum.to_le_bytes());
    }

    #[test]
    fn larger_entries_and_odd_names() {
        let name: Vec<u16> = "é😀".encode_utf16().chain([0xd800, u16::from(b'x'), 0, u16::from(b'y')]).collect();
        let table = PartitionTable::read(&disk(10, 19, &name), None).unwrap().unwrap();
        let [partition] = table.partitions.as_slice() else { panic!("{table:?}") };
        assert_eq!((partition.number, partition.start, partition.size), (2, 5120, 5120));
        assert_eq!(partition.gpt.as_ref().unwrap().name, "é😀\u{fffd}x");
        assert_eq!(partition.part_uuid.as_deref(), Some("11111111-1111-1111-1111-111111111111"));
    }

    #[test]
    fn entries_off_the_disk_are_left_out() {
        for (first, last) in [(10, SECTORS), (SECTORS + 5, SECTORS + 9), (20, 10), (u64::MAX, u64::MAX), (0, u64::MAX)]
        {
            let table = PartitionTable::read(&disk(first, last, &[]), None).unwrap().unwrap();
            assert!(table.partitions.is_empty(), "{first} to {last}");
        }
    }

    #[test]
    fn absurd_headers_are_corrupt() {
        let whole = disk(10, 19, &[]);
        for count in [u32::MAX, 1 << 20, 100] {
            let mut disk = whole.clone();
            write_header(&mut disk, count);
            if count == 100 {
                disk[2 * 512 + 99 * ENTRY_SIZE] ^= 1;
            }
            let error = PartitionTable::read(&disk, None).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{count}");
        }
        assert_eq!(TableKind::probe(&whole, None).unwrap(), Some(TableKind::Gpt));
    }

    #[test]
    fn without_a_protective_entry_it_is_old() {
        let mut disk = disk(10, 19, &[]);
        write_record(&mut disk, 0, &[(false, 0x83, 5, 50)]);
        let table = PartitionTable::read(&disk, None).unwrap().unwrap();
        assert_eq!((table.kind, table.partitions.len()), (TableKind::Msdos, 1));
    }
}

//! The master boot record: a boot sector with four partition entries, and the chain of extended boot records.
//!
//! There is no specification. What counts is what Linux accepts (`block/partitions/msdos.c`), and its numbers:
//! primary partitions have their slot's (1–4), logical ones count from 5 in the order of the chain.

use glassbox_io::{Fields, Result};

use crate::bsd_label;
use crate::chs::Chs;
use crate::ebr;
use crate::foreign;
use crate::sectors::Sectors;
use crate::table::{MAX_DEVICES, Partition, PartitionRole};

/// Where the four entries stand in the sector; a boot sector's code ends here.
const ENTRIES: usize = 0x1be;
const ENTRY_SIZE: usize = 16;
/// Where Windows NT's disk signature stands.
const DISK_SIGNATURE: usize = 0x1b8;
/// Where the mark 55 AA stands: at 510 for sectors of every size.
const BOOT_SIGNATURE: usize = 510;

/// The type that a GPT's protective entry has (UEFI 2.10, table 5.4).
const TYPE_GPT_PROTECTIVE: u8 = 0xee;
/// Extended partitions: CHS-addressed, LBA-addressed, and Linux's own.
const EXTENDED_TYPES: [u8; 3] = [0x05, 0x0f, 0x85];

/// What an MBR says of its whole disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MbrDisk {
    /// The disk signature ("label-id"), from which PARTUUIDs are made; 0 where none was set.
    pub signature: u32,
}

/// One of the four entries of an MBR or EBR.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub boot_indicator: u8,
    pub id: u8,
    /// The first sector and the last, by the geometry that the table was made for.
    pub chs: [Chs; 2],
    /// First sector, counted from the disk's beginning in an MBR, and from elsewhere in an EBR.
    pub start: u64,
    pub sectors: u64,
}

impl Entry {
    fn parse(fields: Fields<'_>) -> Result<Self> {
        Ok(Entry {
            boot_indicator: fields.u8(0)?,
            id: fields.u8(4)?,
            chs: [Chs::parse(fields.at(1, 3)?)?, Chs::parse(fields.at(5, 3)?)?],
            start: fields.le32(8)?.into(),
            sectors: fields.le32(12)?.into(),
        })
    }

    pub fn is_used(&self) -> bool {
        self.sectors != 0
    }

    /// Whether nothing is written in it at all, as fdisk asks for it.
    pub fn is_cleared(&self) -> bool {
        let bits = u64::from(self.boot_indicator | self.id) | self.start | self.sectors;
        bits == 0 && self.chs == [Chs::default(); 2]
    }

    pub fn is_extended(&self) -> bool {
        EXTENDED_TYPES.contains(&self.id)
    }
}

/// A sector that ends in 55 AA, and its four entries.
pub(crate) struct BootRecord {
    pub entries: [Entry; 4],
    pub disk_signature: u32,
    fat: bool,
    ntfs: bool,
}

impl BootRecord {
    /// `None` without the mark.
    pub fn parse(sector: &[u8]) -> Result<Option<Self>> {
        let fields = Fields::new(sector);
        if fields.array(BOOT_SIGNATURE)? != [0x55, 0xaa] {
            return Ok(None);
        }
        let entry = |slot: usize| {
            let offset = ENTRIES.saturating_add(ENTRY_SIZE.saturating_mul(slot));
            fields.at(offset, ENTRY_SIZE).and_then(Entry::parse)
        };
        Ok(Some(BootRecord {
            entries: [entry(0)?, entry(1)?, entry(2)?, entry(3)?],
            disk_signature: fields.le32(DISK_SIGNATURE)?,
            // The type strings of FAT12/16 and FAT32 boot sectors; informative, but every formatter writes them.
            fat: fields.slice(0x36, 3)? == b"FAT" || fields.slice(0x52, 3)? == b"FAT",
            ntfs: matches!(fields.slice(3, 8)?, b"NTFS    " | b"EXFAT   "),
        }))
    }

    /// Whether a GPT stands behind this record: a protective entry that begins at sector 1, as Linux asks for it.
    pub fn is_protective(&self) -> bool {
        self.entries.iter().any(|entry| entry.id == TYPE_GPT_PROTECTIVE && entry.start == 1)
    }

    /// FAT and NTFS boot sectors end in 55 AA too. Their code or text where entries would be gives them away; where
    /// that is zeros, their names do.
    pub fn is_partition_table(&self) -> bool {
        let entries = &self.entries;
        if entries.iter().any(|entry| !matches!(entry.boot_indicator, 0 | 0x80) || entry.id == TYPE_GPT_PROTECTIVE) {
            return false;
        }
        !(self.fat || self.ntfs) || entries.iter().any(Entry::is_used)
    }
}

/// The partitions of an MBR.
pub(crate) fn read(sectors: Sectors<'_>, record: &BootRecord) -> Result<(MbrDisk, Vec<Partition>)> {
    let slots = || (1u32..).zip(&record.entries).filter(|(_, entry)| entry.is_used());
    let mut found = Numbered { disk_signature: record.disk_signature, sectors, next: 5, partitions: Vec::new() };
    for (slot, entry) in slots() {
        foreign::refuse_unread_slice(sectors, entry)?;
        let role = if entry.is_extended() { PartitionRole::Extended } else { PartitionRole::Primary };
        found.push(slot, entry, entry.start, role);
        if entry.is_extended() {
            ebr::read_chain(entry, &mut found)?;
        }
    }
    // Linux looks into slices only after all logical partitions have their numbers.
    for (_, entry) in slots() {
        bsd_label::read(entry, &mut found)?;
    }
    Ok((MbrDisk { signature: record.disk_signature }, found.partitions))
}

/// The partitions found so far, and the number that the next one gets which has no slot of its own.
pub(crate) struct Numbered<'a> {
    pub sectors: Sectors<'a>,
    partitions: Vec<Partition>,
    next: u32,
    disk_signature: u32,
}

impl Numbered<'_> {
    fn push(&mut self, number: u32, entry: &Entry, start: u64, role: PartitionRole) {
        self.partitions.push(Partition {
            number,
            start: self.sectors.bytes(start),
            size: self.sectors.bytes(entry.sectors),
            role,
            mbr_id: Some(entry.id),
            bootable: entry.boot_indicator == 0x80,
            gpt: None,
            part_uuid: (role != PartitionRole::Nested).then(|| format!("{:08x}-{number:02x}", self.disk_signature)),
            sector_size: self.sectors.size(),
        });
    }

    /// Gives the next number; false when there are no more.
    pub fn push_next(&mut self, entry: &Entry, start: u64, role: PartitionRole) -> bool {
        if self.next > MAX_DEVICES {
            return false;
        }
        self.push(self.next, entry, start, role);
        self.next = self.next.saturating_add(1);
        true
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::PartitionTable;

    /// Writes a boot record's mark and its entries (active, id, start, sectors) into the sector at `lba`.
    pub(crate) fn write_record(disk: &mut [u8], lba: usize, entries: &[(bool, u8, u32, u32)]) {
        let sector = &mut disk[lba * 512..][..512];
        sector[510..].copy_from_slice(&[0x55, 0xaa]);
        for (entry, &(active, id, start, sectors)) in sector[ENTRIES..].chunks_mut(ENTRY_SIZE).zip(entries) {
            entry[0] = if active { 0x80 } else { 0 };
            entry[4] = id;
            entry[8..12].copy_from_slice(&start.to_le_bytes());
            entry[12..16].copy_from_slice(&sectors.to_le_bytes());
        }
    }

    /// Number, first sector, sectors, id of each partition.
    fn numbered(disk: &Vec<u8>) -> Vec<(u32, u64, u64, u8)> {
        let table = PartitionTable::read(disk, None).unwrap().unwrap();
        table.partitions.iter().map(|p| (p.number, p.start / 512, p.size / 512, p.mbr_id.unwrap())).collect()
    }

    #[test]
    fn logical_partitions_count_from_five_along_the_chain() {
        let mut disk = vec![0; 512 << 10];
        write_record(
            &mut disk,
            0,
            &[(true, 0x83, 1, 10), (false, 0, 0, 0), (false, 0x0f, 100, 900), (false, 7, 20, 5)],
        );
        write_record(&mut disk, 100, &[(false, 0x83, 2, 20), (false, 5, 50, 30)]);
        // DR-DOS writes the link first; the third entry lies outside and is garbage.
        write_record(&mut disk, 150, &[(false, 5, 200, 30), (false, 0x82, 3, 10), (false, 1, 500, 2000)]);
        write_record(&mut disk, 300, &[(false, 0x8e, 1, 20)]);
        assert_eq!(
            numbered(&disk),
            [
                (1, 1, 10, 0x83),
                (3, 100, 900, 0x0f),
                (5, 102, 20, 0x83),
                (6, 153, 10, 0x82),
                (7, 301, 20, 0x8e),
                (4, 20, 5, 7)
            ]
        );
        let table = PartitionTable::read(&disk, None).unwrap().unwrap();
        let listed: Vec<_> = table.by_position().map(|partition| partition.number).collect();
        assert_eq!(listed, [1, 4, 3, 5, 6, 7]);
        assert_eq!(table.partition(3).unwrap().device_size(), 1024);
        assert_eq!(table.partition(5).unwrap().part_uuid.as_deref(), Some("00000000-05"));
        assert!(table.partition(1).unwrap().bootable);
    }

    #[test]
    fn chains_of_empty_records_end() {
        let mut disk = vec![0; 512 << 10];
        write_record(&mut disk, 0, &[(false, 5, 1, 1000)]);
        for lba in 1..400 {
            write_record(&mut disk, lba, &[(false, 0, 0, 0), (false, 5, lba as u32, 1)]);
        }
        write_record(&mut disk, 400, &[(false, 0x83, 1, 1)]);
        assert_eq!(numbered(&disk).len(), 1);
    }

    #[test]
    fn boot_sectors_of_filesystems_are_no_tables() {
        let mut disk = vec![0; 64 << 10];
        write_record(&mut disk, 0, &[]);
        assert!(numbered(&disk).is_empty());
        for (offset, name) in [(0x36, &b"FAT16   "[..]), (0x52, b"FAT32   "), (3, b"NTFS    "), (3, b"EXFAT   ")] {
            let mut disk = disk.clone();
            disk[offset..][..name.len()].copy_from_slice(name);
            assert!(PartitionTable::read(&disk, None).unwrap().is_none());
            // With entries in it, Linux takes it for a table.
            write_record(&mut disk, 0, &[(false, 6, 1, 100)]);
            assert_eq!(numbered(&disk).len(), 1);
        }
        disk[ENTRIES] = b'x';
        assert!(PartitionTable::read(&disk, None).unwrap().is_none());
    }

    #[test]
    fn slices_that_linux_would_divide_are_refused_by_name() {
        let mut disk = vec![0; 64 << 10];
        write_record(&mut disk, 0, &[(false, TYPE_SOLARIS, 4, 100)]);
        assert_eq!(numbered(&disk).len(), 1, "0x82 is swap without a label");
        disk[5 * 512 + 12..][..4].copy_from_slice(&0x600d_deee_u32.to_le_bytes());
        let error = PartitionTable::read(&disk, None).unwrap_err();
        assert!(error.is_unsupported() && error.message().contains("Solaris"), "{error:?}");
    }

    const TYPE_SOLARIS: u8 = 0x82;
}

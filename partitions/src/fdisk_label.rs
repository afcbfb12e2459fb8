//! The label that libfdisk (fdisk, sfdisk, cfdisk) finds on a disk. It asks for less than Linux does: any sector that
//! ends in 55 AA is a table to it, a filesystem's boot sector as well.

use glassbox_io::{Error, Fields, ReadAt, Result};

use crate::ebr;
use crate::foreign;
use crate::gpt;
use crate::mbr::BootRecord;
use crate::sectors::Sectors;
use crate::table::TableKind;

/// Where libfdisk looks for a BSD label on the whole disk (`LABELSECTOR` of x86), and the label's mark.
const BSD_LABEL: u64 = 512;
const BSD_MAGIC: u32 = 0x8256_4557;

/// What libfdisk calls a disk's label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FdiskLabel {
    /// `gpt`: a protective MBR, and a copy of the table that is whole and in its place.
    Gpt,
    /// `dos`.
    Dos {
        /// The disk signature.
        signature: u32,
        /// How many of the four entries have anything written in them.
        entries: usize,
    },
}

impl FdiskLabel {
    /// The label of `disk`, whose sectors have `sector_size` bytes; `None` where there is none that libfdisk knows.
    ///
    /// # Errors
    /// *Unsupported* for labels of AIX, BSD, SGI and Sun, and where programs read a chain of EBRs differently.
    pub fn read(disk: &dyn ReadAt, sector_size: u32) -> Result<Option<Self>> {
        let sectors = Sectors::new(disk, sector_size);
        let record = match find(sectors, disk)? {
            Found::Gpt => return Ok(Some(FdiskLabel::Gpt)),
            Found::Nothing => return Ok(None),
            Found::Dos(record) => record,
        };
        for extended in record.entries.iter().filter(|entry| entry.is_used() && entry.is_extended()) {
            if !ebr::is_ordinary(sectors, extended)? {
                return Err(Error::unsupported("fdisk's view of an odd chain of extended boot records"));
            }
        }
        let entries = record.entries.iter().filter(|entry| !entry.is_cleared()).count();
        Ok(Some(FdiskLabel::Dos { signature: record.disk_signature, entries }))
    }
}

pub(crate) enum Found {
    Gpt,
    Dos(BootRecord),
    Nothing,
}

/// Looks in libfdisk's order.
pub(crate) fn find(sectors: Sectors<'_>, disk: &dyn ReadAt) -> Result<Found> {
    let unsupported = |kind: TableKind| Err(Error::unsupported(format!("fdisk's view of the label: {}", kind.name())));
    let record = match sectors.read_512(0)? {
        Some(sector) => BootRecord::parse(&sector)?,
        None => None,
    };
    let foreign = foreign::recognise(disk)?;
    match (record, foreign) {
        (_, Some(TableKind::Aix)) => unsupported(TableKind::Aix),
        (Some(record), _) if record.is_protective() && gpt::is_in_place(sectors) => Ok(Found::Gpt),
        (Some(record), _) => Ok(Found::Dos(record)),
        (None, Some(kind @ (TableKind::Dvh | TableKind::Sun))) => unsupported(kind),
        (None, _) if has_bsd_label(sectors)? => unsupported(TableKind::Bsd),
        (None, _) => Ok(Found::Nothing),
    }
}

fn has_bsd_label(sectors: Sectors<'_>) -> Result<bool> {
    match sectors.read_512(BSD_LABEL)? {
        Some(sector) => Ok(Fields::new(&sector).le32(0)? == BSD_MAGIC),
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mbr::tests::write_record;

    /// Where a record stands; of each entry whether it is active, the type, the first sector and how many.
    type Record<'a> = (usize, &'a [(bool, u8, u32, u32)]);

    /// An extended partition of sectors 10 to 89, and the records that stand in it.
    fn label(records: &[Record<'_>]) -> Result<Option<FdiskLabel>> {
        let mut disk = vec![0; 100 * 512];
        write_record(&mut disk, 0, &[(true, 0x83, 1, 9), (false, 5, 10, 80)]);
        for (lba, entries) in records {
            write_record(&mut disk, *lba, entries);
        }
        FdiskLabel::read(&disk, 512)
    }

    #[test]
    fn chains_that_programs_read_differently_are_refused() {
        let data = (false, 0x83, 1, 9);
        let dos = Some(FdiskLabel::Dos { signature: 0, entries: 2 });
        assert_eq!(label(&[]).unwrap(), dos);
        assert_eq!(label(&[(10, &[])]).unwrap(), dos);
        assert_eq!(label(&[(10, &[data, (false, 5, 20, 10)]), (30, &[data])]).unwrap(), dos);
        assert_eq!(label(&[(10, &[data, (false, 5, 500, 10)])]).unwrap(), dos);
        let none = (false, 0, 0, 0);
        for records in [
            &[(10, &[data, (false, 5, 0, 10)][..])][..],
            &[(10, &[none, (false, 5, 20, 10)]), (30, &[data])],
            &[(10, &[data, none, (false, 0x83, 40, 2)])],
            &[(10, &[data, (false, 5, 20, 10)]), (30, &[])],
        ] {
            assert!(label(records).unwrap_err().is_unsupported(), "{records:?}");
        }
    }
}

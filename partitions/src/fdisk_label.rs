//! The label that libfdisk (fdisk, sfdisk, cfdisk) finds on a disk. It asks for less than Linux does: any sector that
//! ends in 55 AA is a table to it, a filesystem's boot sector as well.

use glassbox_io::{Error, Fields, ReadAt, Result};

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
    /// *Unsupported* for labels of AIX, BSD, SGI and Sun.
    pub fn read(disk: &dyn ReadAt, sector_size: u32) -> Result<Option<Self>> {
        Ok(match find(Sectors::new(disk, sector_size), disk)? {
            Found::Gpt => Some(FdiskLabel::Gpt),
            Found::Dos(record) => Some(FdiskLabel::Dos {
                signature: record.disk_signature,
                entries: record.entries.iter().filter(|entry| !entry.is_cleared()).count(),
            }),
            Found::Nothing => None,
        })
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

//! The label of a physical volume, and the header behind it: who it is, and where its metadata areas are.

use glassbox_io::{Error, Fields, ReadAt, Result};

use super::checksum::checksum;
use super::uuid::LvmUuid;

/// LVM2 counts in sectors of 512 bytes, whatever the disk's are.
pub(super) const SECTOR: u64 = 512;
const SECTOR_SIZE: usize = 512;
/// The label stands in one of the first four sectors (`LABEL_SCAN_SECTORS`).
const SCANNED_SECTORS: usize = 4;
const LABEL_MARK: &[u8; 8] = b"LABELONE";
const LABEL_TYPE: &[u8; 8] = b"LVM2 001";
/// What the label's checksum covers begins here.
const CHECKED_FROM: usize = 20;
/// Descriptors in both lists. A label's sector has room for 28 of 16 bytes.
const MAX_AREAS: usize = 28;

/// The header of a physical volume.
#[derive(Clone, Debug)]
pub(super) struct PvHeader {
    pub uuid: LvmUuid,
    /// Where extents begin, for a volume that is in no group yet.
    pub data_start: u64,
    /// Offset and size of each metadata area, in bytes.
    pub metadata_areas: Vec<(u64, u64)>,
}

impl PvHeader {
    /// The header on `device`; `None` if that is no physical volume.
    pub fn read(device: &dyn ReadAt) -> Result<Option<Self>> {
        let mut bytes = [0; SCANNED_SECTORS * SECTOR_SIZE];
        let count = device.read_at(&mut bytes, 0)?;
        let sectors = bytes.get(..count).unwrap_or_default().chunks_exact(SECTOR_SIZE);
        let mut damage = None;
        for (number, sector) in (0u64..).zip(sectors) {
            let fields = Fields::new(sector);
            if fields.slice(0, 8)? != LABEL_MARK || fields.slice(24, 8)? != LABEL_TYPE {
                continue;
            }
            // A copied label (of a partition that began elsewhere) has another number: LVM2 passes it over.
            if fields.le64(8)? != number {
                continue;
            }
            if checksum(fields.from(CHECKED_FROM)?.bytes()) != fields.le32(16)? {
                let offset = number.saturating_mul(SECTOR);
                damage = Some(Error::corrupt("LVM2: the label's checksum is wrong").at_offset(offset));
                continue;
            }
            return Self::parse(fields.from(fields.le32(20)? as usize)?).map(Some);
        }
        damage.map_or(Ok(None), Err)
    }

    fn parse(fields: Fields<'_>) -> Result<Self> {
        // Behind the UUID and the device's size, which the group's metadata has too.
        let (data_areas, after) = read_areas(fields, 40)?;
        let (metadata_areas, _) = read_areas(fields, after)?;
        Ok(PvHeader {
            uuid: LvmUuid::parse(fields.slice(0, 32)?)?,
            data_start: data_areas.first().map_or(0, |area| area.0),
            metadata_areas,
        })
    }
}

/// A list of areas (offset, size) that ends with an offset of 0, and where the next list begins.
fn read_areas(fields: Fields<'_>, mut at: usize) -> Result<(Vec<(u64, u64)>, usize)> {
    let mut areas = Vec::new();
    while areas.len() <= MAX_AREAS {
        let area = (fields.le64(at)?, fields.le64(at.saturating_add(8))?);
        at = at.saturating_add(16);
        if area.0 == 0 {
            return Ok((areas, at));
        }
        areas.push(area);
    }
    Err(Error::corrupt("LVM2: the list of areas has no end"))
}

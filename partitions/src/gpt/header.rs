//! The GPT header (UEFI 2.10, table 5.5).

use glassbox_io::{Error, Fields, Result};
use uuid::Uuid;

use crate::sectors::Sectors;

const SIGNATURE: &[u8; 8] = b"EFI PART";
/// A header is at least this long; the rest of its sector is reserved.
const MIN_SIZE: usize = 92;
const CHECKSUM_OFFSET: usize = 16;
/// Entries are 128 × 2ⁿ bytes.
const MIN_ENTRY_SIZE: usize = 128;
/// The array is read whole for its checksum. Linux refuses more than it can allocate at once, which is 4 MiB: 32,768
/// entries, where every formatter makes 128.
const MAX_ARRAY_SIZE: usize = 4 << 20;

pub(super) struct Header {
    pub disk_guid: Uuid,
    pub entry_count: u32,
    pub entry_size: usize,
    entries_lba: u64,
    entries_checksum: u32,
    array_size: usize,
}

impl Header {
    pub fn has_mark(sector: &[u8]) -> bool {
        sector.starts_with(SIGNATURE)
    }

    /// Where the other copy is, from a header that may be damaged.
    pub fn alternate_of(sector: &[u8]) -> Result<u64> {
        Fields::new(sector).le64(32)
    }

    /// The header in `sector`, which was read from `lba` of a disk that ends with `last_lba`.
    pub fn parse(sector: &[u8], lba: u64, last_lba: u64) -> Result<Self> {
        let fields = Fields::new(sector);
        if !Self::has_mark(sector) {
            return Err(Error::corrupt("GPT: no header"));
        }
        let size = fields.le32(12)? as usize;
        if size < MIN_SIZE || size > sector.len() {
            return Err(Error::corrupt(format!("GPT: a header of {size} bytes")));
        }
        if checksum(fields.slice(0, size)?) != fields.le32(CHECKSUM_OFFSET)? {
            return Err(Error::corrupt("GPT: the header's checksum is wrong"));
        }
        if fields.le64(24)? != lba {
            return Err(Error::corrupt("GPT: the header is not where it says that it is"));
        }
        let (first_usable, last_usable) = (fields.le64(40)?, fields.le64(48)?);
        if last_usable > last_lba || first_usable > last_usable {
            return Err(Error::corrupt(format!(
                "GPT: made for a larger disk: its sectors {first_usable} to {last_usable}, the disk ends at {last_lba}"
            )));
        }
        let (entry_count, entry_size) = (fields.le32(80)?, fields.le32(84)? as usize);
        if entry_size < MIN_ENTRY_SIZE || !entry_size.is_power_of_two() {
            return Err(Error::corrupt(format!("GPT: entries of {entry_size} bytes")));
        }
        let array_size = entry_size.saturating_mul(entry_count as usize);
        if array_size > MAX_ARRAY_SIZE {
            return Err(Error::corrupt(format!("GPT: {entry_count} entries of {entry_size} bytes")));
        }
        Ok(Header {
            disk_guid: Uuid::from_bytes_le(fields.array(56)?),
            entry_count,
            entry_size,
            entries_lba: fields.le64(72)?,
            entries_checksum: fields.le32(88)?,
            array_size,
        })
    }

    /// The array of entries, whole.
    pub fn read_entries(&self, sectors: Sectors<'_>) -> Result<Vec<u8>> {
        let array = sectors.read_bytes(self.entries_lba, self.array_size)?;
        if crc32fast::hash(&array) != self.entries_checksum {
            return Err(
                Error::corrupt("GPT: the entries' checksum is wrong").at_offset(sectors.bytes(self.entries_lba))
            );
        }
        Ok(array)
    }
}

/// The CRC-32 of a header, for which its own field counts as zeros.
fn checksum(header: &[u8]) -> u32 {
    let mut bytes = header.to_vec();
    if let Some(field) = bytes.get_mut(CHECKSUM_OFFSET..CHECKSUM_OFFSET.saturating_add(4)) {
        field.fill(0);
    }
    crc32fast::hash(&bytes)
}

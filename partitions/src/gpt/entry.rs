//! An entry of a GPT (UEFI 2.10, table 5.6).

use bstr::BString;
use glassbox_io::{Fields, Result};
use uuid::Uuid;

use crate::sectors::Sectors;
use crate::table::{Partition, PartitionRole};

/// The name is 36 UTF-16 units, or fewer and a zero.
const NAME_OFFSET: usize = 56;
const NAME_SIZE: usize = 72;

/// The type that marks an EFI system partition (UEFI 2.10, table 5.7).
const EFI_SYSTEM: Uuid = Uuid::from_u128(0xc12a7328_f81f_11d2_ba4b_00a0c93ec93b);

/// What a GPT says of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GptPartition {
    /// What the partition is for. `{:X}` of its `hyphenated()` is how sgdisk prints it.
    pub type_guid: Uuid,
    /// The partition's own GUID: its PARTUUID.
    pub unique_guid: Uuid,
    /// The name as UTF-8. Unpaired surrogates became U+FFFD.
    pub name: BString,
    /// The attributes.
    pub attributes: GptAttributes,
}

/// The attribute bits of a partition (UEFI 2.10, table 5.8); 48 to 63 belong to the partition's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GptAttributes(pub u64);

impl GptAttributes {
    /// The platform needs this partition: don't delete it.
    pub fn is_required(self) -> bool {
        self.0 & 1 != 0
    }

    /// A BIOS boots this partition (parted's `legacy_boot`).
    pub fn is_legacy_bootable(self) -> bool {
        self.0 & 4 != 0
    }
}

pub(super) struct Entry {
    partition: GptPartition,
    first_lba: u64,
    last_lba: u64,
}

impl Entry {
    /// `None` for an unused entry.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        let fields = Fields::new(bytes);
        let type_guid = Uuid::from_bytes_le(fields.array(0)?);
        if type_guid.is_nil() {
            return Ok(None);
        }
        let units = fields.slice(NAME_OFFSET, NAME_SIZE)?.chunks_exact(2);
        let units = units.map(|unit| Fields::new(unit).le16(0).unwrap_or(0)).take_while(|&unit| unit != 0);
        let name: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        Ok(Some(Entry {
            partition: GptPartition {
                type_guid,
                unique_guid: Uuid::from_bytes_le(fields.array(16)?),
                name: name.into(),
                attributes: GptAttributes(fields.le64(48)?),
            },
            first_lba: fields.le64(32)?,
            last_lba: fields.le64(40)?,
        }))
    }

    /// Whether it lies on the disk. Linux leaves out what doesn't, and the others keep their numbers.
    pub fn fits(&self, last_lba: u64) -> bool {
        self.first_lba <= self.last_lba && self.last_lba <= last_lba
    }

    pub fn into_partition(self, number: u32, sectors: Sectors<'_>) -> Partition {
        let count = self.last_lba.saturating_sub(self.first_lba).saturating_add(1);
        let bootable = self.partition.type_guid == EFI_SYSTEM || self.partition.attributes.is_legacy_bootable();
        Partition {
            number,
            start: sectors.bytes(self.first_lba),
            size: sectors.bytes(count),
            role: PartitionRole::Primary,
            mbr_id: None,
            bootable,
            part_uuid: Some(self.partition.unique_guid.hyphenated().to_string()),
            gpt: Some(self.partition),
            sector_size: sectors.size(),
        }
    }
}

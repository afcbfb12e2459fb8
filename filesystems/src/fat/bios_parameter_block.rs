//! The BIOS parameter block: the volume's geometry (section 3.1).

use glassbox_io::{Fields, Result};

/// Counts of clusters above which a FAT has wider entries, as Linux has them (a few more than 3.5 of the specification).
pub(crate) const MAX_FAT12: u32 = 0xff4;
pub(crate) const MAX_FAT16: u32 = 0xfff4;
pub(crate) const MAX_FAT32: u32 = 0x0fff_fff6;

/// Bytes of a directory entry.
const ENTRY_SIZE: u32 = 32;

/// The fields that FAT12, FAT16 and FAT32 have in common.
pub(crate) struct BiosParameterBlock {
    /// Bytes per sector.
    pub sector_size: u32,
    pub cluster_sectors: u32,
    pub reserved_sectors: u32,
    pub fats: u32,
    /// Entries of the root directory that has a place of its own; 0 for FAT32.
    pub root_entries: u32,
    media: u8,
    total_sectors: u32,
    /// Sectors of one FAT.
    pub fat_sectors: u32,
    pub is_fat32: bool,
}

impl BiosParameterBlock {
    /// Reads it from the volume's first sector.
    pub fn parse(sector: Fields<'_>) -> Result<BiosParameterBlock> {
        let (fat_sectors, is_fat32) = match sector.le16(22)? {
            0 => (sector.le32(36)?, true),
            sectors => (sectors.into(), false),
        };
        Ok(BiosParameterBlock {
            sector_size: sector.le16(11)?.into(),
            cluster_sectors: sector.u8(13)?.into(),
            reserved_sectors: sector.le16(14)?.into(),
            fats: sector.u8(16)?.into(),
            root_entries: sector.le16(17)?.into(),
            media: sector.u8(21)?,
            total_sectors: match sector.le16(19)? {
                0 => sector.le32(32)?,
                sectors => sectors.into(),
            },
            fat_sectors,
            is_fat32,
        })
    }

    /// The first field that no FAT volume has so.
    pub fn contradiction(&self) -> Option<&'static str> {
        let checks = [
            (self.sector_size.is_power_of_two() && (512..=4096).contains(&self.sector_size), "FAT: bytes per sector"),
            (self.cluster_sectors.is_power_of_two(), "FAT: sectors per cluster"),
            (self.reserved_sectors > 0, "FAT: no reserved sectors"),
            (self.fats > 0, "FAT: no FATs"),
            (self.media == 0xf0 || self.media >= 0xf8, "FAT: media descriptor"),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map(|(_, what)| what)
    }

    /// Bytes of the root directory that has a place of its own.
    pub fn root_size(&self) -> u32 {
        self.root_entries.saturating_mul(ENTRY_SIZE)
    }

    /// The sector of that root directory.
    pub fn root_start(&self) -> u64 {
        u64::from(self.fat_sectors).saturating_mul(self.fats.into()).saturating_add(self.reserved_sectors.into())
    }

    /// The sector of cluster 2 (section 3.5).
    pub fn data_start(&self) -> u64 {
        let root_sectors = self.root_size().checked_add(self.sector_size.saturating_sub(1));
        let root_sectors = root_sectors.and_then(|size| size.checked_div(self.sector_size)).unwrap_or(0);
        self.root_start().saturating_add(root_sectors.into())
    }

    /// How many clusters the volume has room for; `None` if not even the metadata fit.
    pub fn clusters(&self) -> Option<u32> {
        let data_sectors = u64::from(self.total_sectors).checked_sub(self.data_start())?;
        let clusters = data_sectors.checked_div(self.cluster_sectors.into())?;
        Some(u32::try_from(clusters).unwrap_or(u32::MAX))
    }
}

//! The boot sector and its BIOS parameter block (section 3).

use glassbox_io::{Error, Fields, Result};

use super::bios_parameter_block::{BiosParameterBlock, MAX_FAT12, MAX_FAT16, MAX_FAT32};
use super::directory::Place;
use super::fat_table::Width;

/// What the boot sector tells. Offsets and sizes are in bytes.
pub(super) struct BootSector {
    pub(super) width: Width,
    pub(super) cluster_size: u64,
    /// Clusters that hold data; their numbers begin with 2.
    pub(super) clusters: u32,
    /// Where cluster 2 begins.
    pub(super) data_start: u64,
    /// Where the FAT that is in use begins, and its length.
    pub(super) fat_start: u64,
    pub(super) fat_length: u64,
    pub(super) root: Place,
    /// The volume's serial number.
    pub(super) serial: [u8; 4],
}

impl BootSector {
    pub(super) const SIZE: usize = 512;

    /// Checks what Linux checks before it mounts, and computes the layout (section 3.5).
    pub(super) fn parse(sector: &[u8; Self::SIZE]) -> Result<BootSector> {
        let sector = Fields::new(sector);
        let block = BiosParameterBlock::parse(sector)?;
        let BiosParameterBlock { sector_size, cluster_sectors, reserved_sectors, fats, fat_sectors, is_fat32, .. } =
            block;
        let require = |holds: bool, what: &'static str| if holds { Ok(()) } else { Err(Error::corrupt(what)) };
        block.contradiction().map_or(Ok(()), |what| Err(Error::corrupt(what)))?;
        require(fat_sectors > 0, "FAT: sectors per FAT")?;
        let root_size = block.root_size();
        require(root_size.checked_rem(sector_size) == Some(0), "FAT: the root directory ends within a sector")?;

        let in_bytes = |sectors: u64| sectors.saturating_mul(u64::from(sector_size));
        let counted = block.clusters().ok_or_else(|| Error::corrupt("FAT: the metadata is larger than the volume"))?;
        let (width, most) = match (is_fat32, counted > MAX_FAT12) {
            (true, _) => (Width::Fat32, MAX_FAT32),
            (false, true) => (Width::Fat16, MAX_FAT16),
            (false, false) => (Width::Fat12, MAX_FAT12),
        };
        let fat_length = in_bytes(fat_sectors.into());
        // The FAT may have room for fewer clusters than the volume: the rest isn't used.
        let clusters = counted.min(width.entries_in(fat_length).saturating_sub(2));
        require(clusters <= most, "FAT: too many clusters")?;

        let mut active = 0;
        let (root, serial) = if is_fat32 {
            // BPB_ExtFlags: the FATs are copies of each other, unless bit 7 says that only one is kept. (Linux always reads the
            // first, which is then out of date.)
            let flags = sector.le16(40)?;
            if flags & 0x80 != 0 {
                active = u64::from(flags & 0xf);
                require(active < u64::from(fats), "FAT: the active FAT doesn't exist")?;
            }
            require(sector.le16(42)? == 0, "FAT: a version of FAT32 other than 0.0")?;
            (Place::Chain(sector.le32(44)?), sector.array(67)?)
        } else {
            (Place::Region { start: in_bytes(block.root_start()), length: root_size.into() }, sector.array(39)?)
        };
        Ok(BootSector {
            width,
            cluster_size: u64::from(cluster_sectors).saturating_mul(sector_size.into()),
            clusters,
            data_start: in_bytes(block.data_start()),
            fat_start: in_bytes(u64::from(fat_sectors).saturating_mul(active).saturating_add(reserved_sectors.into())),
            fat_length,
            root,
            serial,
        })
    }

    /// Where `cluster` begins; *corrupt* if there is no such cluster.
    pub(super) fn cluster_offset(&self, cluster: u32) -> Result<u64> {
        let index = cluster.checked_sub(2).filter(|index| *index < self.clusters);
        let index = index.ok_or_else(|| Error::corrupt(format!("FAT: there is no cluster {cluster}")))?;
        Ok(self.data_start.saturating_add(u64::from(index).saturating_mul(self.cluster_size)))
    }
}

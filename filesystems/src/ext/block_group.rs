//! Block groups and their descriptors.

use glassbox_io::{Error, Fields, ReadAt, Result};

use super::Ext;
use super::features::{compat, incompat, ro_compat};
use super::superblock::{Superblock, join};

/// What a group descriptor tells that is needed here.
#[derive(Clone, Copy, Debug)]
pub(super) struct GroupDescriptor {
    pub block_bitmap: u64,
    pub inode_bitmap: u64,
    pub inode_table: u64,
    /// In clusters.
    pub free_clusters: u32,
    pub free_inodes: u32,
}

impl GroupDescriptor {
    /// Bytes that are decoded, of the 32, 64 or more that a descriptor has.
    const DECODED: usize = 64;

    fn parse(fields: Fields<'_>, wide: bool) -> Result<GroupDescriptor> {
        let high32 = |offset| if wide { fields.le32(offset) } else { Ok(0) };
        let high16 = |offset| if wide { fields.le16(offset) } else { Ok(0) };
        let count = |low, high| -> Result<u32> { Ok((u32::from(high16(high)?) << 16) | u32::from(fields.le16(low)?)) };
        Ok(GroupDescriptor {
            block_bitmap: join(high32(0x20)?, fields.le32(0x0)?),
            inode_bitmap: join(high32(0x24)?, fields.le32(0x4)?),
            inode_table: join(high32(0x28)?, fields.le32(0x8)?),
            free_clusters: count(0xc, 0x2c)?,
            free_inodes: count(0xe, 0x2e)?,
        })
    }
}

impl Superblock {
    /// Whether `group` has a copy of the superblock and of the descriptors.
    pub(super) fn group_has_superblock(&self, group: u64) -> bool {
        if group == 0 {
            return true;
        }
        if self.has_compat(compat::SPARSE_SUPER2) {
            return self.backup_bgs.iter().any(|&backup| u64::from(backup) == group);
        }
        if group == 1 || !self.has_ro_compat(ro_compat::SPARSE_SUPER) {
            return true;
        }
        is_power_of(3, group) || is_power_of(5, group) || is_power_of(7, group)
    }

    fn descriptors_per_block(&self) -> u64 {
        self.block_size().checked_div(u64::from(self.desc_size)).unwrap_or(1).max(1)
    }

    /// The first block of `group`.
    pub(super) fn group_first_block(&self, group: u64) -> u64 {
        group.saturating_mul(u64::from(self.blocks_per_group)).saturating_add(u64::from(self.first_data_block))
    }

    /// The byte offset of the descriptor of `group`.
    fn descriptor_offset(&self, group: u64) -> u64 {
        let per_block = self.descriptors_per_block();
        let (nth_block, nth) = (group.checked_div(per_block).unwrap_or(0), group.checked_rem(per_block).unwrap_or(0));
        let block = if self.has_incompat(incompat::META_BG) && nth_block >= u64::from(self.first_meta_bg) {
            let first_group = nth_block.saturating_mul(per_block);
            let mut after = u64::from(self.group_has_superblock(first_group));
            // With blocks of 1 KiB the superblock is in block 1 even where the data begin at block 0.
            if self.block_bits == 10 && nth_block == 0 && self.first_data_block == 0 {
                after = after.saturating_add(1);
            }
            self.group_first_block(first_group).saturating_add(after)
        } else {
            let superblock_block = u64::from(self.block_bits == 10);
            superblock_block.saturating_add(1).saturating_add(nth_block)
        };
        block.saturating_mul(self.block_size()).saturating_add(nth.saturating_mul(u64::from(self.desc_size)))
    }

    /// Blocks of descriptors (not counting those reserved for growth) in `group`.
    pub(super) fn group_descriptor_blocks(&self, group: u64) -> u64 {
        let per_block = self.descriptors_per_block();
        let meta_group = group.checked_div(per_block).unwrap_or(0);
        if !self.has_incompat(incompat::META_BG) || meta_group < u64::from(self.first_meta_bg) {
            return match self.group_has_superblock(group) {
                false => 0,
                true if self.has_incompat(incompat::META_BG) => u64::from(self.first_meta_bg),
                true => self.group_count().div_ceil(per_block),
            };
        }
        // A meta group keeps its one block of descriptors in its first, second and last group.
        let nth = group.checked_rem(per_block).unwrap_or(0);
        u64::from(nth <= 1 || nth == per_block.saturating_sub(1))
    }

    /// Blocks of a group's inode table.
    pub(super) fn inode_table_blocks(&self) -> u64 {
        let bytes = u64::from(self.inodes_per_group).saturating_mul(u64::from(self.inode_size));
        bytes.div_ceil(self.block_size())
    }
}

fn is_power_of(base: u64, number: u64) -> bool {
    let mut power = base;
    while power < number {
        power = power.saturating_mul(base);
    }
    power == number
}

impl Ext {
    /// The descriptor of `group`.
    pub(super) fn group_descriptor(&self, group: u64) -> Result<GroupDescriptor> {
        let superblock = &self.superblock;
        if group >= superblock.group_count() {
            return Err(Error::corrupt(format!("ext4: block group {group} of {}", superblock.group_count())));
        }
        let offset = superblock.descriptor_offset(group);
        let mut buf = [0; GroupDescriptor::DECODED];
        let length = GroupDescriptor::DECODED.min(usize::from(superblock.desc_size));
        let buf = buf.get_mut(..length).unwrap_or_default();
        self.metadata.read_exact_at(buf, offset)?;
        GroupDescriptor::parse(Fields::new(buf), superblock.has_incompat(incompat::SIXTY_FOUR_BIT))
            .map_err(|error| error.at_offset(offset))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn powers() {
        let groups: Vec<u64> =
            (1..130).filter(|&g| [3, 5, 7].iter().any(|&base| super::is_power_of(base, g))).collect();
        assert_eq!(groups, [3, 5, 7, 9, 25, 27, 49, 81, 125]);
    }
}

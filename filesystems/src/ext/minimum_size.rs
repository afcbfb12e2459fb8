//! How small the filesystem could be made: the estimate of `resize2fs -P` (e2fsprogs 1.47).
//!
//! The model was found by watching that program on some 2,700 filesystems of every geometry; they agree on all of
//! them. A shrunk filesystem keeps its first groups. There are as many as the inodes in use need, more if the data don't
//! fit into them, and the last one may be short.

use glassbox_io::{Error, Result, Source};

use super::features::{incompat, ro_compat};
use super::superblock::Superblock;
use super::{Ext, Options};

/// The last group keeps at least so many blocks beside its metadata: one without them isn't worth having.
const LEAST_IN_LAST_GROUP: u64 = 50;
/// Moving data may make extent trees grow. One block is kept free for so many that the filesystem loses.
const LOST_PER_EXTENT_BLOCK: u64 = 500;
/// Bytes of an extent, and of the header before them.
const EXTENT_LENGTH: u64 = 12;

impl Ext {
    /// The fewest bytes that `resize2fs` thinks the filesystem of a volume could be shrunk to.
    ///
    /// A journal isn't replayed before: free blocks and inodes are counted as they are on the volume, as `resize2fs -P`
    /// does it with a filesystem that wasn't unmounted.
    pub fn minimum_size(source: Source) -> Result<u64> {
        let ext = Ext::open_with(source, &Options { replay_journal: false })?;
        let data = ext.data_blocks()?;
        let table = ext.group_descriptor(0)?.inode_table.saturating_add(ext.superblock.inode_table_blocks());
        let blocks = Shrunk::fit(&ext.superblock, data)?.blocks(table);
        Ok(blocks.saturating_mul(ext.superblock.block_size()))
    }

    /// Blocks in use, without what each group takes for itself.
    ///
    /// With bigalloc a group's free clusters are counted as if they were blocks, as `resize2fs` does.
    fn data_blocks(&self) -> Result<u64> {
        let superblock = &self.superblock;
        // Metadata of a flex group lie in its first group, so that others may have less in use than they take.
        let (mut used, mut metadata) = (u64::from(superblock.first_data_block), 0u64);
        for group in 0..superblock.group_count() {
            let first = superblock.group_first_block(group);
            let size = superblock.blocks_count.saturating_sub(first).min(superblock.blocks_per_group.into());
            let free = u64::from(self.group_descriptor(group)?.free_clusters);
            let in_use = size.checked_sub(free).ok_or_else(|| {
                Error::corrupt(format!("ext4: {free} blocks are free of {size} in block group {group}"))
            })?;
            used = used.saturating_add(in_use);
            metadata = metadata.saturating_add(superblock.group_metadata_blocks(group));
        }
        used.checked_sub(metadata)
            .ok_or_else(|| Error::corrupt(format!("ext4: {used} blocks in use, but {metadata} blocks of metadata")))
    }
}

impl Superblock {
    /// Blocks that `group` takes for itself, wherever flex_bg put them: the copies of the superblock and of the
    /// descriptors, two bitmaps and the inode table.
    fn group_metadata_blocks(&self, group: u64) -> u64 {
        let copies = match self.group_has_superblock(group) {
            true if self.has_incompat(incompat::META_BG) => 1,
            true => u64::from(self.reserved_gdt_blocks).saturating_add(1),
            false => 0,
        };
        let own = self.inode_table_blocks().saturating_add(2);
        copies.saturating_add(self.group_descriptor_blocks(group)).saturating_add(own)
    }
}

/// A filesystem of fewer groups, with the data of a larger one.
struct Shrunk<'a> {
    superblock: &'a Superblock,
    /// Inodes in use.
    inodes: u64,
    /// Blocks of data.
    data: u64,
    /// Groups of a flex group; 1 without flex_bg.
    flex: u64,
    groups: u64,
    /// The group after those whose metadata are accounted for: the end of the last flex group.
    end: u64,
    /// Blocks for data in the groups before the last, as far as they are counted.
    before_last: u64,
}

impl<'a> Shrunk<'a> {
    /// As many groups as inodes and data need.
    fn fit(superblock: &'a Superblock, data: u64) -> Result<Self> {
        let inodes = u64::from(superblock.inodes_count).saturating_sub(superblock.free_inodes()?.into());
        let mut shrunk = Shrunk {
            superblock,
            inodes,
            data,
            flex: superblock.groups_per_flex_group()?,
            groups: inodes.div_ceil(u64::from(superblock.inodes_per_group).max(1)).max(1),
            end: 0,
            before_last: 0,
        };
        shrunk.end = shrunk.flex_end();
        shrunk.before_last = (0..shrunk.groups.saturating_sub(1)).map(|group| shrunk.room(group)).sum();
        shrunk.grow();
        Ok(shrunk)
    }

    /// Adds groups until the data fit. Ends when there are more than the filesystem has, or before.
    fn grow(&mut self) {
        let per_group = u64::from(self.superblock.blocks_per_group).max(1);
        let mut room = self.groups.saturating_mul(per_group).saturating_sub(self.metadata(0, self.end));
        while self.data > room && self.groups <= self.superblock.group_count() {
            let more = self.data.saturating_sub(room).div_ceil(per_group);
            room = room.saturating_add(more.saturating_mul(per_group));
            self.before_last = self.before_last.saturating_add(self.room(self.groups.saturating_sub(1)));
            self.groups = self.groups.saturating_add(more);
            let known = self.end;
            if self.groups > self.end {
                self.end = self.flex_end();
            }
            room = room.saturating_sub(self.metadata(known, self.end));
            let last = self.end.min(self.groups.saturating_sub(1));
            self.before_last = self.before_last.saturating_add((known..last).map(|group| self.room(group)).sum());
        }
    }

    /// Its size in blocks, where `table` is the end of the first group's inode table, which stays where it is.
    fn blocks(&self, table: u64) -> u64 {
        let superblock = self.superblock;
        let last = self.groups.saturating_sub(1);
        // The first flex group has all its metadata in its first group; of later ones those from the last group on count.
        let metadata = self.metadata(if last < self.flex { 0 } else { last }, self.end);
        let in_last = self.data.saturating_sub(self.before_last).max(LEAST_IN_LAST_GROUP);
        let clusters = match superblock.has_ro_compat(ro_compat::BIGALLOC) {
            true => 2u64.checked_shl(superblock.cluster_bits).unwrap_or(u64::MAX),
            false => 0,
        };
        let blocks = superblock.group_first_block(last).saturating_add(metadata).saturating_add(in_last);
        let blocks = blocks.saturating_add(clusters).max(table);
        match superblock.blocks_count.checked_sub(blocks) {
            Some(lost) => blocks.saturating_add(self.extent_blocks(lost)),
            None => superblock.blocks_count,
        }
    }

    /// Blocks to keep free for extent trees when the filesystem loses `lost` blocks.
    fn extent_blocks(&self, lost: u64) -> u64 {
        if !self.superblock.has_incompat(incompat::EXTENTS) {
            return 0;
        }
        let per_block = self.superblock.block_size().checked_div(EXTENT_LENGTH).unwrap_or(0).saturating_sub(1).max(1);
        // At worst each block of data is an extent of its own, or each inode has a tree.
        let worst = self.data.div_ceil(per_block).max(self.inodes);
        lost.checked_div(LOST_PER_EXTENT_BLOCK).unwrap_or(0).min(worst)
    }

    /// The end of the flex group of the next group, if there are so many groups.
    fn flex_end(&self) -> u64 {
        if self.flex <= 1 {
            return self.groups;
        }
        let past = self.groups.checked_rem(self.flex).unwrap_or(0);
        self.groups.saturating_sub(past).saturating_add(self.flex).min(self.superblock.group_count())
    }

    fn metadata(&self, from: u64, to: u64) -> u64 {
        // An image can't make this long: `to` isn't above the filesystem's own count, or just passed it.
        let to = to.min(self.superblock.group_count());
        (from..to).map(|group| self.superblock.group_metadata_blocks(group)).sum()
    }

    /// Blocks for data in a whole group.
    fn room(&self, group: u64) -> u64 {
        u64::from(self.superblock.blocks_per_group).saturating_sub(self.superblock.group_metadata_blocks(group))
    }
}

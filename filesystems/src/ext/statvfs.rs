//! Sizes and free space of the whole filesystem, with Linux's notion of overhead.

use glassbox_io::Result;

use super::Ext;
use super::block_group::GroupDescriptor;
use super::directory::MAX_NAME;
use super::features::{compat, incompat, ro_compat};
use crate::StatVfs;

/// Clusters that Linux holds back for late metadata changes: 1 in 50, not more than 4096.
const HELD_BACK: u64 = 50;
const MAX_HELD_BACK: u64 = 4096;

impl Ext {
    pub(super) fn count_space(&self) -> Result<StatVfs> {
        let superblock = &self.superblock;
        let cluster_bits = superblock.cluster_bits;
        let (mut free_clusters, mut free_inodes) = (0u64, 0u64);
        for group in 0..superblock.group_count() {
            let descriptor = self.group_descriptor(group)?;
            free_clusters = free_clusters.saturating_add(u64::from(descriptor.free_clusters));
            free_inodes = free_inodes.saturating_add(u64::from(descriptor.free_inodes));
        }
        let freed = &self.replayed.freed;
        free_inodes = free_inodes.saturating_add_signed(freed.inodes);
        let free = (free_clusters << cluster_bits).saturating_add_signed(freed.blocks);
        let held_back = match superblock.has_incompat(incompat::EXTENTS) {
            true => ((superblock.blocks_count >> cluster_bits) / HELD_BACK).min(MAX_HELD_BACK) << cluster_bits,
            false => 0,
        };
        let not_for_users = superblock.reserved_blocks_count.saturating_add(held_back);
        let (uuid_low, uuid_high) = superblock.uuid.split_at(8);
        let half = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap_or_default());
        Ok(StatVfs {
            bsize: superblock.block_size(),
            frsize: superblock.block_size(),
            blocks: superblock.blocks_count.saturating_sub(self.overhead()? << cluster_bits),
            bfree: free,
            bavail: free.saturating_sub(not_for_users),
            files: u64::from(superblock.inodes_count),
            ffree: free_inodes,
            favail: free_inodes,
            fsid: half(uuid_low) ^ half(uuid_high),
            namemax: MAX_NAME as u64,
        })
    }

    /// Clusters that hold the filesystem itself: superblocks, descriptors, bitmaps, inode tables and the journal.
    fn overhead(&self) -> Result<u64> {
        let superblock = &self.superblock;
        let cluster_bits = superblock.cluster_bits;
        let stored = u64::from(superblock.overhead_clusters);
        let is_bigalloc = superblock.has_ro_compat(ro_compat::BIGALLOC);
        // Linux trusts mke2fs's count only where counting takes long.
        if is_bigalloc && stored != 0 && stored <= superblock.blocks_count {
            return Ok(stored);
        }
        let mut overhead = u64::from(superblock.first_data_block) >> cluster_bits;
        if is_bigalloc {
            overhead = overhead.saturating_add(self.overhead_of_clusters()?);
        } else {
            for group in 0..superblock.group_count() {
                let copies = match superblock.group_has_superblock(group) {
                    true => u64::from(superblock.reserved_gdt_blocks).saturating_add(1),
                    false => 0,
                };
                // The two bitmaps and the table are counted where they belong, not where flex_bg put them.
                let own = copies
                    .saturating_add(superblock.group_descriptor_blocks(group))
                    .saturating_add(superblock.inode_table_blocks())
                    .saturating_add(2);
                overhead = overhead.saturating_add(own);
            }
        }
        if superblock.has_compat(compat::HAS_JOURNAL) && superblock.journal_inum != 0 {
            let blocks = self.journal_length()?;
            overhead = overhead.saturating_add(blocks.div_ceil(1 << cluster_bits));
        }
        Ok(overhead)
    }

    /// With bigalloc: the clusters that bitmaps, tables, superblocks and descriptors touch, each counted once per group.
    fn overhead_of_clusters(&self) -> Result<u64> {
        let superblock = &self.superblock;
        let table = superblock.inode_table_blocks();
        // Ranges of blocks in use, in order; none is longer than its group.
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for group in 0..superblock.group_count() {
            let GroupDescriptor { block_bitmap, inode_bitmap, inode_table, .. } = self.group_descriptor(group)?;
            let head = u64::from(superblock.group_has_superblock(group))
                .saturating_add(superblock.group_descriptor_blocks(group));
            ranges.extend([(block_bitmap, 1), (inode_bitmap, 1), (inode_table, table)]);
            ranges.push((superblock.group_first_block(group), head.min(u64::from(superblock.blocks_per_group))));
        }
        ranges.sort_unstable();
        let first = u64::from(superblock.first_data_block);
        let (mut clusters, mut next) = (0u64, 0u64);
        for (start, length) in ranges.into_iter().filter(|&(_, length)| length > 0) {
            let cluster_of = |block: u64| block.saturating_sub(first) >> superblock.cluster_bits;
            let from = cluster_of(start).max(next);
            let to = cluster_of(start.saturating_add(length).saturating_sub(1)).saturating_add(1);
            clusters = clusters.saturating_add(to.saturating_sub(from));
            next = next.max(to);
        }
        Ok(clusters)
    }
}

//! Block maps of ext2 and ext3: twelve block numbers in the inode, then blocks of numbers up to three levels deep.

use glassbox_io::{Fields, Result};

use super::Ext;
use super::inode::Inode;
use super::runs::Collector;

/// Numbers of data blocks in the inode; those of indirect blocks follow.
const DIRECT: usize = 12;
/// Single, double and triple indirect.
const LEVELS: u32 = 3;
/// Bytes of a block number.
const ENTRY_LENGTH: usize = 4;

impl Ext {
    /// Collects the mapped blocks of an inode without extents.
    pub(super) fn collect_block_map(&self, inode: &Inode, collector: &mut Collector) -> Result<()> {
        let root = Fields::new(&inode.i_block);
        let direct = root.at(0, DIRECT.saturating_mul(ENTRY_LENGTH))?;
        self.collect_numbers(inode, direct, 0, 0, collector)?;
        let mut logical = DIRECT as u64;
        for level in 1..=LEVELS {
            let nth = DIRECT.saturating_add(level as usize).saturating_sub(1);
            let entry = root.at(nth.saturating_mul(ENTRY_LENGTH), ENTRY_LENGTH)?;
            self.collect_numbers(inode, entry, level, logical, collector)?;
            logical = logical.saturating_add(self.blocks_below(level));
        }
        Ok(())
    }

    /// Blocks of a file that one number of `level` maps: 1 at level 0, then a block full of numbers per level.
    fn blocks_below(&self, level: u32) -> u64 {
        1u64.checked_shl(self.superblock.block_bits.saturating_sub(2).saturating_mul(level)).unwrap_or(u64::MAX)
    }

    /// Collects what `numbers` map, the first of them `logical` in the file. Recursion ends with the levels.
    fn collect_numbers(
        &self,
        inode: &Inode,
        numbers: Fields<'_>,
        level: u32,
        logical: u64,
        collector: &mut Collector,
    ) -> Result<()> {
        let below = self.blocks_below(level);
        let count = numbers.len() / ENTRY_LENGTH;
        collector.scan(count as u64, logical);
        let first = collector.wanted().start.saturating_sub(logical).checked_div(below).unwrap_or(0);
        for nth in usize::try_from(first).unwrap_or(count)..count {
            let at = logical.saturating_add(below.saturating_mul(nth as u64));
            if at >= collector.wanted().end {
                break;
            }
            let block = u64::from(numbers.le32(nth.saturating_mul(ENTRY_LENGTH))?);
            if block == 0 {
                continue;
            }
            if !self.is_valid_range(block, 1) {
                return Err(inode.corrupt(format_args!("its block map has block {block}")));
            }
            match (level.checked_sub(1), u32::try_from(at)) {
                (None, Ok(at)) => collector.push(at, 1, block),
                (Some(lower), Ok(_)) => {
                    collector.node();
                    let bytes = self.metadata_block(block)?;
                    self.collect_numbers(inode, Fields::new(&bytes), lower, at, collector)?;
                }
                // Block maps end at 2³² blocks.
                (_, Err(_)) => break,
            }
        }
        Ok(())
    }
}

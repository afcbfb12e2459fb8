//! The journal as a sequence of blocks that wraps around.

use glassbox_io::{Error, ReadAt, Result};

use super::super::Ext;
use super::super::runs::Window;
use super::superblock::JournalSuperblock;

/// Blocks that are read at once, in bytes.
const READ_AHEAD: u64 = 64 << 10;

/// A journal within the filesystem, opened.
pub(super) struct Log<'a> {
    ext: &'a Ext,
    map: Window,
    pub superblock: JournalSuperblock,
    /// What was read last: the first block's number, and the bytes.
    chunk: (u32, Vec<u8>),
    block_size: usize,
}

impl<'a> Log<'a> {
    /// Opens the journal of a filesystem.
    pub fn open(ext: &'a Ext) -> Result<Log<'a>> {
        let number = ext.superblock.journal_inum;
        if number == 0 {
            return Err(Error::unsupported("ext4: journal on another device"));
        }
        let inode = ext.special_inode(number)?;
        if inode.links == 0 || inode.mode & 0o170000 != 0o100000 {
            return Err(inode.corrupt("it is not a journal"));
        }
        let blocks = inode.size >> ext.superblock.block_bits;
        let map = ext.map(&inode, 0, blocks)?;
        if map.to < blocks {
            return Err(Error::unsupported("ext4: journal in more than 65,536 pieces"));
        }
        let Some(first) = map.physical(0) else { return Err(inode.corrupt("the journal has a hole")) };
        let superblock = JournalSuperblock::parse(&ext.metadata_block(first)?, blocks)?;
        let block_size = usize::try_from(ext.superblock.block_size()).unwrap_or(0);
        Ok(Log { ext, map, superblock, chunk: (0, Vec::new()), block_size })
    }

    /// The block's number on the volume.
    pub fn physical(&self, block: u32) -> Result<u64> {
        let hole = || Error::corrupt(format!("ext4 journal: block {block} is a hole"));
        self.map.physical(u64::from(block)).ok_or_else(hole)
    }

    /// The bytes of a block.
    pub fn block(&mut self, block: u32) -> Result<&[u8]> {
        let held = self.chunk.1.len().checked_div(self.block_size).unwrap_or(0);
        let nth = block.checked_sub(self.chunk.0).map(|nth| nth as usize).filter(|&nth| nth < held);
        let nth = match nth {
            Some(nth) => nth,
            None => {
                let physical = self.physical(block)?;
                let run_end = self.map.at_or_after(u64::from(block)).map_or(0, |run| run.end());
                let left = run_end.min(u64::from(self.superblock.length)).saturating_sub(u64::from(block)).max(1);
                let count = (READ_AHEAD >> self.ext.superblock.block_bits).clamp(1, left);
                self.chunk.0 = block;
                self.chunk.1.resize(usize::try_from(count).unwrap_or(1).saturating_mul(self.block_size), 0);
                let offset = physical.saturating_mul(self.ext.superblock.block_size());
                if let Err(error) = self.ext.device.read_exact_at(&mut self.chunk.1, offset) {
                    self.chunk.1.clear();
                    return Err(error);
                }
                0
            }
        };
        let start = nth.saturating_mul(self.block_size);
        Ok(self.chunk.1.get(start..start.saturating_add(self.block_size)).unwrap_or_default())
    }

    /// The block `count` behind `block`, around the log's end.
    pub fn after(&self, block: u32, count: usize) -> u32 {
        let JournalSuperblock { first, end, .. } = self.superblock;
        let length = u64::from(end.saturating_sub(first)).max(1);
        let from_first = u64::from(block.saturating_sub(first)).saturating_add(count as u64);
        let within = from_first.checked_rem(length).unwrap_or(0);
        first.saturating_add(u32::try_from(within).unwrap_or(0))
    }
}

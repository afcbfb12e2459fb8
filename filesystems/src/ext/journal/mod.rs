//! The journal (jbd2), replayed in memory so that a crashed guest reads as Linux would mount it.

use std::collections::HashMap;

use glassbox_io::{Fields, ReadAt, Result};

use super::Ext;
use super::runs::Run;

/// What recovery changes beyond whole blocks.
#[derive(Default)]
pub(super) struct Replayed {
    inodes: HashMap<u32, Box<[u8]>>,
    runs: HashMap<u32, Vec<Run>>,
    /// What deleted files give back.
    pub freed: Freed,
}

/// Space that recovery frees.
#[derive(Default)]
pub(super) struct Freed {
    pub inodes: u64,
    pub blocks: u64,
}

impl Replayed {
    /// The raw inode that fast commits put in place of the one in the table.
    pub fn inode(&self, number: u32) -> Option<&[u8]> {
        self.inodes.get(&number).map(|raw| &**raw)
    }

    /// The map that fast commits give a file.
    pub fn runs(&self, number: u32) -> Option<&[Run]> {
        self.runs.get(&number).map(Vec::as_slice)
    }
}

impl Ext {
    /// Blocks of the journal, as its superblock and its inode have them.
    pub(super) fn journal_length(&self) -> Result<u64> {
        let inode = self.special_inode(self.superblock.journal_inum)?;
        let blocks = inode.size >> self.superblock.block_bits;
        let Some(first) = self.map(&inode, 0, 1)?.physical(0) else { return Ok(blocks) };
        let mut raw = [0; 0x14];
        self.metadata.read_exact_at(&mut raw, first.saturating_mul(self.superblock.block_size()))?;
        Ok(blocks.min(u64::from(Fields::new(&raw).be32(0x10)?)))
    }
}

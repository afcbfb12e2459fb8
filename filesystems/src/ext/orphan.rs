//! Orphans: files that were deleted while they were open, or whose truncation was not finished. A mount lets them go.

use std::collections::HashSet;

use glassbox_io::{Error, Fields, Result};

use super::Ext;
use super::checksum::crc32c;
use super::features::compat;
use super::inode::Inode;
use super::journal::Taken;
use crate::FileType;

/// `i_dtime`, which in an orphan is the number of the next one.
const NEXT: usize = 0x14;
/// An orphan file's block ends in this magic and a checksum.
const BLOCK_MAGIC: u32 = 0x0b10_ca04;
const BLOCK_TAIL: usize = 8;
/// Orphans that are looked for; a guest has at most as many as it has open files.
const MAX_ORPHANS: usize = 1 << 20;

impl Ext {
    /// Does in memory what a mount does with orphans: deleted ones give their space back, others are cut to their size.
    pub(super) fn let_orphans_go(&mut self) -> Result<()> {
        // Linux leaves the orphans of a filesystem with errors to e2fsck.
        if self.superblock.has_errors {
            return Ok(());
        }
        for number in self.orphans()? {
            let inode = self.special_inode(number)?;
            let unit = self.superblock.block_bits.saturating_sub(9);
            if inode.links == 0 {
                let before = Taken { inodes: 1, blocks: inode.blocks >> unit };
                self.replayed.freed.change(before, Taken::default());
            } else if inode.file_type() == FileType::Regular {
                let all = self.allocated(&inode, u64::MAX)?;
                let kept = self.allocated(&inode, inode.size.div_ceil(self.superblock.block_size()))?;
                let gone = all.saturating_sub(kept);
                self.replayed.freed.change(Taken { inodes: 0, blocks: gone }, Taken::default());
                self.replayed.cut.insert(number, inode.blocks.saturating_sub(gone << unit));
            }
        }
        Ok(())
    }

    /// The numbers of all orphans, from the chain that begins in the superblock and from the orphan file.
    fn orphans(&self) -> Result<Vec<u32>> {
        let mut seen = HashSet::new();
        let mut orphans = Vec::new();
        let mut next = self.superblock.last_orphan;
        while next != 0 && seen.insert(next) && orphans.len() < MAX_ORPHANS {
            if next < self.superblock.first_ino || next > self.superblock.inodes_count {
                return Err(Error::corrupt(format!("ext4: inode {next} in the chain of orphans")));
            }
            orphans.push(next);
            next = self.with_raw_inode(next, |raw| Fields::new(raw).le32(NEXT))?;
        }
        if self.superblock.has_compat(compat::ORPHAN_FILE) && self.superblock.orphan_file_inum != 0 {
            let file = self.special_inode(self.superblock.orphan_file_inum)?;
            self.collect_orphan_file(&file, &mut seen, &mut orphans)?;
        }
        Ok(orphans)
    }

    fn collect_orphan_file(&self, file: &Inode, seen: &mut HashSet<u32>, orphans: &mut Vec<u32>) -> Result<()> {
        let map = self.map_all(file)?;
        for run in &map.runs {
            for nth in 0..u64::from(run.length) {
                let physical = run.physical.saturating_add(nth);
                let bytes = self.metadata_block(physical)?;
                let block = Fields::new(&bytes);
                let tail = block.len().saturating_sub(BLOCK_TAIL);
                if block.le32(tail)? != BLOCK_MAGIC {
                    return Err(file.corrupt("the orphan file has no magic"));
                }
                if self.superblock.has_metadata_checksums() {
                    let crc = crc32c(file.checksum_seed, &physical.to_le_bytes());
                    if block.le32(tail.saturating_add(4))? != crc32c(crc, block.slice(0, tail)?) {
                        return Err(Error::bad_checksum(format_args!("the ext4 orphan file at block {physical}")));
                    }
                }
                for entry in block.slice(0, tail)?.chunks_exact(4) {
                    let number = Fields::new(entry).le32(0)?;
                    if number == 0 || orphans.len() >= MAX_ORPHANS || !seen.insert(number) {
                        continue;
                    }
                    orphans.push(number);
                }
            }
        }
        Ok(())
    }
}

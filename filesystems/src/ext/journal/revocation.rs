//! Revocations: blocks that were freed, whose older copies in the log must not be written back.

use std::collections::HashMap;

use glassbox_io::{Error, Fields, Result};

use super::block::HEADER_LENGTH;
use super::{is_later, superblock::JournalSuperblock};

/// Where a revocation block says how many of its bytes are in use.
const COUNT: usize = HEADER_LENGTH;
const RECORDS: usize = 16;

/// The last transaction that revoked each block.
#[derive(Default)]
pub(super) struct Revocations(HashMap<u64, u32>);

impl Revocations {
    /// Adds what a revocation block of transaction `sequence` says.
    pub fn add(&mut self, block: Fields<'_>, sequence: u32, superblock: &JournalSuperblock) -> Result<()> {
        let in_use = usize::try_from(block.be32(COUNT)?).unwrap_or(usize::MAX);
        if in_use > block.len() {
            return Err(Error::corrupt(format!("ext4 journal: {in_use} bytes in a revocation block")));
        }
        let record_length = if superblock.has_64bit_tags { 8 } else { 4 };
        let records = block.slice(RECORDS, in_use.saturating_sub(RECORDS))?;
        for record in records.chunks_exact(record_length) {
            let record = Fields::new(record);
            let number = if superblock.has_64bit_tags { record.be64(0)? } else { u64::from(record.be32(0)?) };
            let last = self.0.entry(number).or_insert(sequence);
            if is_later(sequence, *last) {
                *last = sequence;
            }
        }
        Ok(())
    }

    /// Whether the copy of `block` in transaction `sequence` must not be written back.
    pub fn has(&self, block: u64, sequence: u32) -> bool {
        self.0.get(&block).is_some_and(|&last| !is_later(sequence, last))
    }
}

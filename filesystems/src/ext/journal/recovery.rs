//! Recovery: which transactions of the log are whole, and which blocks they change.

use std::collections::HashMap;

use glassbox_io::{Error, Fields, Result};

use super::block::{BlockType, Commit, Header, crc32_be, tail_matches};
use super::descriptor::tags;
use super::is_later;
use super::log::Log;
use super::overlay::Replacement;
use super::revocation::Revocations;
use super::superblock::Checksums;

/// Blocks that recovery may change: as many as e2fsprogs' largest journal has. They take 32 bytes each.
const MAX_REPLACEMENTS: usize = 10_240_000;

/// Goes over the log from its beginning, one lap at most.
struct Walk {
    block: u32,
    sequence: u32,
    /// Blocks of the log that weren't passed yet.
    left: u64,
}

impl Walk {
    fn new(log: &Log<'_>) -> Walk {
        let superblock = &log.superblock;
        let left = u64::from(superblock.end.saturating_sub(superblock.first));
        Walk { block: superblock.start, sequence: superblock.sequence, left }
    }

    /// Passes `count` blocks. A log that goes on after a whole lap bites its own tail.
    fn pass(&mut self, log: &Log<'_>, count: usize) -> Result<()> {
        self.left = match self.left.checked_sub(count as u64) {
            Some(left) => left,
            None => return Err(Error::corrupt("ext4 journal: the log has no end")),
        };
        self.block = log.after(self.block, count);
        Ok(())
    }

    /// The next block of the journal's own, and steps behind it; `None` where the log ends.
    fn next(&mut self, log: &mut Log<'_>) -> Result<Option<(BlockType, Vec<u8>)>> {
        if self.left == 0 {
            return Ok(None);
        }
        let bytes = log.block(self.block)?;
        let header = Header::parse(Fields::new(bytes))?.filter(|header| header.sequence == self.sequence);
        let Some(header) = header else { return Ok(None) };
        let bytes = bytes.to_vec();
        self.pass(log, 1)?;
        Ok(Some((header.block_type, bytes)))
    }
}

/// Finds the first transaction that is not whole.
pub(super) fn scan(log: &mut Log<'_>) -> Result<u32> {
    let mut walk = Walk::new(log);
    let mut transaction_crc = !0;
    let mut last_seconds = 0;
    // Blocks of an older journal may lie behind the last transaction and look like its continuation. A wrong checksum
    // together with an older time tells them.
    let mut doubtful = false;
    while let Some((block_type, bytes)) = walk.next(log)? {
        let block = Fields::new(&bytes);
        let has_tails = log.superblock.has_block_tails();
        match block_type {
            BlockType::Descriptor => {
                doubtful |= has_tails && !tail_matches(block, log.superblock.seed)?;
                let tags = tags(block, &log.superblock)?;
                if log.superblock.checksums == Checksums::V1 {
                    transaction_crc = crc32_be(transaction_crc, &bytes);
                    for _ in &tags {
                        transaction_crc = crc32_be(transaction_crc, log.block(walk.block)?);
                        walk.pass(log, 1)?;
                    }
                } else {
                    walk.pass(log, tags.len())?;
                }
            }
            BlockType::Revocation => doubtful |= has_tails && !tail_matches(block, log.superblock.seed)?,
            BlockType::Commit => {
                let commit = Commit(block);
                let seconds = commit.seconds()?;
                let matches = match log.superblock.checksums {
                    Checksums::None => true,
                    Checksums::V1 => commit.matches_transaction(transaction_crc)?,
                    Checksums::V2 | Checksums::V3 => commit.matches(log.superblock.seed)?,
                };
                if doubtful || !matches {
                    if seconds < last_seconds {
                        return Ok(walk.sequence);
                    }
                    if doubtful {
                        return Err(Error::bad_checksum(format_args!("ext4 journal transaction {}", walk.sequence)));
                    }
                    if !log.superblock.has_async_commits {
                        let what = format!("ext4 journal: transaction {} is damaged", walk.sequence);
                        return Err(Error::corrupt(what));
                    }
                    // An asynchronous commit block may reach the disk before what it commits.
                    return Ok(walk.sequence);
                }
                transaction_crc = !0;
                last_seconds = seconds;
                walk.sequence = walk.sequence.wrapping_add(1);
            }
            BlockType::SuperblockV1 | BlockType::SuperblockV2 => break,
        }
    }
    Ok(walk.sequence)
}

/// Collects the revocations of all transactions before `end`.
pub(super) fn revocations(log: &mut Log<'_>, end: u32) -> Result<Revocations> {
    let mut revocations = Revocations::default();
    let mut walk = Walk::new(log);
    while is_later(end, walk.sequence) {
        let Some((block_type, bytes)) = walk.next(log)? else { break };
        let block = Fields::new(&bytes);
        match block_type {
            BlockType::Descriptor => walk.pass(log, tags(block, &log.superblock)?.len())?,
            BlockType::Revocation => revocations.add(block, walk.sequence, &log.superblock)?,
            BlockType::Commit => walk.sequence = walk.sequence.wrapping_add(1),
            BlockType::SuperblockV1 | BlockType::SuperblockV2 => break,
        }
    }
    Ok(revocations)
}

/// Collects the blocks that all transactions before `end` change, with their checksums verified.
pub(super) fn replacements(log: &mut Log<'_>, end: u32, blocks_count: u64) -> Result<Vec<Replacement>> {
    let revocations = revocations(log, end)?;
    let verifies = log.superblock.has_block_tails();
    let mut last: HashMap<u64, Replacement> = HashMap::new();
    let mut walk = Walk::new(log);
    while is_later(end, walk.sequence) {
        let Some((block_type, bytes)) = walk.next(log)? else { break };
        match block_type {
            BlockType::Descriptor => {
                for tag in tags(Fields::new(&bytes), &log.superblock)? {
                    let at = walk.block;
                    walk.pass(log, 1)?;
                    if revocations.has(tag.block, walk.sequence) {
                        continue;
                    }
                    if tag.block >= blocks_count {
                        let what = format!("ext4 journal: a copy of block {}, there are {blocks_count}", tag.block);
                        return Err(Error::corrupt(what));
                    }
                    if verifies {
                        let superblock = log.superblock;
                        if !tag.matches(&superblock, walk.sequence, log.block(at)?) {
                            return Err(Error::bad_checksum(format_args!(
                                "the ext4 journal's copy of block {}",
                                tag.block
                            )));
                        }
                    }
                    let copy = log.physical(at)?;
                    last.insert(tag.block, Replacement { block: tag.block, copy, escaped: tag.escaped });
                    if last.len() > MAX_REPLACEMENTS {
                        return Err(Error::unsupported("ext4: journal of more than 10,240,000 blocks"));
                    }
                }
            }
            BlockType::Commit => walk.sequence = walk.sequence.wrapping_add(1),
            BlockType::Revocation => {}
            BlockType::SuperblockV1 | BlockType::SuperblockV2 => break,
        }
    }
    Ok(last.into_values().collect())
}

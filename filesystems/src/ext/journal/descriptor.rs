//! Descriptor blocks: a tag for each block of the filesystem that follows in the log.

use glassbox_io::{Fields, Result};

use super::super::checksum::crc32c;
use super::block::{HEADER_LENGTH, TAIL_LENGTH};
use super::superblock::{Checksums, JournalSuperblock};

const FLAG_ESCAPED: u16 = 1;
const FLAG_SAME_UUID: u16 = 2;
const FLAG_LAST: u16 = 8;
/// A tag that isn't for the same journal as the one before has a UUID behind it.
const UUID_LENGTH: usize = 16;

/// One block of the filesystem.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag {
    /// Its number in the filesystem.
    pub block: u64,
    /// Whether the copy begins with zeros in place of the journal's magic.
    pub escaped: bool,
    checksum: u32,
}

impl Tag {
    /// Compares the checksum of the copy in the log.
    pub fn matches(&self, superblock: &JournalSuperblock, sequence: u32, copy: &[u8]) -> bool {
        let crc = || crc32c(crc32c(superblock.seed, &sequence.to_be_bytes()), copy);
        match superblock.checksums {
            Checksums::None | Checksums::V1 => true,
            Checksums::V2 => self.checksum == crc() & 0xffff,
            Checksums::V3 => self.checksum == crc(),
        }
    }
}

/// The tags of a descriptor block, in the order of the blocks that follow it.
pub(super) fn tags(block: Fields<'_>, superblock: &JournalSuperblock) -> Result<Vec<Tag>> {
    let is_v3 = superblock.checksums == Checksums::V3;
    let tag_length = match (superblock.checksums, superblock.has_64bit_tags) {
        (Checksums::V3, _) => 16,
        (Checksums::V2, true) => 14,
        (Checksums::V2, false) => 10,
        (_, true) => 12,
        (_, false) => 8,
    };
    let end = match superblock.has_block_tails() {
        true => block.len().saturating_sub(TAIL_LENGTH),
        false => block.len(),
    };
    let mut tags = Vec::new();
    let mut at = HEADER_LENGTH;
    while at.saturating_add(tag_length) <= end {
        let tag = block.at(at, tag_length)?;
        let flags = tag.be16(6)?;
        let high = if superblock.has_64bit_tags { tag.be32(8)? } else { 0 };
        tags.push(Tag {
            block: (u64::from(high) << 32) | u64::from(tag.be32(0)?),
            escaped: flags & FLAG_ESCAPED != 0,
            checksum: if is_v3 { tag.be32(12)? } else { u32::from(tag.be16(4)?) },
        });
        if flags & FLAG_LAST != 0 {
            break;
        }
        let uuid = if flags & FLAG_SAME_UUID == 0 { UUID_LENGTH } else { 0 };
        at = at.saturating_add(tag_length).saturating_add(uuid);
    }
    Ok(tags)
}

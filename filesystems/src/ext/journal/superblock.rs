//! The journal's own superblock, in its first block. Everything in a journal is big-endian.

use glassbox_io::{Error, Fields, Result};

use super::super::checksum::crc32c;
use super::block::{BlockType, Header};

const LENGTH: usize = 1024;
const CHECKSUM: usize = 0xfc;
/// `s_checksum_type`: CRC-32C, the only one in use.
const CHECKSUM_CRC32C: u8 = 4;
/// Blocks at the end for fast commits, where the superblock doesn't say how many.
const DEFAULT_FAST_COMMIT_BLOCKS: u32 = 256;

/// Commit blocks carry a checksum of their transaction (version 1).
const COMPAT_CHECKSUM: u32 = 0x1;

mod incompat {
    pub const REVOKE: u32 = 0x1;
    pub const SIXTY_FOUR_BIT: u32 = 0x2;
    pub const ASYNC_COMMIT: u32 = 0x4;
    pub const CSUM_V2: u32 = 0x8;
    pub const CSUM_V3: u32 = 0x10;
    pub const FAST_COMMIT: u32 = 0x20;
    pub const SUPPORTED: u32 = REVOKE | SIXTY_FOUR_BIT | ASYNC_COMMIT | CSUM_V2 | CSUM_V3 | FAST_COMMIT;
}

/// What the journal's blocks carry to be verified with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checksums {
    None,
    /// One CRC-32 over all blocks of a transaction, in its commit block.
    V1,
    /// CRC-32C of every block, of data blocks 16 bits of it.
    V2,
    /// CRC-32C of every block.
    V3,
}

/// The fields that recovery needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct JournalSuperblock {
    /// Blocks of the journal, this one and those for fast commits included.
    pub length: u32,
    /// The first block of the log.
    pub first: u32,
    /// The block behind the last one of the log; fast commits lie from there to the end.
    pub end: u32,
    /// The first transaction in the log.
    pub sequence: u32,
    /// Where it begins; 0 if the log is empty.
    pub start: u32,
    pub checksums: Checksums,
    pub has_64bit_tags: bool,
    pub has_async_commits: bool,
    pub has_fast_commits: bool,
    /// The seed of CRC-32C checksums.
    pub seed: u32,
}

impl JournalSuperblock {
    /// Decodes the journal's first block. `blocks` is how many its inode has.
    pub fn parse(block: &[u8], blocks: u64) -> Result<JournalSuperblock> {
        let corrupt = |what: &str| Err(Error::corrupt(format!("ext4 journal: {what}")));
        let fields = Fields::new(block).at(0, LENGTH.min(block.len()))?;
        let header = Header::parse(fields)?;
        let is_v2 = match header.map(|header| header.block_type) {
            Some(BlockType::SuperblockV1) => false,
            Some(BlockType::SuperblockV2) => true,
            _ => return corrupt("it has no superblock"),
        };
        if usize::try_from(fields.be32(0xc)?).ok() != Some(block.len()) {
            return corrupt("its block size is not the filesystem's");
        }
        let feature = |offset| if is_v2 { fields.be32(offset) } else { Ok(0) };
        let (compat, incompat) = (feature(0x24)?, feature(0x28)?);
        if incompat & !incompat::SUPPORTED != 0 || feature(0x2c)? != 0 {
            return Err(Error::unsupported(format!("ext4: journal features {incompat:#x}")));
        }
        let checksums = match (incompat & incompat::CSUM_V2 != 0, incompat & incompat::CSUM_V3 != 0) {
            (false, false) if compat & COMPAT_CHECKSUM != 0 => Checksums::V1,
            (false, false) => Checksums::None,
            (true, false) => Checksums::V2,
            (false, true) => Checksums::V3,
            (true, true) => return corrupt("it has two kinds of checksums"),
        };
        let seed = crc32c(!0, fields.slice(0x30, 16)?);
        if matches!(checksums, Checksums::V2 | Checksums::V3) {
            if fields.u8(0x50)? != CHECKSUM_CRC32C {
                return Err(Error::unsupported("ext4: journal checksums other than CRC-32C"));
            }
            let crc = crc32c(crc32c(!0, fields.slice(0, CHECKSUM)?), &[0; 4]);
            if fields.be32(CHECKSUM)? != crc32c(crc, fields.from(CHECKSUM.saturating_add(4))?.bytes()) {
                return Err(Error::bad_checksum("the ext4 journal's superblock"));
            }
        }

        let length = fields.be32(0x10)?;
        let first = fields.be32(0x14)?;
        if u64::from(length) > blocks || first == 0 || first >= length {
            return corrupt("its length is not the inode's");
        }
        let has_fast_commits = incompat & incompat::FAST_COMMIT != 0;
        let end = match (has_fast_commits, fields.be32(0x54)?) {
            (false, _) => Some(length),
            (true, 0) => length.checked_sub(DEFAULT_FAST_COMMIT_BLOCKS),
            (true, count) => length.checked_sub(count),
        };
        let Some(end) = end.filter(|&end| end > first) else { return corrupt("its fast commits leave no room") };
        let start = fields.be32(0x1c)?;
        if start != 0 && !(first..end).contains(&start) {
            return corrupt("its log begins outside of it");
        }
        Ok(JournalSuperblock {
            length,
            first,
            end,
            sequence: fields.be32(0x18)?,
            start,
            checksums,
            has_64bit_tags: incompat & incompat::SIXTY_FOUR_BIT != 0,
            has_async_commits: incompat & incompat::ASYNC_COMMIT != 0,
            has_fast_commits,
            seed,
        })
    }

    /// Whether descriptor and revocation blocks end in a checksum.
    pub fn has_block_tails(&self) -> bool {
        matches!(self.checksums, Checksums::V2 | Checksums::V3)
    }
}

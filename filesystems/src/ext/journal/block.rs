//! The blocks of a log: their common header, and the checksums that descriptor, revocation and commit blocks have.

use glassbox_io::{Fields, Result};

use super::super::checksum::crc32c;

const MAGIC: u32 = 0xc03b_3998;
/// What stands at the beginning of an escaped block in place of this magic, which would make it look like the journal's.
pub(super) const ESCAPED_MAGIC: [u8; 4] = MAGIC.to_be_bytes();
/// Bytes of the header.
pub(super) const HEADER_LENGTH: usize = 12;
/// Bytes of the checksum at the end of descriptor and revocation blocks.
pub(super) const TAIL_LENGTH: usize = 4;
/// Where a commit block has its checksum: type, size, then the value.
const COMMIT_CHECKSUM_TYPE: usize = 12;
const COMMIT_CHECKSUM: usize = 16;
const COMMIT_SECONDS: usize = 48;

/// What a block of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockType {
    Descriptor,
    Commit,
    SuperblockV1,
    SuperblockV2,
    Revocation,
}

/// How a block of the log begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub block_type: BlockType,
    /// The transaction that it belongs to.
    pub sequence: u32,
}

impl Header {
    /// The header; `None` if the block isn't one of the journal's own.
    pub fn parse(block: Fields<'_>) -> Result<Option<Header>> {
        if block.be32(0)? != MAGIC {
            return Ok(None);
        }
        let block_type = match block.be32(4)? {
            1 => BlockType::Descriptor,
            2 => BlockType::Commit,
            3 => BlockType::SuperblockV1,
            4 => BlockType::SuperblockV2,
            5 => BlockType::Revocation,
            _ => return Ok(None),
        };
        Ok(Some(Header { block_type, sequence: block.be32(8)? }))
    }
}

/// Compares the checksum at the end of a descriptor or revocation block.
pub(super) fn tail_matches(block: Fields<'_>, seed: u32) -> Result<bool> {
    let end = block.len().saturating_sub(TAIL_LENGTH);
    let crc = crc32c(crc32c(seed, block.slice(0, end)?), &[0; TAIL_LENGTH]);
    Ok(block.be32(end)? == crc)
}

/// A commit block, which ends a transaction.
pub(super) struct Commit<'a>(pub Fields<'a>);

impl Commit<'_> {
    /// When it was written, in seconds: with checksums it tells a new block from one of an older journal.
    pub fn seconds(&self) -> Result<u64> {
        self.0.be64(COMMIT_SECONDS)
    }

    /// Compares its own checksum (versions 2 and 3).
    pub fn matches(&self, seed: u32) -> Result<bool> {
        let crc = crc32c(crc32c(seed, self.0.slice(0, COMMIT_CHECKSUM)?), &[0; 4]);
        let crc = crc32c(crc, self.0.from(COMMIT_CHECKSUM.saturating_add(4))?.bytes());
        Ok(self.0.be32(COMMIT_CHECKSUM)? == crc)
    }

    /// Compares the transaction's checksum (version 1). All zeros say that there is none.
    pub fn matches_transaction(&self, crc: u32) -> Result<bool> {
        let (kind, size) = (self.0.u8(COMMIT_CHECKSUM_TYPE)?, self.0.u8(COMMIT_CHECKSUM_TYPE.saturating_add(1))?);
        let found = self.0.be32(COMMIT_CHECKSUM)?;
        // Type 1 is CRC-32, of 4 bytes.
        Ok((kind, size, found) == (1, 4, crc) || (kind, size, found) == (0, 0, 0))
    }
}

/// Continues a CRC-32 with the highest bit first, as version 1 uses it.
pub(super) fn crc32_be(seed: u32, bytes: &[u8]) -> u32 {
    // In a constant, an index out of bounds is an error of the compiler.
    #[allow(clippy::indexing_slicing)]
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut value = (index as u32) << 24;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 0x8000_0000 != 0 { (value << 1) ^ 0x04c1_1db7 } else { value << 1 };
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    bytes.iter().fold(seed, |crc, &byte| {
        let index = (crc >> 24) as u8 ^ byte;
        (crc << 8) ^ TABLE.get(usize::from(index)).copied().unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::crc32_be;

    #[test]
    fn the_check_value_of_crc32_mpeg2() {
        assert_eq!(crc32_be(!0, b"123456789"), 0x0376_e6e7);
    }
}

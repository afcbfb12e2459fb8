//! Inodes, in the compact form of 32 bytes: sizes below 4 GiB, everything owned by root, times as the superblock has them.

use glassbox_io::{Error, Result};

use super::dirent::FileType;

/// Bytes of an inode. Its number is its offset in units of these.
pub(super) const LENGTH: u64 = 32;

/// `EROFS_INODE_FLAT_PLAIN` and `EROFS_INODE_FLAT_INLINE`, at their place in `i_format`, whose lowest bit is 0 in the compact form.
const PLAIN: u16 = 0 << 1;
const INLINE: u16 = 2 << 1;

/// The number of the inode at this byte, as directories name it.
pub(super) fn number(offset: u64) -> u64 {
    offset / LENGTH
}

/// Where the data is.
pub(super) enum Place {
    /// From this block on.
    Blocks(u64),
    /// Behind the inode.
    Inline,
}

pub(super) struct Inode {
    pub mode: u32,
    pub kind: FileType,
    pub size: u64,
    pub place: Place,
}

impl Inode {
    /// Writes it; `number` is what stat(2) shows.
    pub fn encode(&self, number: u32, to: &mut [u8]) -> Result<()> {
        let too_large = |_| Error::unsupported("a file of 4 GiB or more in the appliance");
        let (format, block) = match self.place {
            Place::Blocks(block) => (PLAIN, u32::try_from(block).map_err(too_large)?),
            Place::Inline => (INLINE, 0),
        };
        let mut put = |offset: usize, bytes: &[u8]| to[offset..][..bytes.len()].copy_from_slice(bytes);
        put(0, &format.to_le_bytes());
        put(4, &(self.kind.mode() | self.mode as u16).to_le_bytes());
        // Nobody counts the links of a read-only directory; 1 is what tools take for "not counted".
        put(6, &1u16.to_le_bytes());
        put(8, &u32::try_from(self.size).map_err(too_large)?.to_le_bytes());
        put(16, &block.to_le_bytes());
        put(20, &(number + 1).to_le_bytes());
        Ok(())
    }
}

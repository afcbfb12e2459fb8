//! The superblock: 128 bytes at byte 1024.

use glassbox_io::{Error, Result};

use super::BLOCK;

const OFFSET: usize = 1024;
/// Where inodes may begin.
pub(super) const END: u64 = OFFSET as u64 + 128;
/// `EROFS_SUPER_MAGIC_V1`.
const MAGIC: u32 = 0xE0F5_E1E2;
const VOLUME_NAME: &[u8] = b"glassbox";

/// What it says of an image. No features are used, so any kernel with EROFS reads it.
pub(super) struct Superblock {
    /// The number of the root directory's inode.
    pub root: u64,
    pub inodes: u64,
    pub blocks: u64,
    pub uuid: uuid::Uuid,
}

/// Writes it into the image's first bytes.
pub(super) fn encode(image: &mut [u8], superblock: Superblock) -> Result<()> {
    let too_large = |_| Error::unsupported("an appliance of 16 TiB or more");
    let mut put = |offset: usize, bytes: &[u8]| image[OFFSET + offset..][..bytes.len()].copy_from_slice(bytes);
    put(0, &MAGIC.to_le_bytes());
    put(12, &[BLOCK.trailing_zeros() as u8]);
    put(14, &u16::try_from(superblock.root).map_err(too_large)?.to_le_bytes());
    put(16, &superblock.inodes.to_le_bytes());
    put(36, &u32::try_from(superblock.blocks).map_err(too_large)?.to_le_bytes());
    put(48, superblock.uuid.as_bytes());
    put(64, VOLUME_NAME);
    Ok(())
}

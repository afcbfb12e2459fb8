//! Btrfs (kernel `include/uapi/linux/btrfs_tree.h`, `struct btrfs_super_block`; little-endian).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

/// The superblock and its copies.
const SUPERBLOCKS: [u64; 3] = [64 << 10, 64 << 20, 256 << 30];
const MAGIC_BYTES: &[u8] = b"_BHRfS_M";
/// The magic's place in the superblock.
const MAGIC: u64 = 64;

pub(super) static BTRFS: Format = Format {
    min_size: 1 << 20,
    magics: &[
        Magic::new(MAGIC_BYTES, SUPERBLOCKS[0] + MAGIC),
        Magic::new(MAGIC_BYTES, SUPERBLOCKS[1] + MAGIC),
        Magic::new(MAGIC_BYTES, SUPERBLOCKS[2] + MAGIC),
    ],
    ..Format::new("btrfs", Usage::Filesystem, read)
};

fn read(volume: &Volume<'_>, magic: &Magic) -> Result<Option<Details>> {
    let superblock: [u8; 555] = volume.array(magic.offset.saturating_sub(MAGIC))?;
    let superblock = Fields::new(&superblock);
    Ok(Some(Details {
        uuid: text::uuid(superblock.array(32)?),
        label: text::label(superblock.slice(299, 256)?),
        block_size: Some(superblock.le32(144)?),
        ..Details::default()
    }))
}

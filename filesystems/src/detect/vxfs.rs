//! Veritas's VxFS (kernel `fs/freevxfs/vxfs.h`), in both byte orders.

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage};

const MAGIC: u32 = 0xa501_fcf5;
/// At 1 KiB on little-endian machines, at 8 KiB on big-endian ones.
const BIG_ENDIAN: u64 = 8 << 10;

pub(super) static VXFS: Format = Format {
    magics: &[Magic::new(&MAGIC.to_le_bytes(), 1 << 10), Magic::new(&MAGIC.to_be_bytes(), BIG_ENDIAN)],
    ..Format::new("vxfs", Usage::Filesystem, read)
};

fn read(volume: &Volume<'_>, magic: &Magic) -> Result<Option<Details>> {
    let superblock: [u8; 44] = volume.array(magic.offset)?;
    let superblock = Fields::new(&superblock);
    let word = |at| if magic.offset == BIG_ENDIAN { superblock.be32(at) } else { superblock.le32(at) };
    Ok(Some(Details { version: word(4)?.to_string().into(), block_size: Some(word(32)?), ..Details::default() }))
}

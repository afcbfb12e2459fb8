//! The Minix filesystem, versions 1 to 3, in both byte orders (kernel `include/uapi/linux/minix_fs.h`).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage};

const SUPERBLOCK: u64 = 1024;
/// The magic number's place in the superblock of versions 1 and 2, and of version 3.
const MAGIC: u64 = SUPERBLOCK + 16;
const MAGIC_3: u64 = SUPERBLOCK + 24;

/// Each magic, then the same as a big-endian machine writes it. Versions 1 and 2 have one for each length of names.
pub(super) static MINIX: Format = Format {
    magics: &[
        Magic::new(b"\x7f\x13", MAGIC),
        Magic::new(b"\x8f\x13", MAGIC),
        Magic::new(b"\x13\x7f", MAGIC),
        Magic::new(b"\x13\x8f", MAGIC),
        Magic::new(b"\x68\x24", MAGIC),
        Magic::new(b"\x78\x24", MAGIC),
        Magic::new(b"\x24\x68", MAGIC),
        Magic::new(b"\x24\x78", MAGIC),
        Magic::new(b"\x5a\x4d", MAGIC_3),
        Magic::new(b"\x4d\x5a", MAGIC_3),
    ],
    ..Format::new("minix", Usage::Filesystem, read)
};

/// Blocks of versions 1 and 2; a block of a bitmap holds eight times as many bits.
const BLOCK_SIZE: u32 = 1024;

fn read(volume: &Volume<'_>, magic: &Magic) -> Result<Option<Details>> {
    // The magic is short: parts of an ext superblock can look like it.
    if volume.has_bytes(SUPERBLOCK + 56, b"\x53\xef")? {
        return Ok(None);
    }
    let superblock: [u8; 32] = volume.array(SUPERBLOCK)?;
    let superblock = Fields::new(&superblock);
    let big_endian = matches!(magic.bytes, [0x13 | 0x24, _] | b"\x4d\x5a");
    let half = |at| if big_endian { superblock.be16(at) } else { superblock.le16(at) };
    if magic.offset == MAGIC_3 {
        let maps_exist = half(6)? > 0 && half(8)? > 0;
        return Ok(maps_exist.then(|| Details {
            version: "3".into(),
            block_size: half(28).ok().map(u32::from),
            ..Details::default()
        }));
    }
    let version_2 = matches!(magic.bytes, [_, 0x24] | [0x24, _]);
    let zones = match (version_2, big_endian) {
        (false, _) => u32::from(half(2)?),
        (true, false) => superblock.le32(20)?,
        (true, true) => superblock.be32(20)?,
    };
    let bits = |blocks: u16| u32::from(blocks).saturating_mul(BLOCK_SIZE).saturating_mul(8);
    let (inodes, inode_map, zone_map, first_zone) = (half(0)?, half(4)?, half(6)?, half(8)?);
    let used_zones = zones.saturating_add(1).saturating_sub(u32::from(first_zone));
    if inode_map == 0 || zone_map == 0 || bits(inode_map) <= u32::from(inodes) || bits(zone_map) < used_zones {
        return Ok(None);
    }
    Ok(Some(Details {
        version: if version_2 { "2" } else { "1" }.into(),
        block_size: Some(BLOCK_SIZE),
        ..Details::default()
    }))
}

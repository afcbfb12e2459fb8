//! JFS (kernel `fs/jfs/jfs_superblock.h`; little-endian).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

const SUPERBLOCK: u64 = 0x8000;

pub(super) static JFS: Format = Format {
    min_size: 16 << 20,
    magics: &[Magic::new(b"JFS1", SUPERBLOCK)],
    ..Format::new("jfs", Usage::Filesystem, read)
};

fn read(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let superblock: [u8; 184] = volume.array(SUPERBLOCK)?;
    let superblock = Fields::new(&superblock);
    let (block_size, block_log, factor_log) = (superblock.le32(16)?, superblock.le16(20)?, superblock.le16(22)?);
    let (physical_size, physical_log) = (superblock.le32(24)?, superblock.le16(28)?);
    if 1u32.checked_shl(block_log.into()) != Some(block_size)
        || 1u32.checked_shl(physical_log.into()) != Some(physical_size)
        || block_log.checked_sub(physical_log) != Some(factor_log)
    {
        return Ok(None);
    }
    Ok(Some(Details {
        uuid: text::uuid(superblock.array(136)?),
        label: text::label(superblock.slice(152, 16)?),
        block_size: Some(block_size),
        ..Details::default()
    }))
}

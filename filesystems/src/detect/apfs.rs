//! APFS containers (Apple File System Reference, `nx_superblock_t`; little-endian).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

pub(super) static APFS: Format =
    Format { magics: &[Magic::new(b"NXSB", 32)], ..Format::new("apfs", Usage::Filesystem, read) };

/// `OBJECT_TYPE_NX_SUPERBLOCK`.
const CONTAINER_SUPERBLOCK: u16 = 1;
/// `NX_DEFAULT_BLOCK_SIZE`: containers with other sizes haven't been seen.
const BLOCK_SIZE: u32 = 4096;

fn read(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let superblock: [u8; 88] = volume.array(0)?;
    let superblock = Fields::new(&superblock);
    let (kind, subtype) = (superblock.le16(24)?, superblock.le32(28)?);
    if kind != CONTAINER_SUPERBLOCK || subtype != 0 || superblock.le32(36)? != BLOCK_SIZE {
        return Ok(None);
    }
    Ok(Some(Details { uuid: text::uuid(superblock.array(72)?), block_size: Some(BLOCK_SIZE), ..Details::default() }))
}

//! F2FS (kernel `include/linux/f2fs_fs.h`, `struct f2fs_super_block`; little-endian).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

const SUPERBLOCK: u64 = 1024;

pub(super) static F2FS: Format = Format {
    magics: &[Magic::new(&0xf2f5_2010u32.to_le_bytes(), SUPERBLOCK)],
    ..Format::new("f2fs", Usage::Filesystem, read)
};

fn read(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let superblock = volume.bytes(SUPERBLOCK, 1148)?;
    let superblock = Fields::new(&superblock);
    let (major, minor) = (superblock.le16(4)?, superblock.le16(6)?);
    // Version 1.0 had another layout.
    if (major, minor) == (1, 0) {
        return Ok(Some(Details::default()));
    }
    Ok(Some(Details {
        uuid: text::uuid(superblock.array(108)?),
        label: text::utf16le_label(superblock.slice(124, 1024)?),
        version: format!("{major}.{minor}").into(),
        block_size: 1u32.checked_shl(superblock.le32(16)?),
        ..Details::default()
    }))
}

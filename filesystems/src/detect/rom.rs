//! Small read-only filesystems: cramfs, romfs, squashfs, EROFS, and SCO's bfs.

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, magic_only, text};

/// Kernel `include/uapi/linux/cramfs_fs.h`; in either byte order.
pub(super) static CRAMFS: Format = Format {
    magics: &[Magic::new(b"\x45\x3d\xcd\x28", 0), Magic::new(b"\x28\xcd\x3d\x45", 0)],
    ..Format::new("cramfs", Usage::Filesystem, cramfs)
};

/// Kernel `Documentation/filesystems/romfs.rst`.
pub(super) static ROMFS: Format =
    Format { magics: &[Magic::new(b"-rom1fs-", 0)], ..Format::new("romfs", Usage::Filesystem, romfs) };

/// Kernel `fs/squashfs/squashfs_fs.h`: version 4 is always little-endian.
pub(super) static SQUASHFS: Format =
    Format { magics: &[Magic::new(b"hsqs", 0)], ..Format::new("squashfs", Usage::Filesystem, squashfs) };

const SQUASHFS_BIG_ENDIAN: &[u8] = b"sqsh";

/// Versions 1 to 3 were in either byte order.
pub(super) static SQUASHFS3: Format = Format {
    magics: &[Magic::new(SQUASHFS_BIG_ENDIAN, 0), Magic::new(b"hsqs", 0)],
    ..Format::new("squashfs3", Usage::Filesystem, squashfs3)
};

/// Kernel `include/uapi/linux/bfs_fs.h`.
pub(super) static BFS: Format = Format {
    magics: &[Magic::new(&0x1bad_faceu32.to_le_bytes(), 0)],
    ..Format::new("bfs", Usage::Filesystem, magic_only)
};

/// Kernel `fs/erofs/erofs_fs.h`.
pub(super) static EROFS: Format = Format {
    magics: &[Magic::new(&0xe0f5_e1e2u32.to_le_bytes(), 1024)],
    ..Format::new("erofs", Usage::Filesystem, erofs)
};

fn cramfs(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let name: [u8; 16] = volume.array(48)?;
    Ok(Some(Details { label: text::label(&name), ..Details::default() }))
}

fn romfs(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let name: [u8; 16] = volume.array(16)?;
    Ok(Some(Details { label: text::label(&name), block_size: Some(1024), ..Details::default() }))
}

fn squashfs(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let version: [u8; 4] = volume.array(28)?;
    let version = Fields::new(&version);
    let (major, minor) = (version.le16(0)?, version.le16(2)?);
    Ok((major >= 4).then(|| Details { version: format!("{major}.{minor}").into(), ..Details::default() }))
}

fn squashfs3(volume: &Volume<'_>, magic: &Magic) -> Result<Option<Details>> {
    let version: [u8; 4] = volume.array(28)?;
    let version = Fields::new(&version);
    let (major, minor) = match magic.bytes == SQUASHFS_BIG_ENDIAN {
        true => (version.be16(0)?, version.be16(2)?),
        false => (version.le16(0)?, version.le16(2)?),
    };
    Ok((major <= 3).then(|| Details {
        version: format!("{major}.{minor}").into(),
        block_size: Some(1024),
        ..Details::default()
    }))
}

fn erofs(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let superblock: [u8; 128] = volume.array(1024)?;
    let superblock = Fields::new(&superblock);
    Ok(Some(Details {
        uuid: text::uuid(superblock.array(48)?),
        label: text::label(superblock.slice(64, 16)?),
        block_size: 1u32.checked_shl(superblock.u8(12)?.into()),
        ..Details::default()
    }))
}

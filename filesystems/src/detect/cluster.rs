//! Filesystems and disks of clusters: GFS, GFS2, OCFS2, Oracle ASM.

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

/// Kernel `include/uapi/linux/gfs2_ondisk.h`; big-endian. The smallest journal sets the smallest volume.
const GFS_SUPERBLOCK: u64 = 64 << 10;
const GFS_MIN_SIZE: u64 = 32 << 20;
const GFS_MAGICS: &[Magic] = &[Magic::new(&0x0116_1970u32.to_be_bytes(), GFS_SUPERBLOCK)];

pub(super) static GFS: Format =
    Format { min_size: GFS_MIN_SIZE, magics: GFS_MAGICS, ..Format::new("gfs", Usage::Filesystem, gfs) };
pub(super) static GFS2: Format =
    Format { min_size: GFS_MIN_SIZE, magics: GFS_MAGICS, ..Format::new("gfs2", Usage::Filesystem, gfs2) };

/// Kernel `fs/ocfs2/ocfs2_fs.h`; the superblock stands in block 2 of 512 to 4096 bytes.
pub(super) static OCFS2: Format = Format {
    min_size: 14_000 << 10,
    magics: &[
        Magic::new(b"OCFSV2", 1 << 10),
        Magic::new(b"OCFSV2", 2 << 10),
        Magic::new(b"OCFSV2", 4 << 10),
        Magic::new(b"OCFSV2", 8 << 10),
    ],
    ..Format::new("ocfs2", Usage::Filesystem, ocfs2)
};

pub(super) static ORACLEASM: Format =
    Format { magics: &[Magic::new(b"ORCLDISK", 32)], ..Format::new("oracleasm", Usage::Filesystem, oracleasm) };

/// The format numbers tell GFS and GFS2 apart.
fn gfs_details(volume: &Volume<'_>, is: fn(u32, u32) -> bool) -> Result<Option<Details>> {
    let superblock: [u8; 272] = volume.array(GFS_SUPERBLOCK)?;
    let superblock = Fields::new(&superblock);
    if !is(superblock.be32(24)?, superblock.be32(28)?) {
        return Ok(None);
    }
    Ok(Some(Details {
        uuid: text::uuid(superblock.array(256)?),
        label: text::label(superblock.slice(160, 64)?),
        block_size: Some(superblock.be32(36)?),
        ..Details::default()
    }))
}

fn gfs(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let details = gfs_details(volume, |format, multihost| format == 1309 && multihost == 1401)?;
    Ok(details.map(|details| Details { block_size: None, ..details }))
}

fn gfs2(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let details = gfs_details(volume, |format, multihost| (1801..=1899).contains(&format) && multihost == 1900)?;
    Ok(details.map(|details| Details { version: "1".into(), ..details }))
}

fn ocfs2(volume: &Volume<'_>, magic: &Magic) -> Result<Option<Details>> {
    let superblock: [u8; 352] = volume.array(magic.offset)?;
    // The superblock's own part of the inode.
    let own = Fields::new(&superblock).from(192)?;
    Ok(Some(Details {
        uuid: text::uuid(own.array(144)?),
        label: text::label(own.slice(80, 64)?),
        version: format!("{}.{}", own.le16(0)?, own.le16(2)?).into(),
        block_size: 1u32.checked_shl(own.le32(56)?),
        ..Details::default()
    }))
}

fn oracleasm(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let identifier: [u8; 24] = volume.array(40)?;
    Ok(Some(Details { label: text::label(&identifier), ..Details::default() }))
}

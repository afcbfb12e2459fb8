//! bcache devices, and bcachefs, which grew out of it (kernel `drivers/md/bcache/bcache_ondisk.h`, `fs/bcachefs/bcachefs_format.h`).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

/// Both superblocks stand in sector 8, and say so.
const SUPERBLOCK: u64 = 4096;
const SUPERBLOCK_SECTOR: u64 = 8;

const BCACHE_MAGIC: &[u8] = b"\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81";
const BCACHEFS_MAGIC: &[u8] = b"\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef";

pub(super) static BCACHE: Format = Format {
    min_size: 8192,
    magics: &[Magic::new(BCACHE_MAGIC, SUPERBLOCK + 24)],
    ..Format::new("bcache", Usage::Other, bcache)
};

/// Debian 12's blkid doesn't know bcachefs's own magic yet; newer ones do, and nothing else has it.
pub(super) static BCACHEFS: Format = Format {
    min_size: 256 * 512,
    magics: &[Magic::new(BCACHEFS_MAGIC, SUPERBLOCK + 24), Magic::new(BCACHE_MAGIC, SUPERBLOCK + 24)],
    ..Format::new("bcachefs", Usage::Filesystem, bcachefs)
};

fn bcache(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let superblock: [u8; 56] = volume.array(SUPERBLOCK)?;
    let superblock = Fields::new(&superblock);
    if superblock.le64(8)? != SUPERBLOCK_SECTOR {
        return Ok(None);
    }
    Ok(Some(Details { uuid: text::uuid(superblock.array(40)?), ..Details::default() }))
}

fn bcachefs(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let superblock: [u8; 128] = volume.array(SUPERBLOCK)?;
    let superblock = Fields::new(&superblock);
    let (device, devices) = (superblock.u8(122)?, superblock.u8(123)?);
    if superblock.le64(104)? != SUPERBLOCK_SECTOR || device >= devices {
        return Ok(None);
    }
    Ok(Some(Details {
        uuid: text::uuid(superblock.array(56)?),
        label: text::label(superblock.slice(72, 32)?),
        version: superblock.le16(16)?.to_string().into(),
        block_size: Some(u32::from(superblock.le16(120)?).saturating_mul(512)),
        ..Details::default()
    }))
}

//! NILFS2 (kernel `include/uapi/linux/nilfs2_ondisk.h`; little-endian).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, checksum, text};

/// mkfs.nilfs2 makes no smaller one, with its smallest blocks.
pub(super) static NILFS2: Format = Format { min_size: 1 << 20, ..Format::new("nilfs2", Usage::Filesystem, read) };

const PRIMARY: u64 = 1024;
const SIZE: usize = 1024;

/// The superblock that is valid and newer: the primary one, or its copy in the last 4 KiB.
fn read(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let copy = (volume.len() >> 9).saturating_sub(8).saturating_mul(512);
    let mut newest: Option<(u64, Vec<u8>)> = None;
    for offset in [PRIMARY, copy] {
        let superblock = volume.bytes(offset, SIZE)?;
        if is_valid(Fields::new(&superblock), volume.len()).unwrap_or(false) {
            let checkpoint = Fields::new(&superblock).le64(56)?;
            // The copy is older by one checkpoint when all is well, and counts only where the primary one is.
            if newest.as_ref().is_none_or(|(newest, _)| *newest > checkpoint) {
                newest = Some((checkpoint, superblock));
            }
        }
    }
    let Some((_, superblock)) = newest else { return Ok(None) };
    let superblock = Fields::new(&superblock);
    Ok(Some(Details {
        uuid: text::uuid(superblock.array(152)?),
        label: text::label(superblock.slice(168, 80)?),
        version: superblock.le32(0)?.to_string().into(),
        block_size: 1024u32.checked_shl(superblock.le32(20)?),
        ..Details::default()
    }))
}

fn is_valid(superblock: Fields<'_>, volume_size: u64) -> Result<bool> {
    const MAGIC: u16 = 0x3434;
    const SUM: usize = 16;
    if superblock.le16(6)? != MAGIC || superblock.le64(32)? != volume_size {
        return Ok(false);
    }
    let length = usize::from(superblock.le16(8)?);
    let crc = |seed, bytes| checksum::crc32(checksum::CRC32, seed, bytes);
    let rest = superblock.slice(SUM + 4, length.saturating_sub(SUM + 4))?;
    let sum = crc(crc(crc(superblock.le32(12)?, superblock.slice(0, SUM)?), &[0; 4]), rest);
    Ok(length > SUM + 4 && sum == superblock.le32(SUM)?)
}

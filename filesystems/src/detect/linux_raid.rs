//! Members of Linux MD arrays (`md(4)`, kernel `include/uapi/linux/raid/md_p.h`).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, partition_table, text};

pub(super) static LINUX_RAID_MEMBER: Format = Format::new("linux_raid_member", Usage::Raid, read);

/// `MD_SB_MAGIC`.
const MAGIC: u32 = 0xa92b_4efc;
/// `MD_RESERVED_BYTES`: a 0.90 superblock stands at the last multiple of this that leaves this much room behind it.
const RESERVED: u64 = 64 << 10;

fn read(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let size = volume.len();
    let version_0_offset = (size & !RESERVED.wrapping_sub(1)).saturating_sub(RESERVED);
    if size > RESERVED
        && let Some(found) = version_0(volume, version_0_offset)?
    {
        return Ok(Some(found));
    }
    // Version 1: 8 KiB before the end (a multiple of 4 KiB), at the start, or 4 KiB after it.
    for (version, offset) in [("1.0", (size & !0xfff).saturating_sub(0x2000)), ("1.1", 0), ("1.2", 0x1000)] {
        if let Some(found) = version_1(volume, version, offset)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Version 0.90 is in the byte order of the machine that wrote it.
fn version_0(volume: &Volume<'_>, offset: u64) -> Result<Option<Details>> {
    let mut superblock: [u8; 64] = volume.array(offset)?;
    if Fields::new(&superblock).be32(0)? != MAGIC {
        superblock.chunks_exact_mut(4).for_each(<[u8]>::reverse);
    }
    let superblock = Fields::new(&superblock);
    if superblock.be32(0)? != MAGIC {
        return Ok(None);
    }
    let data = u64::from(superblock.be32(32)?).saturating_mul(1024);
    if volume.len() < data.saturating_add(RESERVED) || offset < data {
        return Ok(None);
    }
    // At the end of a disk it may be the superblock of the last partition.
    if partition_table::covers(volume, offset.saturating_sub(data), data.saturating_add(RESERVED))? {
        return Ok(None);
    }
    let (major, minor, patch) = (superblock.be32(4)?, superblock.be32(8)?, superblock.be32(12)?);
    let mut uuid = [0; 16];
    let (first, rest) = uuid.split_at_mut(4);
    first.copy_from_slice(superblock.slice(20, 4)?);
    if minor >= 90 {
        rest.copy_from_slice(superblock.slice(52, 12)?);
    }
    Ok(Some(Details {
        uuid: text::uuid(uuid),
        version: format!("{major}.{minor}.{patch}").into(),
        ..Details::default()
    }))
}

/// Version 1 is little-endian and says where it stands.
fn version_1(volume: &Volume<'_>, version: &str, offset: u64) -> Result<Option<Details>> {
    if offset.saturating_add(256) > volume.len() {
        return Ok(None);
    }
    let superblock: [u8; 256] = volume.array(offset)?;
    let superblock = Fields::new(&superblock);
    if superblock.le32(0)? != MAGIC || superblock.le32(4)? != 1 || superblock.le64(144)? != offset >> 9 {
        return Ok(None);
    }
    Ok(Some(Details {
        uuid: text::uuid(superblock.array(16)?),
        label: text::label(superblock.slice(32, 32)?),
        version: version.into(),
        ..Details::default()
    }))
}

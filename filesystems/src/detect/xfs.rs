//! XFS and its external log (XFS Algorithms & Data Structures, chapters 13 and 21; big-endian).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

pub(super) static XFS: Format =
    Format { magics: &[Magic::new(b"XFSB", 0)], ..Format::new("xfs", Usage::Filesystem, xfs) };

/// mkfs.xfs makes no smaller log than this for an external device.
pub(super) static XFS_EXTERNAL_LOG: Format =
    Format { min_size: 10 << 20, ..Format::new("xfs_external_log", Usage::Other, external_log) };

fn xfs(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let superblock: [u8; 208] = volume.array(0)?;
    let superblock = Fields::new(&superblock);
    if !is_plausible(superblock)? {
        return Ok(None);
    }
    Ok(Some(Details {
        uuid: text::uuid(superblock.array(32)?),
        label: text::label(superblock.slice(108, 12)?),
        block_size: Some(u32::from(superblock.be16(102)?)),
        ..Details::default()
    }))
}

/// Sizes are powers of two within the format's limits and agree with their logarithms; the blocks fit into the
/// allocation groups.
fn is_plausible(superblock: Fields<'_>) -> Result<bool> {
    let in_step = |size: u32, log: u8, least: u8, most: u8| {
        (least..=most).contains(&log) && 1u32.checked_shl(u32::from(log)) == Some(size)
    };
    let block_size = superblock.be32(4)?;
    let (blocks, group_blocks, groups) =
        (superblock.be64(8)?, u64::from(superblock.be32(84)?), u64::from(superblock.be32(88)?));
    let (block_log, inode_log, inodes_per_block_log) = (superblock.u8(120)?, superblock.u8(122)?, superblock.u8(123)?);
    let realtime_extent = u64::from(superblock.be32(80)?).saturating_mul(u64::from(block_size));
    Ok(groups > 0
        && in_step(u32::from(superblock.be16(102)?), superblock.u8(121)?, 9, 15)
        && in_step(block_size, block_log, 9, 16)
        && in_step(u32::from(superblock.be16(104)?), inode_log, 8, 11)
        && block_log.checked_sub(inode_log) == Some(inodes_per_block_log)
        && (4 << 10..=1 << 30).contains(&realtime_extent)
        && superblock.u8(127)? <= 100
        && blocks > 0
        && blocks <= groups.saturating_mul(group_blocks)
        // The last group has at least 64 blocks.
        && blocks >= groups.saturating_sub(1).saturating_mul(group_blocks).saturating_add(64))
}

/// A log record's header stands in some sector of the first 256 KiB.
fn external_log(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let log = volume.bytes(0, 256 << 10)?;
    for sector in log.chunks_exact(512) {
        let header = Fields::new(sector);
        if header.be32(0)? == 0xfeed_babe
            && matches!(header.be32(8)?, 1..=3)
            && matches!(header.be32(12)?, 1..=0x7fff_ffff)
            && matches!(header.be32(300)?, 1..=3)
        {
            return Ok(Some(Details::default()));
        }
    }
    Ok(None)
}

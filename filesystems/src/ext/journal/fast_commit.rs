//! Fast commits: what changed since the last transaction, as a list of tags behind the log.
//!
//! Linux replays them by changing the filesystem. Here the changes are kept beside it, in [`Replayed`]: inodes, maps and
//! names. The counts of free blocks and inodes stay those of the last transaction.
//!
//! [`Replayed`]: super::Replayed

use bstr::BString;
use glassbox_io::{Error, Fields, Result};

use super::super::Ext;
use super::super::checksum::crc32c;
use super::super::extent::Extent;
use super::super::inode::{I_BLOCK, I_BLOCK_LENGTH, flag};
use super::log::Log;
use crate::FileType;

/// Tag and length of the value.
const TAG_HEADER: usize = 4;
/// Blocks of fast commits that are read: 64 MiB of them with the usual block size, where Linux's default is 256 blocks.
const MAX_BLOCKS: u32 = 1 << 14;

mod tag {
    pub const ADD_RANGE: u16 = 1;
    pub const DELETE_RANGE: u16 = 2;
    pub const CREATE: u16 = 3;
    pub const LINK: u16 = 4;
    pub const UNLINK: u16 = 5;
    pub const INODE: u16 = 6;
    pub const PAD: u16 = 7;
    pub const TAIL: u16 = 8;
    pub const HEAD: u16 = 9;
}

/// Shows `visit` the tags of one block (tag, its bytes from the header on, its value), until it says to stop.
fn for_each_tag(block: Fields<'_>, mut visit: impl FnMut(u16, Fields<'_>, Fields<'_>) -> Result<bool>) -> Result<bool> {
    let mut at = 0usize;
    while at.saturating_add(TAG_HEADER) <= block.len() {
        let (kind, length) = (block.le16(at)?, usize::from(block.le16(at.saturating_add(2))?));
        let Ok(whole) = block.at(at, TAG_HEADER.saturating_add(length)) else {
            return Err(Error::corrupt(format!("ext4 journal: a fast commit has a tag of {length} bytes")));
        };
        if !visit(kind, whole, whole.from(TAG_HEADER)?)? {
            return Ok(false);
        }
        at = at.saturating_add(whole.len());
    }
    Ok(true)
}

/// Replays the fast commits that follow transaction `end`.
pub(super) fn replay(log: &mut Log<'_>, end: u32, ext: &mut Ext) -> Result<()> {
    let blocks = area(log);
    if blocks.len() > MAX_BLOCKS as usize {
        return Err(Error::unsupported("ext4: journal with more than 16,384 blocks of fast commits"));
    }
    let mut left = count_valid(log, end)?;
    for number in blocks {
        if left == 0 {
            break;
        }
        let bytes = log.block(number)?.to_vec();
        for_each_tag(Fields::new(&bytes), |kind, _, value| {
            left = left.saturating_sub(1);
            apply(ext, kind, value)?;
            Ok(left > 0)
        })?;
    }
    Ok(())
}

/// The blocks of fast commits. Linux leaves one free between them and the log.
fn area(log: &Log<'_>) -> std::ops::Range<u32> {
    log.superblock.end.saturating_add(1)..log.superblock.length
}

/// Counts the tags up to the last tail whose checksum holds.
fn count_valid(log: &mut Log<'_>, end: u32) -> Result<u64> {
    let (mut count, mut valid, mut crc) = (0u64, 0u64, 0u32);
    for number in area(log) {
        let bytes = log.block(number)?;
        let block = Fields::new(bytes);
        if count == 0 && block.le16(0)? != tag::HEAD {
            break;
        }
        let goes_on = for_each_tag(block, |kind, whole, value| {
            count = count.saturating_add(1);
            match kind {
                tag::HEAD => {
                    if value.le32(0)? != 0 {
                        return Err(Error::unsupported("ext4: journal features of fast commits"));
                    }
                    if value.le32(4)? != end {
                        return Ok(false);
                    }
                    crc = crc32c(crc, whole.bytes());
                }
                tag::TAIL => {
                    // Everything but the checksum itself, which follows the transaction's number.
                    crc = crc32c(crc, whole.slice(0, TAG_HEADER.saturating_add(4))?);
                    if value.le32(0)? != end || value.le32(4)? != crc {
                        return match valid {
                            0 => Err(Error::bad_checksum("the ext4 journal's first fast commit")),
                            _ => Ok(false),
                        };
                    }
                    valid = count;
                    crc = 0;
                }
                tag::ADD_RANGE..=tag::PAD => crc = crc32c(crc, whole.bytes()),
                _ if valid > 0 => return Ok(false),
                _ => return Err(Error::corrupt(format!("ext4 journal: a fast commit has tag {kind}"))),
            }
            Ok(true)
        })?;
        if !goes_on {
            break;
        }
    }
    Ok(valid)
}

fn apply(ext: &mut Ext, kind: u16, value: Fields<'_>) -> Result<()> {
    match kind {
        tag::INODE => put_inode(ext, value.le32(0)?, value.from(4)?),
        tag::ADD_RANGE => {
            let extent = Extent::parse(value.at(4, 12)?)?;
            if extent.length == 0 || !ext.is_valid_range(extent.physical, u64::from(extent.length)) {
                return Err(Error::corrupt(format!("ext4 journal: a fast commit maps block {}", extent.physical)));
            }
            change_map(ext, value.le32(0)?, u64::from(extent.logical)..extent.end(), Some(extent))
        }
        tag::DELETE_RANGE => {
            let start = u64::from(value.le32(4)?);
            change_map(ext, value.le32(0)?, start..start.saturating_add(u64::from(value.le32(8)?)), None)
        }
        tag::CREATE | tag::LINK | tag::UNLINK => {
            let (parent, number) = (value.le32(0)?, value.le32(4)?);
            let name = BString::from(value.from(8)?.bytes());
            if kind == tag::CREATE && ext.special_inode(number)?.file_type() == FileType::Directory {
                ext.replayed.directories.entry(number).or_default().is_new = true;
            }
            let inode = if kind == tag::UNLINK { None } else { Some(number) };
            ext.replayed.directories.entry(parent).or_default().changed.insert(name, inode);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Puts an inode in place. Its map is not taken: ranges say what changed of it.
fn put_inode(ext: &mut Ext, number: u32, fields: Fields<'_>) -> Result<()> {
    let mut raw = ext.with_raw_inode(number, |raw| Ok(raw.to_vec()))?;
    let flags = fields.le32(0x20)?;
    let after = I_BLOCK.saturating_add(I_BLOCK_LENGTH);
    let mut copy = |from: usize, to: usize| -> Result<()> {
        let part = fields.slice(from, to.saturating_sub(from))?;
        let Some(place) = raw.get_mut(from..to) else {
            return Err(Error::corrupt(format!("ext4 journal: a fast commit's inode {number} is too long")));
        };
        place.copy_from_slice(part);
        Ok(())
    };
    copy(0, I_BLOCK)?;
    copy(after, fields.len())?;
    if flags & flag::EXTENTS == 0 && flags & flag::INLINE_DATA != 0 {
        copy(I_BLOCK, after)?;
    }
    let has_map = Fields::new(&raw).le16(I_BLOCK)? == super::super::extent::MAGIC;
    ext.replayed.inodes.insert(number, raw.into());
    if flags & flag::EXTENTS != 0 {
        if !has_map {
            ext.replayed.maps.entry(number).or_default();
        }
        // Linux counts anew here, and leaves attributes' blocks out.
        let inode = ext.special_inode(number)?;
        let blocks = ext.allocated(&inode, u64::MAX)?;
        ext.replayed.cut.insert(number, blocks << ext.superblock.block_bits.saturating_sub(9));
    }
    Ok(())
}

/// Takes a range of blocks out of a file's map, and puts an extent there.
fn change_map(ext: &mut Ext, number: u32, range: std::ops::Range<u64>, extent: Option<Extent>) -> Result<()> {
    let extents = match ext.replayed.maps.remove(&number) {
        Some(extents) => extents,
        None => {
            let inode = ext.special_inode(number)?;
            if !inode.has(flag::EXTENTS) {
                return Err(Error::unsupported("ext4: fast commits of files without extents"));
            }
            ext.all_extents(&inode)?
        }
    };
    let mut changed: Vec<Extent> = Vec::with_capacity(extents.len().saturating_add(2));
    for old in extents {
        changed.extend(old.part(0..range.start));
        changed.extend(old.part(range.end..u64::MAX));
    }
    changed.extend(extent);
    changed.sort_unstable_by_key(|extent| extent.logical);
    ext.replayed.maps.insert(number, changed);
    Ok(())
}

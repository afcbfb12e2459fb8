//! Fast commits: what changed since the last transaction, as a list of tags behind the log.
//!
//! Linux replays them by changing the filesystem. Here the changes are kept beside it, in [`Replayed`]: inodes, maps and
//! names. Of directories that get or lose names Linux sets the times to those of the replay; here they stay.
//!
//! [`Replayed`]: super::Replayed

use std::collections::HashMap;
use std::ops::Range;

use bstr::{BStr, ByteSlice};
use glassbox_io::{Error, Fields, Result};

use super::super::Ext;
use super::super::casefold::Matcher;
use super::super::checksum::crc32c;
use super::super::extent::{self, Extent};
use super::super::inode::{I_BLOCK, I_BLOCK_LENGTH, flag};
use super::log::Log;
use super::replayed::Taken;
use crate::FileType;

/// `i_links_count`.
const I_LINKS_COUNT: usize = 0x1a;
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
    let mut replay = Replay { ext, before: HashMap::new() };
    for number in blocks {
        if left == 0 {
            break;
        }
        let bytes = log.block(number)?.to_vec();
        for_each_tag(Fields::new(&bytes), |kind, _, value| {
            left = left.saturating_sub(1);
            replay.apply(kind, value)?;
            Ok(left > 0)
        })?;
    }
    replay.count_space()
}

/// The blocks of fast commits. Linux leaves one free between them and the log.
fn area(log: &Log<'_>) -> Range<u32> {
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

/// A replay under way.
struct Replay<'a> {
    ext: &'a mut Ext,
    /// What the inodes that changed took before.
    before: HashMap<u32, Taken>,
}

impl Replay<'_> {
    fn apply(&mut self, kind: u16, value: Fields<'_>) -> Result<()> {
        match kind {
            tag::INODE => self.put_inode(value.le32(0)?, value.from(4)?),
            tag::ADD_RANGE => {
                let extent = Extent::parse(value.at(4, 12)?)?;
                if extent.length == 0 || !self.ext.is_valid_range(extent.physical, u64::from(extent.length)) {
                    let what = format!("ext4 journal: a fast commit maps block {}", extent.physical);
                    return Err(Error::corrupt(what));
                }
                self.change_map(value.le32(0)?, u64::from(extent.logical)..extent.end(), Some(extent))
            }
            tag::DELETE_RANGE => {
                let start = u64::from(value.le32(4)?);
                let end = start.saturating_add(u64::from(value.le32(8)?));
                self.change_map(value.le32(0)?, start..end, None)
            }
            tag::CREATE | tag::LINK | tag::UNLINK => {
                self.change_name(kind, value.le32(0)?, value.le32(4)?, value.from(8)?.bytes().as_bstr())
            }
            _ => Ok(()),
        }
    }

    /// Notes what an inode takes, before it changes for the first time.
    fn touch(&mut self, number: u32) -> Result<()> {
        if !self.before.contains_key(&number) {
            let taken = self.taken(number)?;
            self.before.insert(number, taken);
        }
        Ok(())
    }

    fn taken(&self, number: u32) -> Result<Taken> {
        let inode = self.ext.special_inode(number)?;
        let unit = self.ext.superblock.block_bits.saturating_sub(9);
        let blocks = self.ext.replayed.cut.get(&number).copied().unwrap_or(inode.blocks);
        Ok(match inode.links {
            0 => Taken::default(),
            _ => Taken { inodes: 1, blocks: blocks >> unit },
        })
    }

    /// Sets the free space to what it is after all changes.
    fn count_space(self) -> Result<()> {
        for (number, before) in &self.before {
            let inode = self.ext.special_inode(*number)?;
            let mut after = self.taken(*number)?;
            if inode.links > 0 && inode.has(flag::EXTENTS) {
                after.blocks = self.ext.allocated(&inode, u64::MAX)?;
            }
            self.ext.replayed.freed.change(*before, after);
        }
        Ok(())
    }

    fn change_name(&mut self, kind: u16, parent: u32, number: u32, name: &BStr) -> Result<()> {
        let directory = self.ext.special_inode(parent)?;
        let inode = self.ext.special_inode(number)?;
        if directory.file_type() != FileType::Directory {
            return Err(directory.corrupt("a fast commit puts a name in it"));
        }
        let matcher = Matcher::new(self.ext, &directory, name)?;
        let known = self.ext.lookup_name(&directory, &matcher)?;
        let links = match kind {
            tag::CREATE => Some(1),
            tag::LINK if known.is_none() => Some(inode.links.saturating_add(1)),
            tag::UNLINK if known == Some(number) => Some(inode.links.saturating_sub(1)),
            // It was done already, before the crash.
            _ => None,
        };
        if let Some(links) = links {
            self.set_links(number, links)?;
        }
        if kind == tag::CREATE && inode.file_type() == FileType::Directory {
            self.ext.replayed.directories.entry(number).or_default().is_new = true;
        }
        let now = if kind == tag::UNLINK { None } else { Some(number) };
        if kind != tag::UNLINK || known == Some(number) {
            self.ext.replayed.directories.entry(parent).or_default().changed.insert(name.to_owned(), now);
        }
        Ok(())
    }

    fn set_links(&mut self, number: u32, links: u16) -> Result<()> {
        self.touch(number)?;
        let mut raw = self.ext.with_raw_inode(number, |raw| Ok(raw.to_vec()))?;
        if let Some(place) = raw.get_mut(I_LINKS_COUNT..I_LINKS_COUNT.saturating_add(2)) {
            place.copy_from_slice(&links.to_le_bytes());
        }
        self.ext.replayed.inodes.insert(number, raw.into());
        Ok(())
    }

    /// Puts an inode in place. Its map is not taken: ranges say what changed of it.
    fn put_inode(&mut self, number: u32, fields: Fields<'_>) -> Result<()> {
        self.touch(number)?;
        let mut raw = self.ext.with_raw_inode(number, |raw| Ok(raw.to_vec()))?;
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
        let has_map = Fields::new(&raw).le16(I_BLOCK)? == extent::MAGIC;
        self.ext.replayed.inodes.insert(number, raw.into());
        if flags & flag::EXTENTS != 0 {
            if !has_map {
                self.ext.replayed.maps.entry(number).or_default();
            }
            // Linux counts anew here, and leaves attributes' blocks out.
            let inode = self.ext.special_inode(number)?;
            let blocks = self.ext.allocated(&inode, u64::MAX)?;
            let unit = self.ext.superblock.block_bits.saturating_sub(9);
            self.ext.replayed.cut.insert(number, blocks << unit);
        }
        Ok(())
    }

    /// Takes a range of blocks out of a file's map, and puts an extent there.
    fn change_map(&mut self, number: u32, range: Range<u64>, extent: Option<Extent>) -> Result<()> {
        self.touch(number)?;
        let extents = match self.ext.replayed.maps.remove(&number) {
            Some(extents) => extents,
            None => {
                let inode = self.ext.special_inode(number)?;
                if !inode.has(flag::EXTENTS) {
                    return Err(Error::unsupported("ext4: fast commits of files without extents"));
                }
                self.ext.all_extents(&inode)?
            }
        };
        let mut changed: Vec<Extent> = Vec::with_capacity(extents.len().saturating_add(2));
        for old in extents {
            changed.extend(old.part(0..range.start));
            changed.extend(old.part(range.end..u64::MAX));
        }
        changed.extend(extent);
        changed.sort_unstable_by_key(|extent| extent.logical);
        self.ext.replayed.maps.insert(number, changed);
        Ok(())
    }
}

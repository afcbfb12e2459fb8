//! Directories as a list of entries, block by block.

use std::ops::ControlFlow;

use bstr::{BStr, ByteSlice};
use glassbox_io::{Errno, Error, Fields, ReadAt, Result};

use super::Ext;
use super::casefold::Matcher;
use super::checksum::crc32c;
use super::features::incompat;
use super::inline_data::directory_parts;
use super::inode::{Inode, flag};
use super::runs::Window;
use crate::FileType;

/// Inode, record length, name length, file type.
const HEADER_LENGTH: usize = 8;
/// A checksum hides at the end of a block as an entry without inode and name, of this length …
const TAIL_LENGTH: usize = 12;
/// … and this file type.
const TAIL_FILE_TYPE: u8 = 0xde;
/// Directory blocks that are read at once, in bytes.
const READ_AHEAD: u64 = 64 << 10;
/// The longest name.
pub(super) const MAX_NAME: usize = 255;

/// An entry in use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub inode: u32,
    pub file_type: u8,
    pub name: &'a BStr,
}

impl Entry<'_> {
    /// Whether it is `.` or `..`.
    pub fn is_dot(&self) -> bool {
        self.name == "." || self.name == ".."
    }

    /// The type that the entry tells.
    pub fn kind(&self) -> FileType {
        match self.file_type {
            1 => FileType::Regular,
            2 => FileType::Directory,
            3 => FileType::CharDevice,
            4 => FileType::BlockDevice,
            5 => FileType::Fifo,
            6 => FileType::Socket,
            7 => FileType::Symlink,
            _ => FileType::Unknown,
        }
    }
}

/// The code of a file's type in a directory entry.
pub(super) fn code_of(file_type: FileType) -> u8 {
    match file_type {
        FileType::Regular => 1,
        FileType::Directory => 2,
        FileType::CharDevice => 3,
        FileType::BlockDevice => 4,
        FileType::Fifo => 5,
        FileType::Socket => 6,
        FileType::Symlink => 7,
        FileType::Unknown => 0,
    }
}

/// The entries that fill a block, or a part of an inline directory.
pub(super) struct Entries<'a> {
    bytes: Fields<'a>,
    offset: usize,
    has_file_types: bool,
    inodes_count: u32,
}

impl<'a> Entries<'a> {
    /// The entry at the current offset (`None` if it is not in use), and steps behind it.
    fn step(&mut self) -> Result<Option<Entry<'a>>> {
        let entry = self.bytes.from(self.offset)?;
        let inode = entry.le32(0)?;
        let length = record_length(entry.le16(4)?, self.bytes.len());
        let name_length = usize::from(entry.u8(6)?);
        if length < HEADER_LENGTH.saturating_add(name_length).max(TAIL_LENGTH)
            || !length.is_multiple_of(4)
            || length > entry.len()
        {
            return Err(Error::corrupt(format!("a directory entry of {length} bytes with a name of {name_length}")));
        }
        self.offset = self.offset.saturating_add(length);
        if inode == 0 {
            return Ok(None);
        }
        if inode > self.inodes_count {
            return Err(Error::corrupt(format!("a directory entry names inode {inode} of {}", self.inodes_count)));
        }
        let file_type = if self.has_file_types { entry.u8(7)? } else { 0 };
        let name = entry.slice(HEADER_LENGTH, name_length)?;
        if name.is_empty() || name.contains(&0) || name.contains(&b'/') {
            return Err(Error::corrupt(format!(
                "a directory entry of inode {inode} has the name {:?}",
                name.as_bstr()
            )));
        }
        Ok(Some(Entry { inode, file_type, name: name.as_bstr() }))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.offset < self.bytes.len() {
            match self.step() {
                Ok(None) => {}
                Ok(Some(entry)) => return Some(Ok(entry)),
                Err(error) => {
                    self.offset = self.bytes.len();
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// The length of a record. In blocks of 64 KiB the two lowest bits, which are otherwise 0, are its highest, and the
/// whole block's length doesn't fit.
pub(super) fn record_length(raw: u16, block: usize) -> usize {
    const LARGE: usize = 1 << 16;
    let length = usize::from(raw);
    match block {
        LARGE if raw == u16::MAX || raw == 0 => LARGE,
        LARGE => (length & 0xfffc) | ((length & 3) << 16),
        _ => length,
    }
}

impl Ext {
    /// The entries in `bytes`: a block, or part of an inline directory.
    pub(super) fn entries<'a>(&self, bytes: &'a [u8]) -> Entries<'a> {
        Entries {
            bytes: Fields::new(bytes),
            offset: 0,
            has_file_types: self.superblock.has_incompat(incompat::FILETYPE),
            inodes_count: self.superblock.inodes_count,
        }
    }

    /// The inode of a directory that can be read; `ENOTDIR` if it isn't one.
    pub(super) fn directory(&self, number: u32) -> Result<Inode> {
        let inode = self.inode(number)?;
        if inode.file_type() != FileType::Directory {
            return Err(Error::os(Errno::ENOTDIR));
        }
        inode.refuse_encrypted()?;
        Ok(inode)
    }

    /// Shows `visit` each block of a directory, verified, until it breaks. Holes are passed over, as Linux does it.
    pub(super) fn for_each_directory_block(
        &self,
        inode: &Inode,
        visit: &mut dyn FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let block_size = self.superblock.block_size();
        let end = inode.size >> self.superblock.block_bits;
        let at_once = (READ_AHEAD >> self.superblock.block_bits).max(1);
        let mut bytes = Vec::new();
        let mut from = 0;
        while from < end {
            let window = self.map(inode, from, end)?;
            for run in &window.runs {
                let mut done = 0;
                while done < u64::from(run.length) {
                    let count = at_once.min(u64::from(run.length).saturating_sub(done));
                    bytes.resize(usize::try_from(count.saturating_mul(block_size)).unwrap_or(0), 0);
                    let physical = run.physical.saturating_add(done);
                    self.metadata.read_exact_at(&mut bytes, physical.saturating_mul(block_size))?;
                    let mut logical = u64::from(run.logical).saturating_add(done);
                    for block in bytes.chunks(usize::try_from(block_size).unwrap_or(1).max(1)) {
                        self.verify_directory_block(inode, logical, block)?;
                        if visit(block)?.is_break() {
                            return Ok(());
                        }
                        logical = logical.saturating_add(1);
                    }
                    done = done.saturating_add(count);
                }
            }
            // A window always moves on: its end is behind its beginning.
            from = window.to.max(from.saturating_add(1));
        }
        Ok(())
    }

    /// One block of a directory, verified; `None` for a hole.
    pub(super) fn directory_block(&self, inode: &Inode, map: &Window, logical: u64) -> Result<Option<Vec<u8>>> {
        let physical = match map.covers(logical) {
            true => map.physical(logical),
            false => self.map(inode, logical, logical.saturating_add(1))?.physical(logical),
        };
        let Some(physical) = physical else { return Ok(None) };
        let bytes = self.metadata_block(physical)?;
        self.verify_directory_block(inode, logical, &bytes)?;
        Ok(Some(bytes))
    }

    /// Verifies the checksum of a block: at the end of a list of entries, or behind the entries of a tree's node.
    fn verify_directory_block(&self, inode: &Inode, logical: u64, bytes: &[u8]) -> Result<()> {
        if !self.superblock.has_metadata_checksums() {
            return Ok(());
        }
        let fields = Fields::new(bytes);
        let is_node =
            inode.has(flag::INDEX) && (logical == 0 || record_length(fields.le16(4)?, bytes.len()) == bytes.len());
        let matches = if is_node {
            super::htree::node_checksum_matches(inode.checksum_seed, fields, logical == 0)?
        } else {
            let at = bytes.len().saturating_sub(TAIL_LENGTH);
            let tail = fields.from(at)?;
            tail.le32(0)? == 0
                && usize::from(tail.le16(4)?) == TAIL_LENGTH
                && tail.u8(6)? == 0
                && tail.u8(7)? == TAIL_FILE_TYPE
                && tail.le32(8)? == crc32c(inode.checksum_seed, fields.slice(0, at)?)
        };
        match matches {
            true => Ok(()),
            false => Err(Error::bad_checksum(format_args!("block {logical} of ext4 directory inode {}", inode.number))),
        }
    }

    /// Shows `visit` each entry of an inline directory, part by part.
    pub(super) fn for_each_inline_part(
        &self,
        inode: &Inode,
        visit: &mut dyn FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let bytes = self.inline_bytes(inode)?;
        for part in directory_parts(bytes.len()) {
            if visit(bytes.get(part).unwrap_or_default())?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Searches a directory from its beginning.
    pub(super) fn lookup_linear(&self, inode: &Inode, matcher: &Matcher<'_>) -> Result<Option<u32>> {
        let mut found = None;
        let mut visit = |bytes: &[u8]| {
            found = self.find_in_block(inode, bytes, matcher)?;
            Ok(if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        match inode.has(flag::INLINE_DATA) {
            true => self.for_each_inline_part(inode, &mut visit)?,
            false => self.for_each_directory_block(inode, &mut visit)?,
        }
        Ok(found)
    }

    /// Searches one block.
    pub(super) fn find_in_block(&self, inode: &Inode, bytes: &[u8], matcher: &Matcher<'_>) -> Result<Option<u32>> {
        for entry in self.entries(bytes) {
            let entry = entry.map_err(|error| inode.corrupt(error.message()))?;
            if matcher.matches(entry.name) {
                return Ok(Some(entry.inode));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::record_length;

    #[test]
    fn record_lengths_in_large_blocks() {
        assert_eq!(record_length(12, 4096), 12);
        assert_eq!(record_length(0xffff, 65536), 65536);
        assert_eq!(record_length(0, 65536), 65536);
        assert_eq!(record_length(0xfffc, 65536), 65532);
        assert_eq!(record_length(65535, 32768), 65535);
    }
}

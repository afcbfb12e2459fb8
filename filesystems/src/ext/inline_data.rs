//! Inline data: a small file, directory or link within its inode, in `i_block` and in the attribute `system.data`.

use std::ops::Range;

use glassbox_io::Result;

use super::Ext;
use super::inode::{I_BLOCK_LENGTH, Inode};

/// An inline directory begins with its parent's number instead of the entries `.` and `..`.
const PARENT_LENGTH: usize = 4;

impl Ext {
    /// The inline bytes of an inode: the 60 of `i_block`, then those of the attribute.
    pub(super) fn inline_bytes(&self, inode: &Inode) -> Result<Vec<u8>> {
        let mut bytes = inode.i_block.to_vec();
        if let Some(rest) = self.inline_attribute(inode)? {
            bytes.extend_from_slice(&rest);
        }
        Ok(bytes)
    }

    /// The inline contents of a file, not longer than its size.
    pub(super) fn inline_data(&self, inode: &Inode) -> Result<Vec<u8>> {
        let mut bytes = self.inline_bytes(inode)?;
        bytes.truncate(usize::try_from(inode.size).unwrap_or(usize::MAX));
        Ok(bytes)
    }
}

/// The two parts of an inline directory of `length` bytes. Entries fill each part as they would fill a block.
pub(super) fn directory_parts(length: usize) -> [Range<usize>; 2] {
    let first_end = I_BLOCK_LENGTH.min(length);
    [PARENT_LENGTH.min(first_end)..first_end, first_end..length]
}

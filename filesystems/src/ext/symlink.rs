//! Symbolic links: the target lies in `i_block` (fast), inline, or in a block of its own (slow).

use bstr::{BString, ByteSlice};
use glassbox_io::{Errno, Error, ReadAt, Result};

use super::Ext;
use super::inode::{I_BLOCK_LENGTH, Inode, flag};
use crate::FileType;

impl Ext {
    /// The target of a link; `EINVAL` for other files.
    pub(super) fn link_target(&self, inode: &Inode) -> Result<BString> {
        if inode.file_type() != FileType::Symlink {
            return Err(Error::os(Errno::EINVAL));
        }
        inode.refuse_encrypted()?;
        // A target fits in one block, for Linux as well.
        if inode.size > self.superblock.block_size() {
            return Err(inode.corrupt(format_args!("a symbolic link of {} bytes", inode.size)));
        }
        let size = usize::try_from(inode.size).unwrap_or(0);
        let mut target = if inode.has(flag::INLINE_DATA) {
            self.inline_data(inode)?
        } else if self.is_fast_link(inode) {
            inode.i_block.get(..size).unwrap_or(&inode.i_block).to_vec()
        } else {
            let mut target = vec![0; size];
            if let Some(block) = self.map(inode, 0, 1)?.physical(0) {
                self.metadata.read_exact_at(&mut target, block.saturating_mul(self.superblock.block_size()))?;
            }
            target
        };
        // To Linux the target is a C string.
        if let Some(end) = target.find_byte(0) {
            target.truncate(end);
        }
        Ok(target.into())
    }

    fn is_fast_link(&self, inode: &Inode) -> bool {
        if inode.has(flag::EA_INODE) {
            return inode.size > 0 && inode.size < I_BLOCK_LENGTH as u64;
        }
        let cluster_bits = self.superblock.block_bits.saturating_add(self.superblock.cluster_bits).saturating_sub(9);
        let attribute_blocks = if inode.file_acl == 0 { 0 } else { 1u64.checked_shl(cluster_bits).unwrap_or(0) };
        inode.blocks.saturating_sub(attribute_blocks) == 0
    }
}

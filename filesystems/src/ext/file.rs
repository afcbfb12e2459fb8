//! The contents of a regular file as a source.

use std::sync::{Arc, Mutex, PoisonError};

use glassbox_io::{Extent, ExtentKind, ReadAt, Result};

use super::Ext;
use super::inode::{Inode, flag};
use super::runs::{Run, Window};

/// An open file. Its map was decoded once, so reading takes no metadata any more (but for files in very many pieces).
struct MappedFile<'a> {
    ext: &'a Ext,
    inode: Inode,
    first: Window,
    /// The part of the map that was used last, for files in more pieces than a window holds.
    later: Mutex<Option<Arc<Window>>>,
}

/// Part of a file that is contiguous on the volume, or a hole.
struct Piece {
    /// Byte offset on the volume, `None` for a hole.
    at: Option<u64>,
    length: u64,
}

impl Ext {
    /// The contents of a regular file or of what is stored like one.
    pub(super) fn open_file(&self, inode: Inode) -> Result<Box<dyn ReadAt + '_>> {
        if inode.has(flag::INLINE_DATA) {
            let bytes = self.inline_data(&inode)?;
            return Ok(Box::new(InlineFile { bytes, size: inode.size }));
        }
        let first = self.map_all(&inode)?;
        Ok(Box::new(MappedFile { ext: self, inode, first, later: Mutex::new(None) }))
    }
}

impl MappedFile<'_> {
    /// The piece that begins at `offset`, which is before the end.
    fn piece(&self, offset: u64) -> Result<Piece> {
        let bits = self.ext.superblock.block_bits;
        let block = offset >> bits;
        let within = offset & self.ext.superblock.block_size().saturating_sub(1);
        let left = self.inode.size.saturating_sub(offset);
        let (run, to) = self.run_at_or_after(block)?;
        let until = |end: u64| (end.checked_shl(bits).unwrap_or(u64::MAX)).saturating_sub(offset).min(left);
        Ok(match run {
            Some(run) if u64::from(run.logical) <= block => {
                let physical = run.physical.saturating_add(block.saturating_sub(u64::from(run.logical)));
                Piece { at: Some((physical << bits).saturating_add(within)), length: until(run.end()) }
            }
            Some(run) => Piece { at: None, length: until(u64::from(run.logical)) },
            None => Piece { at: None, length: until(to) },
        })
    }

    /// The run at or after `block` in the window that covers it, and the window's end.
    fn run_at_or_after(&self, block: u64) -> Result<(Option<Run>, u64)> {
        if self.first.covers(block) {
            return Ok((self.first.at_or_after(block), self.first.to));
        }
        let lock = || self.later.lock().unwrap_or_else(PoisonError::into_inner);
        let held = lock().clone();
        let window = match held.filter(|window| window.covers(block)) {
            Some(window) => window,
            None => {
                let end = self.inode.size.div_ceil(self.ext.superblock.block_size());
                let window = Arc::new(self.ext.map(&self.inode, block, end)?);
                *lock() = Some(window.clone());
                window
            }
        };
        Ok((window.at_or_after(block), window.to))
    }
}

impl ReadAt for MappedFile<'_> {
    fn len(&self) -> u64 {
        self.inode.size
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let left = usize::try_from(self.inode.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buf.len().min(left);
        let mut rest = buf.get_mut(..wanted).unwrap_or_default();
        let mut offset = offset;
        while !rest.is_empty() {
            let piece = self.piece(offset)?;
            let count = usize::try_from(piece.length).unwrap_or(usize::MAX).clamp(1, rest.len());
            let (part, after) = rest.split_at_mut(count);
            match piece.at {
                Some(at) => self.ext.device.read_exact_at(part, at)?,
                None => part.fill(0),
            }
            offset = offset.saturating_add(count as u64);
            rest = after;
        }
        Ok(wanted)
    }

    fn extent_at(&self, offset: u64) -> Result<Extent> {
        if offset >= self.inode.size {
            return Ok(Extent { length: 0, kind: ExtentKind::Hole });
        }
        let piece = self.piece(offset)?;
        let kind = if piece.at.is_some() { ExtentKind::Data } else { ExtentKind::Hole };
        Ok(Extent { length: piece.length.max(1), kind })
    }
}

/// A file within its inode. What its size promises beyond the bytes stored is zeros.
struct InlineFile {
    bytes: Vec<u8>,
    size: u64,
}

impl ReadAt for InlineFile {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buf.len().min(left);
        let part = buf.get_mut(..wanted).unwrap_or_default();
        let stored = self.bytes.read_at(part, offset)?;
        part.get_mut(stored..).unwrap_or_default().fill(0);
        Ok(wanted)
    }
}

//! The journal (jbd2), replayed in memory so that a crashed guest reads as Linux would mount it.
//!
//! [`recovery`] finds what the log's whole transactions change, [`Overlay`] puts those blocks in front of the volume,
//! [`fast_commit`] adds what was committed since the last transaction, and then the orphans are let go.

mod block;
mod descriptor;
mod fast_commit;
mod log;
mod overlay;
mod recovery;
mod replayed;
mod revocation;
mod superblock;

use std::sync::Arc;

use glassbox_io::{Fields, ReadAt, Result, Source};

use self::log::Log;
use self::overlay::Overlay;
pub(super) use self::replayed::{Replayed, Taken};
use super::superblock::Superblock;
use super::{Ext, features};

/// The filesystem of `volume`, which `crashed` shows as it lies, after recovery.
pub(super) fn recover(crashed: Ext, volume: Source) -> Result<Ext> {
    if !crashed.superblock.has_incompat(features::incompat::RECOVER) {
        return Ok(crashed);
    }
    let mut log = Log::open(&crashed)?;
    if log.superblock.start == 0 {
        return Ok(crashed);
    }
    let end = recovery::scan(&mut log)?;
    let replacements = recovery::replacements(&mut log, end, crashed.superblock.blocks_count)?;
    let overlay = Arc::new(Overlay::new(volume, crashed.superblock.block_bits, replacements));
    let superblock = Superblock::read(&overlay)?;
    let mut recovered = Ext::over(superblock, overlay);
    recovered.check_size()?;
    if log.superblock.has_fast_commits {
        fast_commit::replay(&mut log, end, &mut recovered)?;
    }
    Ok(recovered)
}

/// Whether transaction `a` came after `b`. Their numbers wrap around.
fn is_later(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() > 0
}

impl Ext {
    /// Blocks of the journal, as its superblock and its inode have them.
    pub(super) fn journal_length(&self) -> Result<u64> {
        let inode = self.special_inode(self.superblock.journal_inum)?;
        let blocks = inode.size >> self.superblock.block_bits;
        let Some(first) = self.map(&inode, 0, 1)?.physical(0) else { return Ok(blocks) };
        let mut raw = [0; 0x14];
        self.metadata.read_exact_at(&mut raw, first.saturating_mul(self.superblock.block_size()))?;
        Ok(blocks.min(u64::from(Fields::new(&raw).be32(0x10)?)))
    }
}

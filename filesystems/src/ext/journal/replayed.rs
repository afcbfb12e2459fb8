//! What recovery changes beyond whole blocks: inodes, maps and names of fast commits, and what orphans give back.

use std::collections::{BTreeMap, HashMap};

use bstr::BString;

use super::super::extent::Extent;

/// Changes that lie over what the volume says. Empty for a filesystem that was unmounted.
#[derive(Default)]
pub(in super::super) struct Replayed {
    pub inodes: HashMap<u32, Box<[u8]>>,
    /// All extents of the files whose maps changed, in order.
    pub maps: HashMap<u32, Vec<Extent>>,
    pub directories: HashMap<u32, Names>,
    /// Allocated space (in units of 512 bytes) of files that were cut.
    pub cut: HashMap<u32, u64>,
    /// What deleted and cut files give back, less what fast commits take.
    pub freed: Freed,
}

/// Changes of a directory's names.
#[derive(Default)]
pub(in super::super) struct Names {
    /// Whether the directory is new, so that what its blocks have is not its own.
    pub is_new: bool,
    /// The inode of a name that was added, `None` for one that was removed.
    pub changed: BTreeMap<BString, Option<u32>>,
}

/// Space that recovery frees; negative where it takes some.
#[derive(Default)]
pub(in super::super) struct Freed {
    pub inodes: i64,
    pub blocks: i64,
}

impl Freed {
    /// Counts what an inode took before, and takes after.
    pub fn change(&mut self, before: Taken, after: Taken) {
        let difference = |before: u64, after: u64| before.cast_signed().saturating_sub(after.cast_signed());
        self.inodes = self.inodes.saturating_add(difference(before.inodes, after.inodes));
        self.blocks = self.blocks.saturating_add(difference(before.blocks, after.blocks));
    }
}

/// What a file takes of a filesystem.
#[derive(Clone, Copy, Default)]
pub(in super::super) struct Taken {
    pub inodes: u64,
    pub blocks: u64,
}

impl Replayed {
    /// The raw inode in place of the one in the table.
    pub fn inode(&self, number: u32) -> Option<&[u8]> {
        self.inodes.get(&number).map(|raw| &**raw)
    }

    /// The extents in place of the inode's own.
    pub fn map(&self, number: u32) -> Option<&[Extent]> {
        self.maps.get(&number).map(Vec::as_slice)
    }

    /// What changed in a directory.
    pub fn names(&self, number: u32) -> Option<&Names> {
        self.directories.get(&number)
    }
}

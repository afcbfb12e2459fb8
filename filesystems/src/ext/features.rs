//! The feature bits of the superblock, with the names that e2fsprogs gives them.

/// Features that a driver may ignore.
pub mod compat {
    /// The filesystem has a journal (ext3, ext4).
    pub const HAS_JOURNAL: u32 = 0x4;
    /// Directories may have hash trees.
    pub const DIR_INDEX: u32 = 0x20;
    /// Superblock backups are only in the two groups that the superblock names.
    pub const SPARSE_SUPER2: u32 = 0x200;
    /// The journal may end in fast commits.
    pub const FAST_COMMIT: u32 = 0x400;
    /// Orphans are listed in a file rather than in a chain of inodes.
    pub const ORPHAN_FILE: u32 = 0x1000;
}

/// Features without which a driver must not read.
pub mod incompat {
    /// Compressed files, which no released Linux ever read.
    pub const COMPRESSION: u32 = 0x1;
    /// Directory entries tell the file's type.
    pub const FILETYPE: u32 = 0x2;
    /// The journal must be replayed.
    pub const RECOVER: u32 = 0x4;
    /// Not a filesystem but a journal of another one.
    pub const JOURNAL_DEV: u32 = 0x8;
    /// Group descriptors lie in each meta group.
    pub const META_BG: u32 = 0x10;
    /// Files may be mapped by extents.
    pub const EXTENTS: u32 = 0x40;
    /// Block numbers of 64 bits.
    pub const SIXTY_FOUR_BIT: u32 = 0x80;
    /// Protection against being mounted twice.
    pub const MMP: u32 = 0x100;
    /// Metadata of several groups lie together.
    pub const FLEX_BG: u32 = 0x200;
    /// Large attributes have inodes of their own.
    pub const EA_INODE: u32 = 0x400;
    /// Data in directory entries, never in Linux itself.
    pub const DIRDATA: u32 = 0x1000;
    /// The seed of the checksums is stored, so that the UUID can change.
    pub const CSUM_SEED: u32 = 0x2000;
    /// Directories of more than 2 GiB or with three-level hash trees.
    pub const LARGE_DIR: u32 = 0x4000;
    /// Small files lie in their inodes.
    pub const INLINE_DATA: u32 = 0x8000;
    /// Files may be encrypted.
    pub const ENCRYPT: u32 = 0x10000;
    /// Directories may compare names without case.
    pub const CASEFOLD: u32 = 0x20000;

    /// All that is read here. `ENCRYPT` is among them because only encrypted files and directories are refused.
    pub const SUPPORTED: u32 = FILETYPE
        | RECOVER
        | META_BG
        | EXTENTS
        | SIXTY_FOUR_BIT
        | MMP
        | FLEX_BG
        | EA_INODE
        | CSUM_SEED
        | LARGE_DIR
        | INLINE_DATA
        | ENCRYPT
        | CASEFOLD;
}

/// Features without which a driver must not write.
pub mod ro_compat {
    /// Superblock backups are not in every group.
    pub const SPARSE_SUPER: u32 = 0x1;
    /// Files of 2 GiB and more.
    pub const LARGE_FILE: u32 = 0x2;
    /// Never used by Linux.
    pub const BTREE_DIR: u32 = 0x4;
    /// `i_blocks` of 48 bits, in blocks if the inode says so.
    pub const HUGE_FILE: u32 = 0x8;
    /// Group descriptors have checksums.
    pub const GDT_CSUM: u32 = 0x10;
    /// Blocks are allocated in clusters.
    pub const BIGALLOC: u32 = 0x200;
    /// Metadata have CRC-32C checksums.
    pub const METADATA_CSUM: u32 = 0x400;
}

const COMPAT_NAMES: &[(u32, &str)] = &[
    (0x1, "dir_prealloc"),
    (0x2, "imagic_inodes"),
    (0x4, "has_journal"),
    (0x8, "ext_attr"),
    (0x10, "resize_inode"),
    (0x20, "dir_index"),
    (0x40, "lazy_bg"),
    (0x100, "snapshot_bitmap"),
    (0x200, "sparse_super2"),
    (0x400, "fast_commit"),
    (0x800, "stable_inodes"),
    (0x1000, "orphan_file"),
];

const RO_COMPAT_NAMES: &[(u32, &str)] = &[
    (0x1, "sparse_super"),
    (0x2, "large_file"),
    (0x8, "huge_file"),
    (0x10, "uninit_bg"),
    (0x20, "dir_nlink"),
    (0x40, "extra_isize"),
    (0x80, "snapshot"),
    (0x100, "quota"),
    (0x200, "bigalloc"),
    (0x400, "metadata_csum"),
    (0x800, "replica"),
    (0x1000, "read-only"),
    (0x2000, "project"),
    (0x4000, "shared_blocks"),
    (0x8000, "verity"),
    (0x10000, "orphan_present"),
];

const INCOMPAT_NAMES: &[(u32, &str)] = &[
    (0x1, "compression"),
    (0x2, "filetype"),
    (0x4, "needs_recovery"),
    (0x8, "journal_dev"),
    (0x10, "meta_bg"),
    (0x40, "extent"),
    (0x80, "64bit"),
    (0x100, "mmp"),
    (0x200, "flex_bg"),
    (0x400, "ea_inode"),
    (0x1000, "dirdata"),
    (0x2000, "metadata_csum_seed"),
    (0x4000, "large_dir"),
    (0x8000, "inline_data"),
    (0x10000, "encrypt"),
    (0x20000, "casefold"),
];

/// The names of all bits that are set: compatible, incompatible, then read-only compatible, as e2fsprogs lists them.
/// A bit without a name is called `FEATURE_C5` (or `I`, `R`), by its position.
pub fn names(compat: u32, incompat: u32, ro_compat: u32) -> Vec<String> {
    let words = [(compat, 'C', COMPAT_NAMES), (incompat, 'I', INCOMPAT_NAMES), (ro_compat, 'R', RO_COMPAT_NAMES)];
    words.into_iter().flat_map(|(word, letter, names)| names_in(word, letter, names)).collect()
}

/// The names of incompatible features.
pub(super) fn incompat_names(word: u32) -> Vec<String> {
    names_in(word, 'I', INCOMPAT_NAMES).collect()
}

fn names_in(word: u32, letter: char, names: &[(u32, &str)]) -> impl Iterator<Item = String> {
    (0..u32::BITS).filter(move |&bit| word & (1 << bit) != 0).map(move |bit| {
        let known = names.iter().find(|(mask, _)| *mask == 1 << bit);
        known.map_or_else(|| format!("FEATURE_{letter}{bit}"), |(_, name)| (*name).to_owned())
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_come_in_the_order_of_e2fsprogs() {
        assert_eq!(super::names(0x4, 0x42, 0x8001), ["has_journal", "filetype", "extent", "sparse_super", "verity"]);
        assert_eq!(super::names(1 << 31, 1 << 6, 0), ["FEATURE_C31", "extent"]);
    }
}

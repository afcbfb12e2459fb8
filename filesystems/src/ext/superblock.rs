//! The superblock: 1024 bytes at byte 1024 of the volume.

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Error, Fields, ReadAt, Result};

use super::checksum::crc32c;
use super::features::{self, compat, incompat, ro_compat};

/// Where it lies, in bytes from the start of the volume.
pub const OFFSET: u64 = 1024;
/// Its length in bytes.
pub const LENGTH: usize = 1024;

const MAGIC: u16 = 0xef53;
/// `s_log_block_size` counts from 1 KiB; Linux's largest block is 64 KiB.
const MAX_LOG_BLOCK_SIZE: u32 = 6;
/// Linux's largest cluster is 2²⁹ bytes (`EXT4_MAX_CLUSTER_LOG_SIZE`), 19 above 1 KiB.
const MAX_LOG_CLUSTER_SIZE: u32 = 19;
/// The inode size of revision 0, and the part that every inode has.
pub(super) const GOOD_OLD_INODE_SIZE: u16 = 128;
/// The first inode that isn't reserved, in revision 0.
const GOOD_OLD_FIRST_INO: u32 = 11;
/// The group descriptor's size without the 64bit feature.
const MIN_DESC_SIZE: u16 = 32;
/// And the least with it.
const MIN_DESC_SIZE_64BIT: u16 = 64;

/// The superblock's fields, decoded and found plausible. Times are seconds since 1970; the `…_count` are in blocks.
#[derive(Clone, Debug)]
pub struct Superblock {
    pub(super) raw: Box<[u8]>,
    /// Inodes in all groups.
    pub inodes_count: u32,
    /// Blocks in the filesystem.
    pub blocks_count: u64,
    /// Blocks that only root may take.
    pub reserved_blocks_count: u64,
    /// The first block of group 0: 1 with blocks of 1 KiB, else 0.
    pub first_data_block: u32,
    /// log₂ of the block size in bytes, 10 to 16.
    pub block_bits: u32,
    /// log₂ of the blocks in a cluster; 0 without bigalloc.
    pub cluster_bits: u32,
    /// Blocks of one group.
    pub blocks_per_group: u32,
    /// Inodes of one group.
    pub inodes_per_group: u32,
    /// The first inode that isn't reserved.
    pub first_ino: u32,
    /// Bytes of an inode.
    pub inode_size: u16,
    /// Bytes of a group descriptor.
    pub desc_size: u16,
    /// Blocks that the filesystem's growth may need for group descriptors.
    pub reserved_gdt_blocks: u16,
    /// The first meta group whose descriptors lie in the group itself.
    pub first_meta_bg: u32,
    /// Compatible features, [`features::compat`].
    pub compat: u32,
    /// Incompatible features, [`features::incompat`].
    pub incompat: u32,
    /// Read-only compatible features, [`features::ro_compat`].
    pub ro_compat: u32,
    /// Where the filesystem was made: 0 is Linux, 1 Hurd.
    pub creator_os: u32,
    /// The UUID's bytes.
    pub uuid: [u8; 16],
    /// The inode of the journal, 0 if it has none.
    pub journal_inum: u32,
    /// The first inode of the chain of orphans, 0 if there is none.
    pub last_orphan: u32,
    /// The inode of the orphan file, 0 if there is none.
    pub orphan_file_inum: u32,
    /// The seed of the directories' hashes.
    pub hash_seed: [u32; 4],
    /// The hash that new directories get.
    pub def_hash_version: u8,
    /// Whether directory hashes take characters as unsigned.
    pub hash_unsigned: bool,
    /// Clusters of overhead as mke2fs counted them; trusted by Linux only with bigalloc.
    pub overhead_clusters: u32,
    /// The groups with backups under sparse_super2.
    pub backup_bgs: [u32; 2],
    /// The encoding of names in casefolded directories: 1 is UTF-8 of Unicode 12.1.
    pub encoding: u16,
    /// Whether Linux found errors, since the last check.
    pub has_errors: bool,
    /// The seed of metadata checksums.
    pub(super) checksum_seed: u32,
}

impl Superblock {
    /// Reads the superblock of a volume.
    ///
    /// *Corrupt* if it isn't one or says what can't be; *unsupported* by name for incompatible features that aren't
    /// read here.
    pub fn read(source: &dyn ReadAt) -> Result<Superblock> {
        let mut raw = vec![0; LENGTH];
        source.read_exact_at(&mut raw, OFFSET)?;
        Self::parse(raw.into()).map_err(|error| error.at_offset(OFFSET))
    }

    fn parse(raw: Box<[u8]>) -> Result<Superblock> {
        let fields = Fields::new(&raw);
        if fields.le16(0x38)? != MAGIC {
            return Err(Error::corrupt("no ext2, ext3 or ext4 superblock"));
        }
        let (compat, incompat, ro_compat) = (fields.le32(0x5c)?, fields.le32(0x60)?, fields.le32(0x64)?);
        check_features(incompat)?;
        if ro_compat & ro_compat::METADATA_CSUM != 0 {
            let crc = crc32c(!0, fields.slice(0, 0x3fc)?);
            if fields.le32(0x3fc)? != crc {
                return Err(Error::bad_checksum("the superblock"));
            }
        }

        let log_block_size = fields.le32(0x18)?;
        if log_block_size > MAX_LOG_BLOCK_SIZE {
            return Err(Error::corrupt(format!("superblock: blocks of 2^{log_block_size} KiB")));
        }
        let block_bits = log_block_size.saturating_add(10);
        let cluster_bits = if ro_compat & ro_compat::BIGALLOC != 0 {
            let log_cluster_size = fields.le32(0x1c)?;
            if log_cluster_size > MAX_LOG_CLUSTER_SIZE {
                return Err(Error::corrupt(format!("superblock: clusters of 2^{log_cluster_size} KiB")));
            }
            log_cluster_size
                .checked_sub(log_block_size)
                .ok_or_else(|| Error::corrupt("superblock: clusters smaller than blocks"))?
        } else {
            0
        };

        let revision = fields.le32(0x4c)?;
        let (inode_size, first_ino) = match revision {
            0 => (GOOD_OLD_INODE_SIZE, GOOD_OLD_FIRST_INO),
            _ => (fields.le16(0x58)?, fields.le32(0x54)?),
        };
        let wide = incompat & incompat::SIXTY_FOUR_BIT != 0;
        let desc_size = if wide { fields.le16(0xfe)? } else { MIN_DESC_SIZE };
        let high = |offset| if wide { fields.le32(offset) } else { Ok(0) };
        let uuid = fields.array::<16>(0x68)?;
        let checksum_seed = match incompat & incompat::CSUM_SEED {
            0 => crc32c(!0, &uuid),
            _ => fields.le32(0x270)?,
        };

        let superblock = Superblock {
            inodes_count: fields.le32(0x0)?,
            blocks_count: join(high(0x150)?, fields.le32(0x4)?),
            reserved_blocks_count: join(high(0x154)?, fields.le32(0x8)?),
            first_data_block: fields.le32(0x14)?,
            block_bits,
            cluster_bits,
            blocks_per_group: fields.le32(0x20)?,
            inodes_per_group: fields.le32(0x28)?,
            first_ino,
            inode_size,
            desc_size,
            reserved_gdt_blocks: fields.le16(0xce)?,
            first_meta_bg: fields.le32(0x104)?,
            compat,
            incompat,
            ro_compat,
            creator_os: fields.le32(0x48)?,
            uuid,
            journal_inum: fields.le32(0xe0)?,
            last_orphan: fields.le32(0xe8)?,
            orphan_file_inum: fields.le32(0x280)?,
            hash_seed: [fields.le32(0xec)?, fields.le32(0xf0)?, fields.le32(0xf4)?, fields.le32(0xf8)?],
            def_hash_version: fields.u8(0xfc)?,
            // Bit 2 of s_flags. Without it Linux on x86 and arm64 takes characters as signed.
            hash_unsigned: fields.le32(0x160)? & 2 != 0,
            overhead_clusters: fields.le32(0x248)?,
            backup_bgs: [fields.le32(0x24c)?, fields.le32(0x250)?],
            encoding: fields.le16(0x27c)?,
            // Bit 2 of s_state.
            has_errors: fields.le16(0x3a)? & 2 != 0,
            checksum_seed,
            raw: raw.clone(),
        };
        superblock.check()?;
        Ok(superblock)
    }

    /// What Linux checks before it mounts, so that the rest can rely on it.
    fn check(&self) -> Result<()> {
        let corrupt = |what: String| Err(Error::corrupt(format!("superblock: {what}")));
        let bits_per_block = self.block_size().saturating_mul(8);
        if !self.inode_size.is_power_of_two()
            || self.inode_size < GOOD_OLD_INODE_SIZE
            || u64::from(self.inode_size) > self.block_size()
        {
            return corrupt(format!("inodes of {} bytes", self.inode_size));
        }
        let wide = self.incompat & incompat::SIXTY_FOUR_BIT != 0;
        if !self.desc_size.is_power_of_two()
            || (wide && self.desc_size < MIN_DESC_SIZE_64BIT)
            || u64::from(self.desc_size) > self.block_size()
        {
            return corrupt(format!("group descriptors of {} bytes", self.desc_size));
        }
        let clusters_per_group = u64::from(self.blocks_per_group >> self.cluster_bits);
        if clusters_per_group == 0 || clusters_per_group > bits_per_block {
            return corrupt(format!("{} blocks per group", self.blocks_per_group));
        }
        let inodes_per_block = self.block_size().checked_div(u64::from(self.inode_size)).unwrap_or(1);
        if u64::from(self.inodes_per_group) < inodes_per_block || u64::from(self.inodes_per_group) > bits_per_block {
            return corrupt(format!("{} inodes per group", self.inodes_per_group));
        }
        if u64::from(self.first_data_block) >= self.blocks_count {
            return corrupt(format!("first data block {} of {}", self.first_data_block, self.blocks_count));
        }
        let groups = self.group_count();
        if groups.checked_mul(u64::from(self.inodes_per_group)) != Some(u64::from(self.inodes_count)) {
            return corrupt(format!("{} inodes in {groups} groups", self.inodes_count));
        }
        Ok(())
    }

    /// Bytes of a block: 1024 to 65,536.
    pub fn block_size(&self) -> u64 {
        1 << self.block_bits
    }

    /// Number of block groups.
    pub fn group_count(&self) -> u64 {
        let blocks = self.blocks_count.saturating_sub(u64::from(self.first_data_block));
        blocks.div_ceil(u64::from(self.blocks_per_group.max(1)))
    }

    /// Whether all bits of the compatible `feature` are set.
    pub fn has_compat(&self, feature: u32) -> bool {
        self.compat & feature == feature
    }

    /// Whether all bits of the incompatible `feature` are set.
    pub fn has_incompat(&self, feature: u32) -> bool {
        self.incompat & feature == feature
    }

    /// Whether all bits of the read-only compatible `feature` are set.
    pub fn has_ro_compat(&self, feature: u32) -> bool {
        self.ro_compat & feature == feature
    }

    /// Whether metadata carry checksums.
    pub fn has_metadata_checksums(&self) -> bool {
        self.has_ro_compat(ro_compat::METADATA_CSUM)
    }

    /// The names of all features, as e2fsprogs lists them.
    pub fn feature_names(&self) -> Vec<String> {
        features::names(self.compat, self.incompat, self.ro_compat)
    }

    /// `ext2`, `ext3` or `ext4`, told apart by features as blkid does it.
    pub fn kind(&self) -> &'static str {
        let ext3_ro = ro_compat::SPARSE_SUPER | ro_compat::LARGE_FILE | ro_compat::BTREE_DIR;
        let ext2_incompat = incompat::FILETYPE | incompat::META_BG;
        let has_journal = self.has_compat(compat::HAS_JOURNAL);
        let old = self.ro_compat & !ext3_ro == 0 && self.incompat & !(ext2_incompat | incompat::RECOVER) == 0;
        match (old, has_journal) {
            (true, true) => "ext3",
            (true, false) if !self.has_incompat(incompat::RECOVER) => "ext2",
            _ => "ext4",
        }
    }

    /// Inodes that aren't in use, as the superblock counts them.
    pub(super) fn free_inodes(&self) -> Result<u32> {
        Fields::new(&self.raw).le32(0x10)
    }

    /// Groups whose metadata lie together; 1 without flex_bg.
    pub(super) fn groups_per_flex_group(&self) -> Result<u64> {
        if !self.has_incompat(incompat::FLEX_BG) {
            return Ok(1);
        }
        let log = Fields::new(&self.raw).u8(0x174)?;
        match log {
            0..=31 => Ok(1 << log),
            _ => Err(Error::corrupt(format!("superblock: flex groups of 2^{log} groups"))),
        }
    }

    /// The volume's label.
    pub fn label(&self) -> &BStr {
        self.text(0x78, 16)
    }

    /// Where it was last mounted.
    pub fn last_mounted(&self) -> &BStr {
        self.text(0x88, 64)
    }

    /// The UUID in its usual form; empty if it is all zeros.
    pub fn uuid_text(&self) -> BString {
        if self.uuid == [0; 16] { BString::default() } else { format_uuid(&self.uuid).into() }
    }

    /// A field of characters that a NUL may end early.
    pub(super) fn text(&self, offset: usize, length: usize) -> &BStr {
        let bytes = Fields::new(&self.raw).slice(offset, length).unwrap_or_default();
        let end = bytes.find_byte(0).unwrap_or(bytes.len());
        bytes.get(..end).unwrap_or_default().as_bstr()
    }
}

fn check_features(word: u32) -> Result<()> {
    if word & incompat::JOURNAL_DEV != 0 {
        return Err(Error::unsupported("ext4: an external journal device is not a filesystem"));
    }
    match word & !incompat::SUPPORTED {
        0 => Ok(()),
        unknown => Err(Error::unsupported(format!("ext4: {}", features::incompat_names(unknown).join(", ")))),
    }
}

/// A 64-bit number from its halves.
pub(super) fn join(high: u32, low: u32) -> u64 {
    (u64::from(high) << 32) | u64::from(low)
}

/// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
pub(super) fn format_uuid(uuid: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in uuid.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

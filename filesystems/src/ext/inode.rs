//! Inodes: 128 bytes that every inode has, the extra fields after them, and the room for attributes after those.

use glassbox_io::{Error, Fields, ReadAt, Result};

use super::Ext;
use super::checksum::crc32c;
use super::features::{incompat, ro_compat};
use super::superblock::{GOOD_OLD_INODE_SIZE, join};
use crate::{FileType, Stat, Timestamp};

/// The root directory.
pub(super) const ROOT_INO: u32 = 2;

/// Bits of `i_flags`.
pub(super) mod flag {
    pub const ENCRYPT: u32 = 0x800;
    pub const INDEX: u32 = 0x1000;
    pub const HUGE_FILE: u32 = 0x4_0000;
    pub const EXTENTS: u32 = 0x8_0000;
    pub const EA_INODE: u32 = 0x20_0000;
    pub const INLINE_DATA: u32 = 0x1000_0000;
    pub const PROJINHERIT: u32 = 0x2000_0000;
    pub const CASEFOLD: u32 = 0x4000_0000;
    /// What `FS_IOC_GETFLAGS` shows (`EXT4_FL_USER_VISIBLE`).
    pub const USER_VISIBLE: u32 = 0x725b_dfff;
}

/// `s_creator_os` of the Hurd, which uses some fields otherwise.
const OS_HURD: u32 = 1;

/// Bytes of `i_block`: 15 block numbers, an extent tree's root, a short link's target or inline data.
pub(super) const I_BLOCK_LENGTH: usize = 60;
pub(super) const I_BLOCK: usize = 0x28;

/// An inode, decoded but for its attributes.
#[derive(Clone, Debug)]
pub(super) struct Inode {
    pub number: u32,
    pub mode: u16,
    pub uid: u32,
    pub gid: u32,
    pub size: u64,
    pub links: u16,
    /// Allocated space in units of 512 bytes.
    pub blocks: u64,
    pub flags: u32,
    pub generation: u32,
    /// The block of attributes outside the inode, 0 if there is none.
    pub file_acl: u64,
    pub i_block: [u8; I_BLOCK_LENGTH],
    pub atime: Timestamp,
    pub mtime: Timestamp,
    pub ctime: Timestamp,
    /// Bytes in use after the first 128.
    pub extra_isize: u16,
    /// The seed of the checksums of all that belongs to this inode.
    pub checksum_seed: u32,
}

impl Inode {
    pub fn file_type(&self) -> FileType {
        FileType::from_mode(u32::from(self.mode))
    }

    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// An error that names this inode.
    pub fn corrupt(&self, what: impl std::fmt::Display) -> Error {
        Error::corrupt(format!("ext4: inode {}: {what}", self.number))
    }

    /// Refuses what can't be read without a key.
    pub fn refuse_encrypted(&self) -> Result<()> {
        match self.has(flag::ENCRYPT) {
            true => Err(Error::unsupported("ext4: encrypted file or directory (fscrypt)")),
            false => Ok(()),
        }
    }

    /// Where the attributes (and the rest of inline data) begin within the raw inode.
    pub fn body_offset(&self) -> usize {
        usize::from(GOOD_OLD_INODE_SIZE).saturating_add(usize::from(self.extra_isize))
    }
}

impl Ext {
    /// The inode `number`, which a directory entry names.
    pub(super) fn inode(&self, number: u32) -> Result<Inode> {
        let reserved = number < self.superblock.first_ino && number != ROOT_INO;
        if reserved {
            return Err(Error::corrupt(format!("ext4: a directory names the reserved inode {number}")));
        }
        let inode = self.special_inode(number)?;
        if inode.links == 0 {
            return Err(inode.corrupt("it is deleted, but a directory names it"));
        }
        if inode.file_type() == FileType::Unknown {
            return Err(inode.corrupt(format_args!("mode {:o}", inode.mode)));
        }
        Ok(inode)
    }

    /// The inode `number`, be it reserved, deleted or of no file.
    pub(super) fn special_inode(&self, number: u32) -> Result<Inode> {
        self.with_raw_inode(number, |raw| self.decode_inode(number, raw))
    }

    /// Shows `look` the raw bytes of inode `number`.
    pub(super) fn with_raw_inode<T>(&self, number: u32, look: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        if let Some(raw) = self.replayed.inode(number) {
            return look(raw);
        }
        let offset = self.inode_offset(number)?;
        let size = usize::from(self.superblock.inode_size);
        // Nearly every filesystem has inodes of 256 bytes; they need no allocation.
        let mut small = [0; 256];
        match small.get_mut(..size) {
            Some(buf) => {
                self.metadata.read_exact_at(buf, offset)?;
                look(buf)
            }
            None => {
                let mut buf = vec![0; size];
                self.metadata.read_exact_at(&mut buf, offset)?;
                look(&buf)
            }
        }
    }

    fn inode_offset(&self, number: u32) -> Result<u64> {
        let superblock = &self.superblock;
        let index = match number.checked_sub(1) {
            Some(index) if index < superblock.inodes_count => index,
            _ => return Err(Error::corrupt(format!("ext4: inode {number} of {}", superblock.inodes_count))),
        };
        let per_group = superblock.inodes_per_group.max(1);
        let (group, nth) = (index.checked_div(per_group).unwrap_or(0), index.checked_rem(per_group).unwrap_or(0));
        let table = self.group_descriptor(u64::from(group))?.inode_table;
        if table <= u64::from(superblock.first_data_block) || table >= superblock.blocks_count {
            return Err(Error::corrupt(format!("ext4: the inode table of group {group} begins at block {table}")));
        }
        let within = u64::from(nth).saturating_mul(u64::from(superblock.inode_size));
        Ok(table.saturating_mul(superblock.block_size()).saturating_add(within))
    }

    pub(super) fn decode_inode(&self, number: u32, raw: &[u8]) -> Result<Inode> {
        let superblock = &self.superblock;
        let fields = Fields::new(raw);
        let bad = |what: &str| Err(Error::corrupt(format!("ext4: inode {number}: {what}")));
        let generation = fields.le32(0x64)?;
        // An inode of revision 0 or of 128 bytes has no extra fields.
        let extra_isize = match raw.len() > usize::from(GOOD_OLD_INODE_SIZE) {
            true => fields.le16(0x80)?,
            false => 0,
        };
        let body = usize::from(GOOD_OLD_INODE_SIZE).saturating_add(usize::from(extra_isize));
        if body > raw.len() || extra_isize % 4 != 0 {
            return bad("its extra fields don't fit");
        }
        let mut checksum_seed = 0;
        // The journal's fast commits change inodes without their checksums.
        let is_verified = self.replayed.inode(number).is_none();
        if superblock.has_metadata_checksums() {
            let seed = crc32c(superblock.checksum_seed, &number.to_le_bytes());
            checksum_seed = crc32c(seed, &generation.to_le_bytes());
            // A deleted inode that was never used is all zeros, without a checksum.
            if is_verified
                && !inode_checksum_matches(fields, checksum_seed, extra_isize)?
                && raw.iter().any(|&byte| byte != 0)
            {
                return Err(Error::bad_checksum(format_args!("ext4 inode {number}")));
            }
        }

        let mode = fields.le16(0x0)?;
        let file_type = FileType::from_mode(u32::from(mode));
        let flags = fields.le32(0x20)?;
        // Directories have a size of 64 bits only where they may be that large.
        let long = file_type == FileType::Regular || superblock.has_incompat(incompat::LARGE_DIR);
        let size = join(if long { fields.le32(0x6c)? } else { 0 }, fields.le32(0x4)?);
        if i64::try_from(size).is_err() {
            return bad("its size is negative");
        }
        let acl_high = if superblock.creator_os == OS_HURD { 0 } else { fields.le16(0x76)? };
        let blocks_low = u64::from(fields.le32(0x1c)?);
        let blocks = if superblock.has_ro_compat(ro_compat::HUGE_FILE) {
            let blocks = (u64::from(fields.le16(0x74)?) << 32) | blocks_low;
            match flags & flag::HUGE_FILE {
                0 => blocks,
                _ => blocks << superblock.block_bits.saturating_sub(9),
            }
        } else {
            blocks_low
        };
        let time = |low: usize, extra: usize| -> Result<Timestamp> {
            // The extra word is there if extra_isize reaches over it.
            let word = if extra.saturating_add(4) <= body { fields.le32(extra)? } else { 0 };
            Ok(decode_time(fields.le32(low)?, word))
        };
        Ok(Inode {
            number,
            mode,
            uid: (u32::from(fields.le16(0x78)?) << 16) | u32::from(fields.le16(0x2)?),
            gid: (u32::from(fields.le16(0x7a)?) << 16) | u32::from(fields.le16(0x18)?),
            size,
            links: fields.le16(0x1a)?,
            blocks,
            flags,
            generation,
            file_acl: (u64::from(acl_high) << 32) | u64::from(fields.le32(0x68)?),
            i_block: fields.array(I_BLOCK)?,
            atime: time(0x8, 0x8c)?,
            mtime: time(0x10, 0x88)?,
            ctime: time(0xc, 0x84)?,
            extra_isize,
            checksum_seed,
        })
    }

    /// What `lstat` shows of an inode.
    pub(super) fn stat_of(&self, inode: &Inode) -> Stat {
        let mut blocks = self.replayed.cut.get(&inode.number).copied().unwrap_or(inode.blocks);
        if inode.has(flag::INLINE_DATA) && inode.file_type() == FileType::Regular {
            // Linux counts a file's inline data although they take no block.
            blocks = blocks.saturating_add(inode.size.div_ceil(512));
        }
        let rdev = match inode.file_type() {
            FileType::CharDevice | FileType::BlockDevice => device_number(&inode.i_block),
            _ => 0,
        };
        Stat {
            ino: u64::from(inode.number),
            mode: u32::from(inode.mode),
            nlink: u64::from(inode.links),
            uid: inode.uid,
            gid: inode.gid,
            rdev,
            size: inode.size,
            blksize: self.superblock.block_size(),
            blocks,
            atime: inode.atime,
            mtime: inode.mtime,
            ctime: inode.ctime,
        }
    }
}

/// Compares the stored checksum, of which old inodes have room for the lower half only.
fn inode_checksum_matches(fields: Fields<'_>, seed: u32, extra_isize: u16) -> Result<bool> {
    const LOW: usize = 0x7c;
    const HIGH: usize = 0x82;
    let before = crc32c(seed, fields.slice(0, LOW)?);
    // What is stored counts as zeros.
    if extra_isize < 4 {
        let crc = crc32c(crc32c(before, &[0; 2]), fields.from(LOW.saturating_add(2))?.bytes());
        return Ok(fields.le16(LOW)? == (crc & 0xffff) as u16);
    }
    let [a, b, c, d] = fields.array(LOW.saturating_add(2))?;
    let crc = crc32c(before, &[0, 0, a, b, c, d, 0, 0]);
    let crc = crc32c(crc, fields.from(HIGH.saturating_add(2))?.bytes());
    Ok((u32::from(fields.le16(HIGH)?) << 16) | u32::from(fields.le16(LOW)?) == crc)
}

/// A time from its signed 32-bit seconds and the extra word: 2 bits that extend the seconds, 30 of nanoseconds.
fn decode_time(low: u32, extra: u32) -> Timestamp {
    let seconds = i64::from(low.cast_signed());
    let epoch = i64::from(extra & 3) << 32;
    Timestamp { seconds: seconds.saturating_add(epoch), nanoseconds: extra >> 2 }
}

/// The device number of a node: the old 16-bit form in the first word, or else the new 32-bit form in the second.
fn device_number(i_block: &[u8; I_BLOCK_LENGTH]) -> u64 {
    let fields = Fields::new(i_block);
    let (old, new) = (fields.le32(0).unwrap_or(0), fields.le32(4).unwrap_or(0));
    let (major, minor) = match old {
        0 => ((new & 0xf_ff00) >> 8, (new & 0xff) | ((new >> 12) & 0xf_ff00)),
        _ => ((old >> 8) & 0xff, old & 0xff),
    };
    make_device(major, minor)
}

/// Linux's 64-bit `dev_t`, as `makedev` of the C library builds it.
fn make_device(major: u32, minor: u32) -> u64 {
    let (major, minor) = (u64::from(major), u64::from(minor));
    (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & !0xff) << 12) | ((major & !0xfff) << 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_reach_from_1901_to_2446() {
        let at = |low, extra| decode_time(low, extra).seconds;
        assert_eq!(at(0x8000_0000, 0), -0x8000_0000);
        assert_eq!(at(0x7fff_ffff, 0), 0x7fff_ffff);
        assert_eq!(at(0x8000_0000, 1), 0x8000_0000);
        assert_eq!(at(0x7fff_ffff, 3), 0x3_7fff_ffff);
        assert_eq!(decode_time(0, 999_999_999 << 2).nanoseconds, 999_999_999);
    }

    #[test]
    fn device_numbers_in_both_forms() {
        let mut i_block = [0; I_BLOCK_LENGTH];
        i_block[0..2].copy_from_slice(&[1, 5]);
        assert_eq!(device_number(&i_block), 0x501);
        i_block[0..2].fill(0);
        // 259:70000 = minor 0x11170
        i_block[4..8].copy_from_slice(&(0x70 | (259 << 8) | (0x11100 << 12) as u32).to_le_bytes());
        assert_eq!(device_number(&i_block), make_device(259, 70000));
        assert_eq!(make_device(259, 70000), 0x1111_0370);
    }
}

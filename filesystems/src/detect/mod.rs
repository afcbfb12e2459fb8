//! Recognises what a volume holds: a filesystem, a member of an array, an encrypted container, swap.
//!
//! The answers are those of `blkid` (util-linux 2.38, the version in libguestfs's Debian 12 appliance), because that is
//! where libguestfs's `vfs_type`, `vfs_label`, `vfs_uuid` and `list_filesystems` come from: the same names, the same
//! textual forms of labels and UUIDs, the same precedence between formats, and no answer where two formats contradict
//! each other. Nothing is verified beyond that: a recognised filesystem may still be damaged.
//!
//! Each format, or small family of formats, has a file. It holds [`Format`] items (names, magic numbers and a function
//! that reads the rest), and [`FORMATS`] lists them all in the order in which they are tried.

mod apfs;
mod bcache;
mod bitlocker;
mod btrfs;
mod ceph;
mod checksum;
mod cluster;
mod device_mapper;
mod drbd;
mod exfat;
mod ext;
mod f2fs;
mod fat;
mod firmware_raid;
mod flash;
mod hfs;
mod hpfs;
mod iso9660;
mod jfs;
mod linux_raid;
mod luks;
mod lvm;
mod minix;
mod nilfs2;
mod ntfs;
mod partition_table;
mod reiserfs;
mod rom;
mod stratis;
mod swap;
pub(crate) mod text;
mod udf;
mod ufs;
mod vmfs;
mod volume;
mod vxfs;
mod xfs;
mod zfs;
mod zonefs;

use bstr::{BStr, BString};
use glassbox_io::{ErrorKind, ReadAt, Result};

use volume::Volume;

/// What a volume is used for, by what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Usage {
    /// Files: it can be mounted, if something reads the format.
    Filesystem,
    /// One of the devices that make a larger one (LVM, MD, VMFS extents …).
    Raid,
    /// Encrypted, or data of a layer that verifies.
    Crypto,
    /// Swap space, an external journal, a cache device, and the like.
    Other,
}

impl Usage {
    /// The word that blkid prints as `USAGE`.
    pub fn name(self) -> &'static str {
        match self {
            Usage::Filesystem => "filesystem",
            Usage::Raid => "raid",
            Usage::Crypto => "crypto",
            Usage::Other => "other",
        }
    }
}

/// What was recognised on a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The format, as `vfs_type` names it: `ext4`, `vfat`, `LVM2_member`.
    pub kind: &'static str,
    /// What such a volume is used for.
    pub usage: Usage,
    /// The label, without padding, as UTF-8 where the format says how it is encoded; empty if there is none.
    pub label: BString,
    /// The UUID, serial number or date in blkid's form; empty if there is none.
    pub uuid: BString,
    /// The version or variant of the format: `FAT32`, `1.2`, `LVM2 001`; empty if the format has none.
    pub version: BString,
    /// Another type that this volume can be mounted as: `ext2` for a clean ext3, `msdos` for FAT12 and FAT16.
    pub secondary_kind: Option<&'static str>,
    /// The block size that the format's header tells, in bytes.
    pub block_size: Option<u32>,
}

/// Recognises what `source` holds. `None` if that is nothing known, only a partition table, or more than one thing:
/// then nobody can tell what is right, and mount(8) refuses too.
///
/// Fails only where `source` can't be read.
pub fn detect(source: &dyn ReadAt) -> Result<Option<Signature>> {
    let volume = Volume::new(source);
    // Less than an extended partition's own table: nothing fits.
    if volume.len() <= 1024 {
        return Ok(None);
    }
    let tiny = volume.len() <= FLOPPY;
    let mut first: Option<Signature> = None;
    let mut found = 0u32;
    let mut exclusive = false;
    for format in FORMATS {
        if volume.len() < format.min_size || (tiny && format.usage == Usage::Raid) {
            continue;
        }
        let Some(details) = try_format(&volume, format)? else { continue };
        let signature = details.into_signature(format);
        found = found.saturating_add(1);
        first.get_or_insert(signature);
        // On a floppy the first answer stands; below a RAID or encryption layer, other signatures belong to what
        // that layer holds.
        if tiny || matches!(format.usage, Usage::Raid | Usage::Crypto) {
            break;
        }
        exclusive |= !format.shares;
    }
    Ok(if found > 1 && exclusive { None } else { first })
}

/// Whether `source` is a member of a RAID, or encrypted: then whatever else it looks like belongs to another layer.
pub(crate) fn is_layer(source: &dyn ReadAt) -> Result<bool> {
    let volume = Volume::new(source);
    let layers = FORMATS.iter().filter(|format| matches!(format.usage, Usage::Raid | Usage::Crypto));
    for format in layers.filter(|format| volume.len() >= format.min_size) {
        if try_format(&volume, format)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What volumes of type `kind` are used for; `None` if nothing is recognised under this name.
pub fn usage_of(kind: &BStr) -> Option<Usage> {
    FORMATS.iter().find(|format| kind == format.kind).map(|format| format.usage)
}

/// The size of a floppy disk. RAID members aren't looked for on smaller volumes, as blkid doesn't.
const FLOPPY: u64 = 1440 << 10;

/// A format and how it is recognised.
struct Format {
    kind: &'static str,
    usage: Usage,
    /// The smallest volume that can hold it, in bytes.
    min_size: u64,
    /// Whether it may stand beside another one that shares: an ISO 9660 image is often also a UDF or HFS volume.
    shares: bool,
    /// One of these must match; none means that `read` looks by itself.
    magics: &'static [Magic],
    /// Reads the rest of the header. `None`, or a *corrupt* error, means that it isn't this format after all.
    read: fn(&Volume<'_>, &Magic) -> Result<Option<Details>>,
}

impl Format {
    /// A format with no lower bound of its size and no magics yet, for the struct-update syntax.
    const fn new(kind: &'static str, usage: Usage, read: fn(&Volume<'_>, &Magic) -> Result<Option<Details>>) -> Format {
        Format { kind, usage, min_size: 0, shares: false, magics: &[], read }
    }
}

/// Bytes that stand at a fixed offset of the volume.
struct Magic {
    bytes: &'static [u8],
    offset: u64,
}

impl Magic {
    const fn new(bytes: &'static [u8], offset: u64) -> Magic {
        Magic { bytes, offset }
    }
}

/// For formats that are found without a fixed magic.
const NO_MAGIC: Magic = Magic::new(b"", 0);

/// What a header told besides the format's name.
#[derive(Default)]
struct Details {
    label: BString,
    uuid: BString,
    version: BString,
    secondary_kind: Option<&'static str>,
    block_size: Option<u32>,
}

impl Details {
    fn into_signature(self, format: &Format) -> Signature {
        let Details { label, uuid, version, secondary_kind, block_size } = self;
        Signature { kind: format.kind, usage: format.usage, label, uuid, version, secondary_kind, block_size }
    }
}

fn try_format(volume: &Volume<'_>, format: &Format) -> Result<Option<Details>> {
    let mut hit = Some(&NO_MAGIC);
    if !format.magics.is_empty() {
        hit = None;
        for magic in format.magics {
            if volume.has(magic)? {
                hit = Some(magic);
                break;
            }
        }
    }
    let Some(magic) = hit else { return Ok(None) };
    match (format.read)(volume, magic) {
        // The header reaches past the end of the volume, or contradicts itself.
        Err(error) if error.kind() == ErrorKind::Corrupt => Ok(None),
        result => result,
    }
}

/// For formats of which only the magic is known or needed.
fn magic_only(_: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    Ok(Some(Details::default()))
}

/// All formats, in blkid's order: what lies below comes before what it may carry.
static FORMATS: &[&Format] = &[
    &linux_raid::LINUX_RAID_MEMBER,
    &firmware_raid::DDF,
    &firmware_raid::ISW,
    &firmware_raid::LSI_MEGA,
    &firmware_raid::VIA,
    &firmware_raid::NVIDIA,
    &firmware_raid::PROMISE,
    &firmware_raid::HIGHPOINT_45X,
    &firmware_raid::HIGHPOINT_37X,
    &firmware_raid::JMICRON,
    &bcache::BCACHE,
    &bcache::BCACHEFS,
    &ceph::BLUESTORE,
    &drbd::DRBD,
    &lvm::LVM2_MEMBER,
    &lvm::LVM1_MEMBER,
    &device_mapper::SNAPSHOT_COW,
    &device_mapper::VERITY_HASH,
    &device_mapper::INTEGRITY,
    &luks::CRYPTO_LUKS,
    &vmfs::VMFS_VOLUME_MEMBER,
    &flash::UBI,
    &device_mapper::VDO,
    &stratis::STRATIS,
    &bitlocker::BITLOCKER,
    &fat::VFAT,
    &swap::SWSUSPEND,
    &swap::SWAP,
    &xfs::XFS,
    &xfs::XFS_EXTERNAL_LOG,
    &ext::EXT4DEV,
    &ext::EXT4,
    &ext::EXT3,
    &ext::EXT2,
    &ext::JBD,
    &reiserfs::REISERFS,
    &reiserfs::REISER4,
    &jfs::JFS,
    &udf::UDF,
    &iso9660::ISO9660,
    &zfs::ZFS_MEMBER,
    &hfs::HFSPLUS,
    &hfs::HFS,
    &ufs::UFS,
    &hpfs::HPFS,
    &ntfs::NTFS,
    &ntfs::REFS,
    &rom::CRAMFS,
    &rom::ROMFS,
    &minix::MINIX,
    &cluster::GFS,
    &cluster::GFS2,
    &cluster::OCFS2,
    &cluster::ORACLEASM,
    &vxfs::VXFS,
    &rom::SQUASHFS,
    &rom::SQUASHFS3,
    &btrfs::BTRFS,
    &flash::UBIFS,
    &rom::BFS,
    &vmfs::VMFS,
    &nilfs2::NILFS2,
    &exfat::EXFAT,
    &f2fs::F2FS,
    &apfs::APFS,
    &zonefs::ZONEFS,
    &rom::EROFS,
];

#[cfg(test)]
mod tests;

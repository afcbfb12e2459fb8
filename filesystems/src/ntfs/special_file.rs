//! Files that are more than data: symbolic links, devices, pipes and sockets.
//!
//! NTFS has three ways to store them. Windows's symbolic links and junctions, and all special files of the Windows
//! Subsystem for Linux, are reparse points. Interix (Services for Unix), which ntfs-3g writes by default, marks a file
//! as a system file and puts a magic into its data.

use bstr::{BStr, BString};
use glassbox_io::{Fields, Result};

use super::attribute::{AttributeType, Sizes};
use super::inode::Inode;
use super::reparse_point::{ReparsePoint, tag};
use super::standard_information::{StandardInformation, file_attributes};
use super::volume::Volume;
use super::{ea, link_target, utf16};

/// The magics of Interix special files, little-endian ASCII.
const INTERIX_SYMLINK: &[u8; 8] = b"IntxLNK\x01";
const INTERIX_CHAR_DEVICE: &[u8; 8] = b"IntxCHR\0";
const INTERIX_BLOCK_DEVICE: &[u8; 8] = b"IntxBLK\0";
/// A magic, then major and minor as 64 bits each.
const INTERIX_DEVICE_SIZE: u64 = 24;
/// A magic, then at most PATH_MAX units of the target.
const INTERIX_MAX_SIZE: u64 = 8 + 2 * 4096;

/// The version of an LX_SYMLINK's data; the target follows as UTF-8.
const LX_SYMLINK_VERSION: u32 = 2;

/// What a file is.
#[derive(Debug)]
pub(crate) enum Kind {
    Regular,
    /// A regular file whose contents WOF keeps, with the data that says how. Only reading it needs that understood.
    Wof(Vec<u8>),
    Directory,
    Symlink(BString),
    CharDevice(u64),
    BlockDevice(u64),
    Fifo,
    Socket,
}

impl Kind {
    /// The type bits of `st_mode`.
    pub fn mode(&self) -> u32 {
        match self {
            Kind::Regular | Kind::Wof(_) => 0o100000,
            Kind::Directory => 0o040000,
            Kind::Symlink(_) => 0o120000,
            Kind::CharDevice(_) => 0o020000,
            Kind::BlockDevice(_) => 0o060000,
            Kind::Fifo => 0o010000,
            Kind::Socket => 0o140000,
        }
    }

    /// Tells what `inode` is; absolute targets of links are shown below `mount_point`.
    pub fn of(volume: &Volume, inode: &Inode, information: &StandardInformation, mount_point: &BStr) -> Result<Self> {
        if information.has(file_attributes::REPARSE_POINT) {
            let reparse = ReparsePoint::read(volume, inode)?;
            return Self::of_reparse_point(volume, inode, reparse.as_ref(), mount_point);
        }
        if inode.record.is_directory() {
            return Ok(Kind::Directory);
        }
        if information.has(file_attributes::SYSTEM)
            && let Some(kind) = Self::of_interix(volume, inode, information)?
        {
            return Ok(kind);
        }
        Ok(Kind::Regular)
    }

    fn of_reparse_point(
        volume: &Volume,
        inode: &Inode,
        reparse: Option<&ReparsePoint>,
        mount_point: &BStr,
    ) -> Result<Self> {
        // The text is what ntfs-3g shows where it doesn't know the tag, or its data is no use.
        let unknown = |tag: u32| Kind::Symlink(format!("unsupported reparse tag 0x{tag:08x}").into());
        let Some(reparse) = reparse else { return Ok(unknown(0)) };
        let data = Fields::new(&reparse.data);
        let kind = match reparse.tag {
            tag::SYMLINK | tag::MOUNT_POINT => {
                link_target::resolve(volume, inode, reparse, mount_point)?.map(Kind::Symlink)
            }
            tag::WOF if !inode.record.is_directory() => Some(Kind::Wof(reparse.data.clone())),
            tag::LX_SYMLINK => match data.le32(0) {
                Ok(LX_SYMLINK_VERSION) => data.from(4).ok().map(|target| Kind::Symlink(target.bytes().into())),
                _ => None,
            },
            tag::AF_UNIX => Some(Kind::Socket),
            tag::LX_FIFO => Some(Kind::Fifo),
            tag::LX_CHR => ea::linux_device(volume, inode)?.map(Kind::CharDevice),
            tag::LX_BLK => ea::linux_device(volume, inode)?.map(Kind::BlockDevice),
            _ => None,
        };
        Ok(kind.unwrap_or_else(|| unknown(reparse.tag)))
    }

    /// `None` if the system file is a plain one.
    fn of_interix(volume: &Volume, inode: &Inode, information: &StandardInformation) -> Result<Option<Self>> {
        let Some(sizes) = inode.sizes(volume, AttributeType::DATA, b"")? else { return Ok(None) };
        match sizes {
            Sizes { data: 0 | 1, .. } if information.has(file_attributes::HIDDEN) => return Ok(None),
            Sizes { data: 0, .. } => return Ok(Some(Kind::Fifo)),
            Sizes { data: 1, .. } => return Ok(Some(Kind::Socket)),
            Sizes { data: 9..=INTERIX_MAX_SIZE, .. } => {}
            _ => return Ok(None),
        }
        let limit = usize::try_from(INTERIX_MAX_SIZE).unwrap_or(usize::MAX);
        let Some(value) = inode.read_value(volume, AttributeType::DATA, b"", limit)? else { return Ok(None) };
        let data = Fields::new(&value);
        let magic = data.array::<8>(0)?;
        if magic == *INTERIX_SYMLINK {
            return Ok(Some(Kind::Symlink(utf16::to_bytes(utf16::units(data.from(8)?.bytes())))));
        }
        if sizes.data != INTERIX_DEVICE_SIZE {
            return Ok(None);
        }
        let device = device_number(data.le64(8)?, data.le64(16)?);
        Ok(match &magic {
            INTERIX_CHAR_DEVICE => Some(Kind::CharDevice(device)),
            INTERIX_BLOCK_DEVICE => Some(Kind::BlockDevice(device)),
            _ => None,
        })
    }
}

/// A device number in Linux's `dev_t` encoding. FUSE passes 32 bits of it: 12 of the major and 20 of the minor.
pub(crate) fn device_number(major: u64, minor: u64) -> u64 {
    (major & 0xfff) << 8 | minor & 0xff | (minor & 0xfff00) << 12
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_numbers_are_linux_ones() {
        assert_eq!(device_number(5, 1), 0x501);
        assert_eq!(device_number(259, 70000), 286_327_664);
    }
}

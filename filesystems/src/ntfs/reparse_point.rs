//! `$REPARSE_POINT`: a tag, and data for whoever knows the tag.

use glassbox_io::{Fields, Result};

use super::attribute::AttributeType;
use super::inode::Inode;
use super::volume::Volume;

/// The tags (`IO_REPARSE_TAG_*`, MS-FSCC section 2.1.2.1) that mean something here.
pub(crate) mod tag {
    /// A junction, or a mounted volume.
    pub const MOUNT_POINT: u32 = 0xa000_0003;
    pub const SYMLINK: u32 = 0xa000_000c;
    /// Compressed by the Windows Overlay Filter, or backed by an archive.
    pub const WOF: u32 = 0x8000_0017;
    // Special files of the Windows Subsystem for Linux.
    pub const LX_SYMLINK: u32 = 0xa000_001d;
    pub const AF_UNIX: u32 = 0x8000_0023;
    pub const LX_FIFO: u32 = 0x8000_0024;
    pub const LX_CHR: u32 = 0x8000_0025;
    pub const LX_BLK: u32 = 0x8000_0026;
}

/// Tags with this bit are Microsoft's; data of others begins with a GUID.
const IS_MICROSOFT: u32 = 0x8000_0000;
const GUID: usize = 16;

/// NTFS allows no more (`MAXIMUM_REPARSE_DATA_BUFFER_SIZE`).
pub(crate) const MAX_SIZE: usize = 16 << 10;

/// A reparse point.
pub(crate) struct ReparsePoint {
    pub tag: u32,
    pub data: Vec<u8>,
}

/// A symbolic link's or junction's target as it is stored.
pub(crate) struct SubstituteName {
    /// UTF-16 units.
    pub units: Vec<u16>,
    /// Of a symbolic link: whether the target isn't a full path of the object manager (`\??\…`).
    pub is_relative: bool,
}

impl ReparsePoint {
    /// Reads the reparse point of `inode`. `None` if it has none, or one that ntfs-3g finds invalid.
    pub fn read(volume: &Volume, inode: &Inode) -> Result<Option<Self>> {
        let value = inode.read_value(volume, AttributeType::REPARSE_POINT, b"", MAX_SIZE)?;
        Ok(value.and_then(|value| Self::parse(&value)))
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let fields = Fields::new(value);
        let tag = fields.le32(0).ok().filter(|tag| *tag != 0)?;
        let guid = if tag & IS_MICROSOFT == 0 { GUID } else { 0 };
        let length = usize::from(fields.le16(4).ok()?).checked_add(guid)?;
        let data = fields.from(8).ok().filter(|data| data.len() == length)?;
        Some(ReparsePoint { tag, data: data.bytes().to_vec() })
    }

    /// The target of a junction or a symbolic link; `None` for other tags, or if its fields contradict each other.
    pub fn substitute_name(&self) -> Option<SubstituteName> {
        let data = Fields::new(&self.data);
        let (names, flags) = match self.tag {
            tag::MOUNT_POINT => (8, 0),
            tag::SYMLINK => (12, data.le32(8).ok()?),
            _ => return None,
        };
        let (offset, length) = (usize::from(data.le16(0).ok()?), usize::from(data.le16(2).ok()?));
        let name = data.from(names).and_then(|names| names.slice(offset, length)).ok()?;
        Some(SubstituteName { units: super::utf16::units(name).collect(), is_relative: flags & 1 != 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbolic_link() {
        let mut value = tag::SYMLINK.to_le_bytes().to_vec();
        value.extend([16, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0, 1, 0, 0, 0]);
        value.extend(b"a\0b\0");
        let reparse = ReparsePoint::parse(&value).unwrap();
        let name = reparse.substitute_name().unwrap();
        assert_eq!((name.units, name.is_relative), (vec![97, 98], true));
        value[10] = 5;
        assert!(ReparsePoint::parse(&value).unwrap().substitute_name().is_none(), "the name reaches past the data");
        value.pop();
        assert!(ReparsePoint::parse(&value).is_none(), "the length contradicts the value");
    }
}

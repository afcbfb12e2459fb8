//! A file record of the MFT: a header, and the attributes that are one file, or a part of them.

use glassbox_io::{Error, Fields, Result};

use super::attribute::{Attribute, AttributeType};
use super::update_sequence;

/// The magic of a file record.
const MAGIC: &[u8; 4] = b"FILE";
/// Header flags.
const IN_USE: u16 = 1;
const IS_DIRECTORY: u16 = 2;

/// A reference to a file record: its number, and the sequence number that tells its reuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileReference(pub u64);

impl FileReference {
    /// The number of the record: the low 48 bits.
    pub fn number(self) -> u64 {
        self.0 & 0xffff_ffff_ffff
    }

    /// The sequence number; 0 matches any.
    pub fn sequence(self) -> u16 {
        u16::try_from(self.0 >> 48).unwrap_or(0)
    }
}

/// A file record with its fixups applied.
pub(crate) struct FileRecord {
    bytes: Vec<u8>,
    first_attribute: usize,
    used: usize,
    flags: u16,
    /// Counts the reuses of the record.
    pub sequence: u16,
    /// Names of the file, DOS names too.
    pub link_count: u16,
    /// The file's base record, if this one only extends it; 0 in a base record.
    pub base: FileReference,
}

impl FileRecord {
    /// Checks and parses the raw bytes of a record.
    pub fn parse(mut bytes: Vec<u8>) -> Result<Self> {
        update_sequence::apply(&mut bytes, MAGIC)?;
        let header = Fields::new(&bytes);
        let sequence = header.le16(0x10)?;
        let link_count = header.le16(0x12)?;
        let first_attribute = usize::from(header.le16(0x14)?);
        let flags = header.le16(0x16)?;
        let used = usize::try_from(header.le32(0x18)?).unwrap_or(usize::MAX);
        let base = FileReference(header.le64(0x20)?);
        if first_attribute > used || used > bytes.len() {
            return Err(Error::corrupt(format!(
                "ntfs: a file record uses {used} of its {} bytes, from {first_attribute}",
                bytes.len()
            )));
        }
        Ok(FileRecord { bytes, first_attribute, used, flags, sequence, link_count, base })
    }

    /// Whether the record belongs to a file that exists.
    pub fn is_in_use(&self) -> bool {
        self.flags & IN_USE != 0
    }

    /// Whether the file has an index of file names.
    pub fn is_directory(&self) -> bool {
        self.flags & IS_DIRECTORY != 0
    }

    /// The attributes in their order.
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes { rest: self.bytes.get(self.first_attribute..self.used).map(Fields::new) }
    }

    /// The first attribute of this type with this name (UTF-16LE, compared unit by unit).
    pub fn attribute(&self, kind: AttributeType, name: &[u8]) -> Result<Option<Attribute<'_>>> {
        for attribute in self.attributes() {
            let attribute = attribute?;
            if attribute.kind == kind && attribute.name == name {
                return Ok(Some(attribute));
            }
        }
        Ok(None)
    }
}

/// Iterates over the attributes of a record. Each takes at least 24 bytes, so it ends.
pub(crate) struct Attributes<'a> {
    rest: Option<Fields<'a>>,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        match Attribute::parse(rest) {
            Ok(None) => None,
            Ok(Some((attribute, length))) => {
                self.rest = rest.from(length).ok();
                Some(Ok(attribute))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

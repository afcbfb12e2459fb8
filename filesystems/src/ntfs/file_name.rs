//! `$FILE_NAME`: a name of a file, as its record and the index of its directory hold it.

use glassbox_io::{Fields, Result};

use super::file_record::FileReference;

/// The fixed part, before the name.
const HEADER: usize = 66;

/// The namespace of an 8.3 name. With bit 0 (Win32) as well, the name is both.
const NAMESPACE_DOS: u8 = 2;

/// A view of a file name.
#[derive(Clone, Copy)]
pub(crate) struct FileName<'a> {
    /// The directory.
    pub parent: FileReference,
    /// A copy of the file's attributes, from when the name was last written.
    pub attributes: u32,
    namespace: u8,
    /// UTF-16LE.
    pub name: &'a [u8],
}

impl<'a> FileName<'a> {
    pub fn parse(value: &'a [u8]) -> Result<Self> {
        let value = Fields::new(value);
        let length = usize::from(value.u8(64)?).saturating_mul(2);
        Ok(FileName {
            parent: FileReference(value.le64(0)?),
            attributes: value.le32(56)?,
            namespace: value.u8(65)?,
            name: value.slice(HEADER, length)?,
        })
    }

    /// Whether this is an 8.3 name, alone or as the long name too.
    pub fn is_dos(&self) -> bool {
        self.namespace & NAMESPACE_DOS != 0
    }

    /// Whether this is the 8.3 name that stands beside a long one.
    pub fn is_dos_only(&self) -> bool {
        self.namespace == NAMESPACE_DOS
    }
}

//! Checked access to the integers of an on-disk structure.

use crate::{Error, Result};

/// A view of raw bytes from which fields are read by offset. Every read is checked: a structure that is too short
/// is *corrupt*, never a panic.
///
/// ```
/// use glassbox_io::Fields;
/// let header = Fields::new(&[0x53, 0xef, 1, 0]);
/// assert_eq!(header.le16(0).unwrap(), 0xef53);
/// assert!(header.le32(2).is_err());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// A view of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Fields(bytes)
    }

    /// The bytes below the view.
    pub fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// Their count.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `length` bytes at `offset`.
    pub fn slice(&self, offset: usize, length: usize) -> Result<&'a [u8]> {
        offset
            .checked_add(length)
            .and_then(|end| self.0.get(offset..end))
            .ok_or_else(|| too_short(offset, length, self.0.len()))
    }

    /// `length` bytes at `offset`, as a view.
    pub fn at(&self, offset: usize, length: usize) -> Result<Fields<'a>> {
        self.slice(offset, length).map(Fields)
    }

    /// All bytes from `offset` to the end, as a view.
    pub fn from(&self, offset: usize) -> Result<Fields<'a>> {
        self.0.get(offset..).map(Fields).ok_or_else(|| too_short(offset, 0, self.0.len()))
    }

    /// `N` bytes at `offset`.
    pub fn array<const N: usize>(&self, offset: usize) -> Result<[u8; N]> {
        let bytes = self.slice(offset, N)?;
        bytes.try_into().map_err(|_| too_short(offset, N, self.0.len()))
    }

    /// The byte at `offset`.
    pub fn u8(&self, offset: usize) -> Result<u8> {
        self.array::<1>(offset).map(|[byte]| byte)
    }
    /// A little-endian 16-bit field.
    pub fn le16(&self, offset: usize) -> Result<u16> {
        self.array(offset).map(u16::from_le_bytes)
    }
    /// A little-endian 32-bit field.
    pub fn le32(&self, offset: usize) -> Result<u32> {
        self.array(offset).map(u32::from_le_bytes)
    }
    /// A little-endian 64-bit field.
    pub fn le64(&self, offset: usize) -> Result<u64> {
        self.array(offset).map(u64::from_le_bytes)
    }
    /// A big-endian 16-bit field.
    pub fn be16(&self, offset: usize) -> Result<u16> {
        self.array(offset).map(u16::from_be_bytes)
    }
    /// A big-endian 32-bit field.
    pub fn be32(&self, offset: usize) -> Result<u32> {
        self.array(offset).map(u32::from_be_bytes)
    }
    /// A big-endian 64-bit field.
    pub fn be64(&self, offset: usize) -> Result<u64> {
        self.array(offset).map(u64::from_be_bytes)
    }
}

fn too_short(offset: usize, length: usize, have: usize) -> Error {
    Error::corrupt(format!("a field of {length} bytes at {offset} lies outside its structure of {have} bytes"))
}

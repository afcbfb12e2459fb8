//! Reading a volume's headers.

use glassbox_io::{Cached, Error, Fields, ReadAt, Result};

use super::Magic;

/// Enough for every header that stands near the start: detection reads the same few pages again and again.
const CACHE: usize = 1 << 20;

/// What is larger is read once, straight from the volume.
const SMALL_READ: usize = 16 << 10;

/// The largest header that is read in one piece: 256 KiB are looked through for XFS's log.
const MAX_READ: usize = 256 << 10;

/// A volume, as the formats' readers see it.
pub(super) struct Volume<'a> {
    source: Cached<&'a dyn ReadAt>,
}

impl<'a> Volume<'a> {
    pub(super) fn new(source: &'a dyn ReadAt) -> Self {
        Volume { source: Cached::new(source, CACHE) }
    }

    /// The volume's size, in bytes.
    pub(super) fn len(&self) -> u64 {
        self.source.len()
    }

    /// The `length` bytes at `offset`; *corrupt* if the volume ends before.
    pub(super) fn bytes(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        if length > MAX_READ || offset.checked_add(length as u64).is_none_or(|end| end > self.len()) {
            return Err(Error::corrupt("a header lies outside the volume").at_offset(offset));
        }
        let mut bytes = vec![0; length];
        match length {
            ..=SMALL_READ => self.source.read_exact_at(&mut bytes, offset)?,
            _ => self.source.inner().read_exact_at(&mut bytes, offset)?,
        }
        Ok(bytes)
    }

    /// The `N` bytes at `offset`; *corrupt* if the volume ends before.
    pub(super) fn array<const N: usize>(&self, offset: u64) -> Result<[u8; N]> {
        Fields::new(&self.bytes(offset, N)?).array(0)
    }

    /// Whether `magic` stands where it should.
    pub(super) fn has(&self, magic: &Magic) -> Result<bool> {
        self.has_bytes(magic.offset, magic.bytes)
    }

    /// Whether `expected` stands at `offset`.
    pub(super) fn has_bytes(&self, offset: u64, expected: &[u8]) -> Result<bool> {
        // The longest magic has 22 bytes.
        let mut found = [0; 32];
        let Some(found) = found.get_mut(..expected.len()) else { return Ok(false) };
        Ok(self.source.read_at(found, offset)? == expected.len() && found == expected)
    }
}

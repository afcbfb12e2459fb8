//! The one trait for reading.

use std::sync::Arc;

use crate::{Error, Result};

/// Anything with a length that can be read at an offset: a disk image, a volume, a file.
///
/// Reads are positioned, so one value serves many threads at once; there is no cursor to share.
pub trait ReadAt: Send + Sync {
    /// The length in bytes.
    fn len(&self) -> u64;

    /// Fills `buf` from `offset`, and says how many bytes were read. Fewer than `buf.len()` means that the end
    /// was reached, never a short read of another cause; at or past the end it is 0.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize>;

    /// The run of like bytes (all data, or all a hole) that begins at `offset`, never of length 0 before the end.
    /// At or past the end: a hole of length 0.
    ///
    /// Data may read as zeros; a hole always does, and needs no reading. A caller that copies asks here first.
    fn extent_at(&self, offset: u64) -> Result<Extent> {
        let length = self.len().saturating_sub(offset);
        let kind = if length == 0 { ExtentKind::Hole } else { ExtentKind::Data };
        Ok(Extent { length, kind })
    }

    /// Whether there is nothing to read.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `buf` from `offset`, or fails as *corrupt* if the end comes first.
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        let wanted = buf.len();
        let got = self.read_at(buf, offset)?;
        if got == wanted {
            Ok(())
        } else {
            Err(Error::corrupt(format!("{wanted} bytes are needed, the end comes after {got}")).at_offset(offset))
        }
    }
}

/// A shared reader, as the layers pass it upwards.
pub type Source = Arc<dyn ReadAt>;

/// A run of bytes of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Bytes in the run.
    pub length: u64,
    /// What they are.
    pub kind: ExtentKind,
}

/// What a run of bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtentKind {
    /// Bytes that must be read.
    Data,
    /// Bytes that are zero and stored nowhere.
    Hole,
}

/// Iterates over `(offset, extent)` of a source, in order.
pub struct Extents<'a> {
    source: &'a dyn ReadAt,
    offset: u64,
}

impl<'a> Extents<'a> {
    /// All extents of `source` from `offset` to the end.
    pub fn new(source: &'a dyn ReadAt, offset: u64) -> Self {
        Extents { source, offset }
    }
}

impl Iterator for Extents<'_> {
    type Item = Result<(u64, Extent)>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.offset;
        if start >= self.source.len() {
            return None;
        }
        match self.source.extent_at(start) {
            Ok(Extent { length: 0, .. }) => None,
            Ok(extent) => {
                self.offset = start.saturating_add(extent.length);
                Some(Ok((start, extent)))
            }
            Err(error) => {
                self.offset = u64::MAX;
                Some(Err(error))
            }
        }
    }
}

impl<T: ReadAt + ?Sized> ReadAt for &T {
    fn len(&self) -> u64 {
        (**self).len()
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        (**self).read_at(buf, offset)
    }
    fn extent_at(&self, offset: u64) -> Result<Extent> {
        (**self).extent_at(offset)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for Arc<T> {
    fn len(&self) -> u64 {
        (**self).len()
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        (**self).read_at(buf, offset)
    }
    fn extent_at(&self, offset: u64) -> Result<Extent> {
        (**self).extent_at(offset)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for Box<T> {
    fn len(&self) -> u64 {
        (**self).len()
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        (**self).read_at(buf, offset)
    }
    fn extent_at(&self, offset: u64) -> Result<Extent> {
        (**self).extent_at(offset)
    }
}

/// Bytes in memory, for tests and for small metadata that was read whole.
impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let Some(rest) = self.get(from..) else { return Ok(0) };
        let count = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_reads_short_only_at_its_end() {
        let source = b"0123456789".to_vec();
        let mut buf = [0; 4];
        assert_eq!(source.read_at(&mut buf, 8).unwrap(), 2);
        assert_eq!(&buf[..2], b"89");
        assert_eq!(source.read_at(&mut buf, 10).unwrap(), 0);
        assert_eq!(source.read_at(&mut buf, u64::MAX).unwrap(), 0);
        assert!(source.read_exact_at(&mut buf, 7).is_err());
    }

    #[test]
    fn the_default_extent_is_all_data() {
        let source = vec![1u8; 10];
        let all: Vec<_> = Extents::new(&source, 3).map(|e| e.unwrap()).collect();
        assert_eq!(all, [(3, Extent { length: 7, kind: ExtentKind::Data })]);
    }
}

//! A part of a source as a source of its own.

use crate::{Error, Extent, ExtentKind, ReadAt, Result};

/// A byte range of another source: a partition of a disk, an image at an offset of a file.
pub struct Window<S> {
    inner: S,
    start: u64,
    length: u64,
}

impl<S: ReadAt> Window<S> {
    /// The `length` bytes from `start`. A part that lies past the end of `inner` is cut off, as Linux does with a
    /// partition that is longer than its disk; a sum past 2⁶⁴ is *corrupt*.
    pub fn new(inner: S, start: u64, length: u64) -> Result<Self> {
        if start.checked_add(length).is_none() {
            return Err(Error::corrupt("a range ends past 2^64").at_offset(start));
        }
        let length = length.min(inner.len().saturating_sub(start));
        Ok(Window { inner, start, length })
    }

    /// Where the window begins in the source below, in bytes.
    pub fn start(&self) -> u64 {
        self.start
    }
}

impl<S: ReadAt> ReadAt for Window<S> {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = buf.len().min(left);
        match buf.get_mut(..count) {
            Some(buf) if count > 0 => self.inner.read_at(buf, self.start.saturating_add(offset)),
            _ => Ok(0),
        }
    }

    fn extent_at(&self, offset: u64) -> Result<Extent> {
        let left = self.length.saturating_sub(offset);
        if left == 0 {
            return Ok(Extent { length: 0, kind: ExtentKind::Hole });
        }
        let extent = self.inner.extent_at(self.start.saturating_add(offset))?;
        Ok(Extent { length: extent.length.min(left), ..extent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_cut_at_both_ends() {
        let window = Window::new(b"0123456789".to_vec(), 6, 100).unwrap();
        assert_eq!(window.len(), 4);
        let mut buf = [0; 8];
        assert_eq!(window.read_at(&mut buf, 1).unwrap(), 3);
        assert_eq!(&buf[..3], b"789");
        assert_eq!(window.extent_at(1).unwrap().length, 3);
        assert_eq!(window.extent_at(4).unwrap().length, 0);
        assert!(Window::new(vec![0u8], u64::MAX, 2).is_err());
    }
}

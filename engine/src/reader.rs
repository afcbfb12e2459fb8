//! A source as a stream, for what wants `std::io::Read`.

use std::io;

use glassbox_io::ReadAt;

/// Reads a source from its beginning to its end.
pub(crate) struct Reader<'a> {
    source: &'a dyn ReadAt,
    offset: u64,
}

impl<'a> Reader<'a> {
    /// From the beginning.
    pub fn new(source: &'a dyn ReadAt) -> Self {
        Reader { source, offset: 0 }
    }

    /// With a buffer, for reading lines.
    pub fn buffered(source: &'a dyn ReadAt) -> io::BufReader<Self> {
        io::BufReader::with_capacity(128 << 10, Reader::new(source))
    }
}

impl io::Read for Reader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read_at(buf, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

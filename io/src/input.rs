//! A source as a stream of which the next bytes can always be looked at.

use std::io::{self, BufRead, Read};

use crate::ReadAt;

/// Read at a time.
const CAPACITY: usize = 128 << 10;
/// Bytes that [`BufRead::fill_buf`] shows unless the source ends before: any magic. `std`'s reader may show only one.
const LOOK_AHEAD: usize = 16;

/// Reads a source from its beginning; [`BufRead::fill_buf`] shows at least 16 bytes, or all that are left.
pub struct Input<'a> {
    source: &'a dyn ReadAt,
    buffer: Vec<u8>,
    /// Where in the source the buffer begins.
    start: u64,
    /// What of the buffer is filled, and consumed.
    filled: usize,
    consumed: usize,
}

impl<'a> Input<'a> {
    /// From the beginning.
    pub fn new(source: &'a dyn ReadAt) -> Self {
        Input { source, buffer: vec![0; CAPACITY], start: 0, filled: 0, consumed: 0 }
    }

    /// Bytes of the source that have been consumed.
    pub fn position(&self) -> u64 {
        self.start.saturating_add(self.consumed as u64)
    }

    fn shown(&self) -> &[u8] {
        self.buffer.get(self.consumed..self.filled).unwrap_or_default()
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let end = self.start.saturating_add(self.filled as u64);
        if self.shown().len() < LOOK_AHEAD && end < self.source.len() {
            self.start = self.position();
            (self.filled, self.consumed) = (0, 0);
            self.filled = self.source.read_at(&mut self.buffer, self.start)?;
        }
        Ok(self.shown())
    }

    fn consume(&mut self, count: usize) {
        self.consumed = self.consumed.saturating_add(count).min(self.filled);
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let count = available.read(buf)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_is_shown_at_every_place() {
        let bytes: Vec<u8> = (0..CAPACITY * 2 + 100).map(|i| (i * 7 / 5) as u8).collect();
        let mut input = Input::new(&bytes);
        let mut at = 0;
        while at < bytes.len() {
            assert_eq!(input.position(), at as u64);
            let shown = input.fill_buf().unwrap();
            assert!(shown.len() >= LOOK_AHEAD.min(bytes.len() - at));
            assert_eq!(shown[..LOOK_AHEAD.min(shown.len())], bytes[at..][..LOOK_AHEAD.min(shown.len())]);
            input.consume(11);
            at += 11;
        }
        let mut all = Vec::new();
        Input::new(&bytes).read_to_end(&mut all).unwrap();
        assert!(all == bytes);
    }
}

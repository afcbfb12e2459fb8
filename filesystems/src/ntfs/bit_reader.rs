//! The bit stream that XPRESS-Huffman and LZX share: little-endian 16-bit words, each from its highest bit on.

use glassbox_io::{Error, Result};

/// Reads bits, and bytes between them.
///
/// Before each step at least 16 bits are held if the input has them, and never 32. This is part of the formats: bytes
/// that stand between the bits follow the word that was fetched last.
pub(crate) struct BitReader<'a> {
    input: &'a [u8],
    rest: &'a [u8],
    /// Bits that are held, from the highest on; those below are 0.
    bits: u32,
    count: u32,
}

impl<'a> BitReader<'a> {
    pub fn new(input: &'a [u8]) -> Self {
        BitReader { input, rest: input, bits: 0, count: 0 }
    }

    /// The next 16 bits, without taking them. Past the end of the input they are 0, as the decoders of both formats
    /// look ahead further than the last code reaches.
    pub fn peek16(&mut self) -> u32 {
        if self.count < 16 {
            let word = match self.rest.split_first_chunk::<2>() {
                Some((word, rest)) => {
                    self.rest = rest;
                    u16::from_le_bytes(*word)
                }
                None => 0,
            };
            self.bits |= u32::from(word) << 16u32.saturating_sub(self.count);
            self.count = self.count.saturating_add(16);
        }
        self.bits >> 16
    }

    /// Takes `count` bits (at most 16), after [`Self::peek16`].
    pub fn take(&mut self, count: u32) {
        self.bits = self.bits.checked_shl(count).unwrap_or(0);
        self.count = self.count.saturating_sub(count);
    }

    /// The next `count` bits (at most 16) as a number.
    pub fn bits(&mut self, count: u32) -> u32 {
        let value = self.peek16().checked_shr(16u32.saturating_sub(count)).unwrap_or(0);
        self.take(count);
        value
    }

    /// The next `N` bytes, past the bits that are held.
    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let Some((bytes, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(Error::corrupt("ntfs: compressed data ends too early"));
        };
        self.rest = rest;
        Ok(*bytes)
    }

    /// Drops bits up to the next word, and a whole word where one ends already; bytes follow.
    pub fn align(&mut self) {
        self.peek16();
        // At most one whole word was fetched ahead; it belongs to the bytes.
        let ahead = if self.count > 16 { 2 } else { 0 };
        self.rest = self
            .input
            .get(self.input.len().saturating_sub(self.rest.len()).saturating_sub(ahead)..)
            .unwrap_or_default();
        (self.bits, self.count) = (0, 0);
    }

    /// The next `count` bytes, past the bits that are held.
    pub fn take_bytes(&mut self, count: usize) -> Result<&'a [u8]> {
        let Some((bytes, rest)) = self.rest.split_at_checked(count) else {
            return Err(Error::corrupt("ntfs: compressed data ends too early"));
        };
        self.rest = rest;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_from_the_top_of_each_word() {
        let mut reader = BitReader::new(&[0x34, 0x12, 0x78, 0x56, 0xaa]);
        assert_eq!((reader.bits(4), reader.bits(12), reader.bits(8)), (1, 0x234, 0x56));
        assert_eq!(reader.bytes::<1>().unwrap(), [0xaa]);
        assert_eq!((reader.bits(8), reader.bits(16)), (0x78, 0));
        assert!(reader.bytes::<1>().is_err());
    }
}

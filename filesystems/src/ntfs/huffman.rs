//! Canonical Huffman codes, as XPRESS-Huffman and LZX use them.

use glassbox_io::{Error, Result};

use super::bit_reader::BitReader;

/// The longest code of both formats.
const MAX_LENGTH: usize = 16;

/// Codes up to this length are found in one look-up. Most codes are shorter, and a larger table would take longer to
/// fill than it saves on the small chunks that are compressed here.
const FAST_BITS: u32 = 10;
const FAST_SIZE: usize = 1 << FAST_BITS;

/// Decodes symbols.
pub(crate) struct Decoder {
    /// By the next bits: the symbol, and the length of its code; length 0 if the code is longer.
    fast: Vec<(u16, u8)>,
    /// Symbols by length of code, then by number.
    sorted: Vec<u16>,
    /// For each length: the first code that is longer, aligned to 16 bits, and what to add to a code's number to get
    /// its index in `sorted`.
    limits: [u32; MAX_LENGTH],
    offsets: [u32; MAX_LENGTH],
}

impl Decoder {
    /// From the length of each symbol's code (0: the symbol doesn't occur). *Corrupt* if there are more codes than
    /// fit, or a length is above 16.
    pub fn new(lengths: &[u8]) -> Result<Self> {
        let mut counts = [0u32; MAX_LENGTH];
        for length in lengths.iter().filter(|length| **length > 0) {
            match counts.get_mut(usize::from(*length).saturating_sub(1)) {
                Some(count) => *count = count.saturating_add(1),
                None => return Err(Error::corrupt(format!("ntfs: a Huffman code of {length} bits"))),
            }
        }
        let mut limits = [0; MAX_LENGTH];
        let mut offsets = [0; MAX_LENGTH];
        // Where the symbols of each length begin in `sorted`.
        let mut starts = [0u32; MAX_LENGTH];
        let (mut code, mut index) = (0u32, 0u32);
        let tables = counts.iter().zip(&mut limits).zip(&mut offsets).zip(&mut starts);
        for (bits, (((count, limit), offset), start)) in (1u32..).zip(tables) {
            let step = 1u32 << 16u32.saturating_sub(bits);
            *start = index;
            *offset = index.wrapping_sub(code.checked_div(step).unwrap_or(0));
            code = code.saturating_add(count.saturating_mul(step));
            index = index.saturating_add(*count);
            *limit = code;
        }
        if code > 1 << 16 {
            return Err(Error::corrupt("ntfs: more Huffman codes than fit"));
        }

        let mut sorted = vec![0; usize::try_from(index).unwrap_or(0)];
        for (symbol, length) in (0u16..).zip(lengths).filter(|(_, length)| **length > 0) {
            let Some(next) = starts.get_mut(usize::from(*length).saturating_sub(1)) else { continue };
            if let Some(slot) = usize::try_from(*next).ok().and_then(|next| sorted.get_mut(next)) {
                *slot = symbol;
            }
            *next = next.saturating_add(1);
        }
        let mut decoder = Decoder { fast: vec![(0, 0); FAST_SIZE], sorted, limits, offsets };
        decoder.fill_fast();
        Ok(decoder)
    }

    fn fill_fast(&mut self) {
        let mut at = 0usize;
        for (bits, limit) in (1u8..).zip(self.limits).take(FAST_BITS as usize) {
            let end = usize::try_from(limit >> 16u32.saturating_sub(FAST_BITS)).unwrap_or(0).min(FAST_SIZE);
            let step = 1usize << FAST_BITS.saturating_sub(u32::from(bits));
            while at < end {
                let code = u32::try_from(at).unwrap_or(0) << 16u32.saturating_sub(FAST_BITS);
                let symbol = self.symbol(code, bits);
                let next = at.saturating_add(step).min(end);
                if let Some(slots) = self.fast.get_mut(at..next) {
                    slots.fill((symbol, bits));
                }
                at = next;
            }
        }
    }

    /// The symbol whose code of `length` bits begins the 16 bits `code`.
    fn symbol(&self, code: u32, length: u8) -> u16 {
        let number = code >> 16u32.saturating_sub(u32::from(length));
        let offset = self.offsets.get(usize::from(length).saturating_sub(1)).copied().unwrap_or(0);
        let index = usize::try_from(number.wrapping_add(offset)).unwrap_or(usize::MAX);
        self.sorted.get(index).copied().unwrap_or(0)
    }

    /// The next symbol. *Corrupt* if the bits are no code.
    pub fn decode(&self, reader: &mut BitReader<'_>) -> Result<u16> {
        let code = reader.peek16();
        let fast = usize::try_from(code >> 16u32.saturating_sub(FAST_BITS)).unwrap_or(0);
        if let Some((symbol, length @ 1..)) = self.fast.get(fast) {
            reader.take(u32::from(*length));
            return Ok(*symbol);
        }
        for (length, limit) in (1u8..).zip(self.limits) {
            if code < limit {
                reader.take(u32::from(length));
                return Ok(self.symbol(code, length));
            }
        }
        Err(Error::corrupt("ntfs: compressed data has a code that doesn't exist"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs codes, given as strings of 0 and 1, into words.
    fn pack(codes: &[&str]) -> Vec<u8> {
        let bits: Vec<u8> = codes.concat().bytes().map(|bit| bit - b'0').collect();
        bits.chunks(16)
            .flat_map(|word| {
                let word = word.iter().enumerate().fold(0u16, |word, (i, bit)| word | u16::from(*bit) << (15 - i));
                word.to_le_bytes()
            })
            .collect()
    }

    #[test]
    fn canonical_codes() {
        // a: 10, b: 0, c: 110, d: 111
        let decoder = Decoder::new(&[2, 1, 3, 3]).unwrap();
        let packed = pack(&["10", "0", "110", "111", "0"]);
        let mut reader = BitReader::new(&packed);
        let symbols: Vec<u16> = (0..5).map(|_| decoder.decode(&mut reader).unwrap()).collect();
        assert_eq!(symbols, [0, 1, 2, 3, 1]);
    }

    #[test]
    fn codes_longer_than_the_fast_table() {
        // Lengths 1, 2, …, 15, 16, 16.
        let lengths: Vec<u8> = (1..=16).chain([16]).collect();
        let decoder = Decoder::new(&lengths).unwrap();
        for symbol in 0..17u16 {
            let code = if symbol < 16 { "1".repeat(symbol.into()) + "0" } else { "1".repeat(16) };
            let packed = pack(&[&code]);
            assert_eq!(decoder.decode(&mut BitReader::new(&packed)).unwrap(), symbol);
        }
    }

    #[test]
    fn impossible_codes_are_corrupt() {
        assert!(Decoder::new(&[1, 1, 1]).is_err());
        assert!(Decoder::new(&[17]).is_err());
        let one = Decoder::new(&[1]).unwrap();
        assert!(one.decode(&mut BitReader::new(&[0xff, 0xff])).is_err());
        assert!(Decoder::new(&[]).unwrap().decode(&mut BitReader::new(&[0, 0])).is_err());
    }
}

//! XPRESS with Huffman codes (MS-XCA, section 2.2), one chunk at a time.

use glassbox_io::{Error, Result};

use super::bit_reader::BitReader;
use super::huffman::Decoder;
use super::lznt1::copy_match;

/// 512 code lengths of 4 bits precede the codes.
const TABLE: usize = 256;

/// Decompresses a chunk into all of `output`.
pub(crate) fn decompress(input: &[u8], output: &mut [u8]) -> Result<()> {
    let Some((table, input)) = input.split_first_chunk::<TABLE>() else {
        return Err(Error::corrupt("ntfs: an XPRESS chunk is shorter than its table of codes"));
    };
    let mut lengths = [0; TABLE * 2];
    for (pair, byte) in lengths.chunks_exact_mut(2).zip(table) {
        pair.copy_from_slice(&[byte & 0xf, byte >> 4]);
    }
    let decoder = Decoder::new(&lengths)?;
    let mut reader = BitReader::new(input);
    let mut at = 0;
    while at < output.len() {
        let symbol = decoder.decode(&mut reader)?;
        if let Ok(literal) = u8::try_from(symbol) {
            if let Some(to) = output.get_mut(at) {
                *to = literal;
            }
            at = at.saturating_add(1);
            continue;
        }
        // The bits of the distance are fetched before the bytes of a long length are.
        reader.peek16();
        let distance_bits = u32::from(symbol >> 4 & 0xf);
        let distance = reader.bits(distance_bits) | 1 << distance_bits;
        let mut length = usize::from(symbol & 0xf);
        if length == 15 {
            length = match reader.bytes::<1>()? {
                [255] => match usize::from(u16::from_le_bytes(reader.bytes()?)) {
                    length @ 15.. => length,
                    length => return Err(Error::corrupt(format!("ntfs: a long XPRESS match of {length}"))),
                },
                [more] => usize::from(more).saturating_add(15),
            };
        }
        let distance = usize::try_from(distance).unwrap_or(usize::MAX);
        at = copy_match(output, at, distance, length.saturating_add(3))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_of_the_specification() {
        // MS-XCA, section 3.1: "abcdefghijklmnopqrstuvwxyz".
        let mut input = vec![0u8; 256];
        input[0x30] = 0x50;
        input[0x31..0x3b].fill(0x55);
        input[0x3b..0x3e].copy_from_slice(&[0x45, 0x44, 0x04]);
        input[0x80] = 0x04;
        input.extend([
            0xd8, 0x52, 0x3e, 0xd7, 0x94, 0x11, 0x5b, 0xe9, 0x19, 0x5f, 0xf9, 0xd6, 0x7c, 0xdf, 0x8d, 0x04, 0x00, 0x00,
            0x00, 0x00,
        ]);
        let mut output = [0; 26];
        decompress(&input, &mut output).unwrap();
        assert_eq!(&output, b"abcdefghijklmnopqrstuvwxyz");
    }

    #[test]
    fn short_input_is_corrupt() {
        assert!(decompress(&[0; 255], &mut [0; 10]).is_err());
        assert!(decompress(&[0; 300], &mut [0; 10]).is_err(), "no code at all");
    }
}

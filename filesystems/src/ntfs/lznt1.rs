//! LZNT1, the compression of NTFS files (MS-XCA, section 2.5).
//!
//! A compression unit is a row of chunks, each of which becomes 4096 bytes.

use glassbox_io::{Error, Result};

/// What a chunk becomes, bytes.
const CHUNK: usize = 4096;

/// Decompresses `input` into `output`. What the input doesn't reach becomes zeros; what doesn't fit is left away,
/// because the last unit of a file is compressed whole.
pub(crate) fn decompress(input: &[u8], output: &mut [u8]) -> Result<()> {
    let mut input = input;
    for chunk in output.chunks_mut(CHUNK) {
        let Some((header, rest)) = input.split_first_chunk::<2>() else {
            chunk.fill(0);
            continue;
        };
        let header = u16::from_le_bytes(*header);
        if header == 0 {
            // Two zero bytes end the unit: nothing more is read, all further chunks are zeros.
            input = &[];
            chunk.fill(0);
            continue;
        }
        let size = usize::from(header & 0xfff).saturating_add(1);
        let Some((body, rest)) = rest.split_at_checked(size) else {
            return Err(Error::corrupt("ntfs: an LZNT1 chunk is longer than its compression unit"));
        };
        input = rest;
        let written = if header & 0x8000 == 0 { copy(body, chunk) } else { decompress_chunk(body, chunk)? };
        if let Some(rest) = chunk.get_mut(written..) {
            rest.fill(0);
        }
    }
    Ok(())
}

/// A chunk that is stored plainly.
fn copy(body: &[u8], chunk: &mut [u8]) -> usize {
    let count = body.len().min(chunk.len());
    if let (Some(to), Some(from)) = (chunk.get_mut(..count), body.get(..count)) {
        to.copy_from_slice(from);
    }
    count
}

/// Returns how many bytes of `chunk` were written.
fn decompress_chunk(body: &[u8], chunk: &mut [u8]) -> Result<usize> {
    let mut at = 0usize;
    let mut rest = body;
    while let Some((&flags, after)) = rest.split_first() {
        rest = after;
        for bit in 0..8 {
            if rest.is_empty() || at >= chunk.len() {
                break;
            }
            if flags >> bit & 1 == 0 {
                let Some((&literal, after)) = rest.split_first() else { break };
                rest = after;
                if let Some(to) = chunk.get_mut(at) {
                    *to = literal;
                }
                at = at.saturating_add(1);
                continue;
            }
            let Some((token, after)) = rest.split_first_chunk::<2>() else {
                return Err(Error::corrupt("ntfs: an LZNT1 chunk ends within a back-reference"));
            };
            rest = after;
            let token = usize::from(u16::from_le_bytes(*token));
            let length_bits = length_bits(at);
            let distance = (token >> length_bits).saturating_add(1);
            let length = (token & !(usize::MAX << length_bits)).saturating_add(3);
            at = copy_match(chunk, at, distance, length)?;
        }
    }
    Ok(at)
}

/// The bits of a back-reference that hold its length: the more bytes came before, the more bits its distance needs.
fn length_bits(at: usize) -> u32 {
    let distance_bits = at.saturating_sub(1).checked_ilog2().map_or(0, |bits| bits.saturating_add(1)).max(4);
    16u32.saturating_sub(distance_bits)
}

/// Repeats `length` bytes from `distance` back, which may overlap what they produce. Returns where it ended.
pub(super) fn copy_match(out: &mut [u8], at: usize, distance: usize, length: usize) -> Result<usize> {
    let Some(from) = at.checked_sub(distance) else {
        return Err(Error::corrupt("ntfs: a back-reference points before the start of its chunk"));
    };
    let end = at.saturating_add(length).min(out.len());
    if distance >= end.saturating_sub(at) {
        // No overlap.
        out.copy_within(from..from.saturating_add(end.saturating_sub(at)), at);
        return Ok(end);
    }
    for (to, from) in (at..end).zip(from..) {
        let byte = out.get(from).copied().unwrap_or(0);
        if let Some(to) = out.get_mut(to) {
            *to = byte;
        }
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification() {
        // MS-XCA, section 3.3 (LZNT1 example).
        let input = [
            0x38, 0xb0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00, 0x10, 0xa2, 0x47, 0x01, 0xa0, 0x45,
            0x20, 0x44, 0x00, 0x08, 0x45, 0x01, 0x50, 0x79, 0x00, 0xc0, 0x45, 0x20, 0x05, 0x24, 0x13, 0x88, 0x05, 0xb4,
            0x02, 0x4a, 0x44, 0xef, 0x03, 0x58, 0x02, 0x8c, 0x09, 0x16, 0x01, 0x48, 0x45, 0x00, 0xbe, 0x00, 0x9e, 0x00,
            0x04, 0x01, 0x18, 0x90, 0x00,
        ];
        let expected = b"F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\0";
        let mut output = vec![0xaa; 8192];
        decompress(&input, &mut output).unwrap();
        assert_eq!(&output[..expected.len()], &expected[..]);
        assert!(output[expected.len()..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn plain_chunks_and_the_end_marker() {
        let mut input = 0x3fffu16.to_le_bytes().to_vec();
        input.extend((0..4096).map(|i| i as u8));
        input.extend([0, 0, 0xff]);
        let mut output = vec![1; 8192];
        decompress(&input, &mut output).unwrap();
        assert!(output[..4096].iter().enumerate().all(|(i, byte)| *byte == i as u8));
        assert!(output[4096..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn bad_references_are_corrupt() {
        assert!(decompress(&[0x02, 0xb0, 0x01, 0x00, 0x00], &mut [0; 4096]).is_err(), "before the start");
        assert!(decompress(&[0xff, 0xbf, 0], &mut [0; 4096]).is_err(), "a chunk past the input");
        assert!(decompress(&[0x02, 0xb0, 0x02, 0x41, 0x00], &mut [0; 4096]).is_err(), "half a reference");
    }
}

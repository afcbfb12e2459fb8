//! LZX as WIM archives and WOF-compressed files use it: chunks of 32 KiB, each compressed by itself.
//!
//! It differs from LZX in cabinets (MS-PATCH) in that a block of the usual size says so with one bit, and that the
//! translation of x86 calls is always on, with a fixed file size.

use glassbox_io::{Error, Result};

use super::bit_reader::BitReader;
use super::huffman::Decoder;
use super::lznt1::copy_match;

/// The chunk, and the window: matches don't reach further back.
pub(crate) const CHUNK: usize = 32 << 10;

/// Position slots of a window of 32 KiB; each has 8 main symbols, one for each short length.
const SLOTS: usize = 30;
const MAIN_SYMBOLS: usize = 256 + 8 * SLOTS;
const LENGTH_SYMBOLS: usize = 249;
const ALIGNED_SYMBOLS: usize = 8;
const PRE_SYMBOLS: usize = 20;

const BLOCK_VERBATIM: u32 = 1;
const BLOCK_ALIGNED: u32 = 2;
const BLOCK_UNCOMPRESSED: u32 = 3;

/// The file size that the translation of calls assumes, whatever the true one is.
const CALL_FILE_SIZE: i32 = 12_000_000;

/// What carries over from block to block of a chunk.
struct State {
    /// The three distances used last.
    recent: [u32; 3],
    main_lengths: [u8; MAIN_SYMBOLS],
    length_lengths: [u8; LENGTH_SYMBOLS],
}

/// Decompresses a chunk into all of `output`, at most 32 KiB.
pub(crate) fn decompress(input: &[u8], output: &mut [u8]) -> Result<()> {
    let mut reader = BitReader::new(input);
    let mut state = State { recent: [1; 3], main_lengths: [0; MAIN_SYMBOLS], length_lengths: [0; LENGTH_SYMBOLS] };
    let mut at = 0usize;
    while at < output.len() {
        let kind = reader.bits(3);
        let size = match reader.bits(1) {
            1 => CHUNK,
            _ => usize::try_from(reader.bits(16)).unwrap_or(0),
        };
        let end = at.saturating_add(size);
        if size == 0 || end > output.len() {
            return Err(Error::corrupt(format!("ntfs: an LZX block of {size} bytes in a chunk of {}", output.len())));
        }
        at = match kind {
            BLOCK_VERBATIM | BLOCK_ALIGNED => {
                let Some(output) = output.get_mut(..end) else { break };
                compressed_block(&mut reader, &mut state, kind == BLOCK_ALIGNED, output, at)?
            }
            BLOCK_UNCOMPRESSED => uncompressed_block(&mut reader, &mut state, output, at, end)?,
            _ => return Err(Error::corrupt(format!("ntfs: an LZX block of type {kind}"))),
        };
    }
    undo_call_translation(output);
    Ok(())
}

fn compressed_block(
    reader: &mut BitReader<'_>,
    state: &mut State,
    is_aligned: bool,
    output: &mut [u8],
    start: usize,
) -> Result<usize> {
    let aligned = if is_aligned {
        let mut lengths = [0; ALIGNED_SYMBOLS];
        for length in &mut lengths {
            *length = u8::try_from(reader.bits(3)).unwrap_or(0);
        }
        Some(Decoder::new(&lengths)?)
    } else {
        None
    };
    let (literals, matches) = state.main_lengths.split_at_mut(256);
    read_lengths(reader, literals)?;
    read_lengths(reader, matches)?;
    read_lengths(reader, &mut state.length_lengths)?;
    let main = Decoder::new(&state.main_lengths)?;
    let lengths = Decoder::new(&state.length_lengths)?;

    let mut at = start;
    while at < output.len() {
        let symbol = main.decode(reader)?;
        if let Ok(literal) = u8::try_from(symbol) {
            if let Some(to) = output.get_mut(at) {
                *to = literal;
            }
            at = at.saturating_add(1);
            continue;
        }
        let mut length = usize::from(symbol & 7);
        if length == 7 {
            length = length.saturating_add(lengths.decode(reader)?.into());
        }
        let slot = usize::from(symbol).saturating_sub(256) >> 3;
        let distance = match slot {
            0..=2 => {
                state.recent.swap(0, slot);
                state.recent[0]
            }
            _ => {
                let distance = new_distance(reader, slot, aligned.as_ref())?;
                state.recent = [distance, state.recent[0], state.recent[1]];
                distance
            }
        };
        let distance = usize::try_from(distance).unwrap_or(usize::MAX);
        at = copy_match(output, at, distance, length.saturating_add(2))?;
    }
    Ok(at)
}

/// The distance of a match whose slot isn't one of the three recent ones.
fn new_distance(reader: &mut BitReader<'_>, slot: usize, aligned: Option<&Decoder>) -> Result<u32> {
    // Slots come in pairs of the same number of bits, from 4 on one bit more with each pair.
    let bits = u32::try_from(slot >> 1).unwrap_or(0).saturating_sub(1);
    let base = u32::try_from(2 | slot & 1).unwrap_or(0).checked_shl(bits).unwrap_or(0);
    let extra = match aligned {
        Some(aligned) if bits >= 3 => {
            let high = reader.bits(bits.saturating_sub(3)) << 3;
            high | u32::from(aligned.decode(reader)?)
        }
        _ => reader.bits(bits),
    };
    // Distances are stored 2 higher: the numbers before stand for the recent ones.
    Ok(base.saturating_add(extra).saturating_sub(2))
}

/// Reads lengths of codes, as differences to those of the block before, in a code of their own.
fn read_lengths(reader: &mut BitReader<'_>, lengths: &mut [u8]) -> Result<()> {
    let mut pre_lengths = [0; PRE_SYMBOLS];
    for length in &mut pre_lengths {
        *length = u8::try_from(reader.bits(4)).unwrap_or(0);
    }
    let decoder = Decoder::new(&pre_lengths)?;
    let mut at = 0usize;
    while at < lengths.len() {
        let before = lengths.get(at).copied().unwrap_or(0);
        let (run, length) = match decoder.decode(reader)? {
            17 => (reader.bits(4).saturating_add(4), 0),
            18 => (reader.bits(5).saturating_add(20), 0),
            19 => {
                let run = reader.bits(1).saturating_add(4);
                (run, changed(before, decoder.decode(reader)?)?)
            }
            delta => (1, changed(before, delta)?),
        };
        let end = at.saturating_add(usize::try_from(run).unwrap_or(0)).min(lengths.len());
        if let Some(slots) = lengths.get_mut(at..end) {
            slots.fill(length);
        }
        at = end;
    }
    Ok(())
}

/// A length that is `delta` lower than before, modulo 17.
fn changed(before: u8, delta: u16) -> Result<u8> {
    match u8::try_from(delta) {
        Ok(delta @ 0..=16) => Ok(before.saturating_add(17).saturating_sub(delta).checked_rem(17).unwrap_or(0)),
        _ => Err(Error::corrupt("ntfs: an LZX code length runs on within a run")),
    }
}

fn uncompressed_block(
    reader: &mut BitReader<'_>,
    state: &mut State,
    output: &mut [u8],
    start: usize,
    end: usize,
) -> Result<usize> {
    reader.align();
    for recent in &mut state.recent {
        *recent = u32::from_le_bytes(reader.bytes()?);
    }
    let size = end.saturating_sub(start);
    let bytes = reader.take_bytes(size)?;
    if let Some(to) = output.get_mut(start..end) {
        to.copy_from_slice(bytes);
    }
    if size & 1 == 1 {
        // Padding to the next word; it may be missing at the very end.
        let _ = reader.take_bytes(1);
    }
    Ok(end)
}

/// Turns the absolute targets of x86 calls (opcode E8) back into relative ones.
fn undo_call_translation(output: &mut [u8]) {
    // The last 10 bytes are never looked at.
    let limit = output.len().saturating_sub(10);
    let mut at = 0usize;
    while let Some(next) = output.get(at..limit).and_then(|rest| rest.iter().position(|byte| *byte == 0xe8)) {
        at = at.saturating_add(next);
        let position = i32::try_from(at).unwrap_or(i32::MAX);
        let operand = at.saturating_add(1);
        if let Some(bytes) = output.get_mut(operand..).and_then(|rest| rest.first_chunk_mut::<4>()) {
            let absolute = i32::from_le_bytes(*bytes);
            if (0..CALL_FILE_SIZE).contains(&absolute) {
                *bytes = absolute.wrapping_sub(position).to_le_bytes();
            } else if absolute < 0 && absolute >= position.wrapping_neg() {
                *bytes = absolute.wrapping_add(CALL_FILE_SIZE).to_le_bytes();
            }
        }
        at = at.saturating_add(5);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uncompressed_block() {
        // Type 3, size 6: 011 0 0000000000000110, padded to 32 bits, then three distances and the bytes.
        let mut input = vec![0x00, 0x60, 0x00, 0x60];
        for _ in 0..3 {
            input.extend(1u32.to_le_bytes());
        }
        input.extend(b"abcdef");
        let mut output = [0; 6];
        decompress(&input, &mut output).unwrap();
        assert_eq!(&output, b"abcdef");
        input.truncate(20);
        assert!(decompress(&input, &mut output).is_err());
    }

    #[test]
    fn calls_become_relative_again() {
        let mut code = [0x90u8; 32];
        code[8] = 0xe8;
        code[9..13].copy_from_slice(&100i32.to_le_bytes());
        // Beyond the limit of the last 10 bytes: left alone.
        code[25] = 0xe8;
        code[26..30].copy_from_slice(&100i32.to_le_bytes());
        undo_call_translation(&mut code);
        assert_eq!(code[9..13], 92i32.to_le_bytes());
        assert_eq!(code[26..30], 100i32.to_le_bytes());
    }

    #[test]
    fn nonsense_is_corrupt() {
        for input in [&[][..], &[0xff; 64], &[0x00, 0x30, 0, 0], &[0x55; 200]] {
            assert!(decompress(input, &mut [0; 4096]).is_err());
        }
    }
}

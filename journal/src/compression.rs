//! The compressions of data objects.

use std::io::Read;

use glassbox_io::{Error, Result};
use liblzma::stream::Stream;

/// journald writes no larger field (its DATA_SIZE_MAX), compressed or not.
pub(crate) const MAX_LENGTH: u64 = 768 << 20;
/// Memory that xz may ask for: its highest level takes 65 MiB, journald's far less.
const MAX_XZ_MEMORY: u64 = 128 << 20;
/// LZ4 can't expand more than this: each byte of a length stands for at most 255.
const MAX_LZ4_RATIO: u64 = 255;

/// By the flags of an object ("Data Objects").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Xz,
    Lz4,
    Zstd,
}

impl Compression {
    pub fn of_flags(flags: u8) -> Result<Self> {
        match flags {
            0 => Ok(Compression::None),
            1 => Ok(Compression::Xz),
            2 => Ok(Compression::Lz4),
            4 => Ok(Compression::Zstd),
            _ => Err(Error::corrupt(format!("data with flags {flags:#x}"))),
        }
    }

    /// The first `threshold` bytes of what `payload` decompresses to, or all of it if that is 0. More than the
    /// threshold where it comes at no cost: with LZ4, and without compression.
    pub fn decompress(self, payload: Vec<u8>, threshold: u64) -> Result<Vec<u8>> {
        match self {
            Compression::None => Ok(payload),
            Compression::Xz => {
                let stream = Stream::new_stream_decoder(MAX_XZ_MEMORY, 0).map_err(std::io::Error::from)?;
                read(liblzma::bufread::XzDecoder::new_stream(payload.as_slice(), stream), threshold)
            }
            Compression::Zstd => {
                let decoder = zstd::Decoder::with_buffer(payload.as_slice())?;
                read(decoder.single_frame(), threshold)
            }
            Compression::Lz4 => lz4(&payload),
        }
    }
}

fn read(decoder: impl Read, threshold: u64) -> Result<Vec<u8>> {
    let limit = if threshold == 0 { MAX_LENGTH } else { threshold.min(MAX_LENGTH) };
    let mut contents = Vec::new();
    decoder
        .take(limit)
        .read_to_end(&mut contents)
        .map_err(|error| Error::corrupt("compressed data of a journal").caused_by(error))?;
    Ok(contents)
}

/// One block, behind its length decompressed.
fn lz4(payload: &[u8]) -> Result<Vec<u8>> {
    let (length, block) = payload.split_first_chunk().ok_or_else(|| Error::corrupt("LZ4 data without a length"))?;
    let length = u64::from_le_bytes(*length);
    let possible = (block.len() as u64).saturating_mul(MAX_LZ4_RATIO).min(MAX_LENGTH);
    let length = usize::try_from(length).ok().filter(|length| *length as u64 <= possible);
    let length = length.ok_or_else(|| Error::corrupt("LZ4 data with an impossible length"))?;
    let contents = lz4_flex::block::decompress(block, length)
        .map_err(|error| Error::corrupt("LZ4 data of a journal").caused_by(error))?;
    match contents.len() == length {
        true => Ok(contents),
        false => Err(Error::corrupt(format!("LZ4 data of {length} bytes has {}", contents.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_lengths_allocate_nothing() {
        let payload = [&u64::MAX.to_le_bytes()[..], b"block"].concat();
        assert!(Compression::Lz4.decompress(payload, 0).is_err());
        let payload = [&(6 * 255_u64).to_le_bytes()[..], b"block"].concat();
        assert!(Compression::Lz4.decompress(payload, 0).is_err());
        assert!(Compression::Lz4.decompress(b"short".to_vec(), 0).is_err());
    }

    #[test]
    fn the_threshold_cuts_what_takes_time_to_decompress() {
        let text = b"MESSAGE=".iter().chain(&[b'x'; 5000]).copied().collect::<Vec<u8>>();
        let zstd = zstd::encode_all(text.as_slice(), 1).unwrap();
        assert_eq!(Compression::Zstd.decompress(zstd.clone(), 100).unwrap(), text[..100]);
        assert_eq!(Compression::Zstd.decompress(zstd, 0).unwrap(), text);
        let block = lz4_flex::block::compress(&text);
        let lz4 = [&(text.len() as u64).to_le_bytes()[..], &block].concat();
        assert_eq!(Compression::Lz4.decompress(lz4, 100).unwrap(), text);
        assert_eq!(Compression::None.decompress(text.clone(), 100).unwrap(), text);
    }
}

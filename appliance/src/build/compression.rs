//! Decompressing kernels and modules: whatever Linux's build compresses them with.

use std::io::{Cursor, Read};

use glassbox_io::{Error, Result};

/// No kernel and no module is larger, unpacked.
const MAX_SIZE: u64 = 512 << 20;
/// Blocks of LZ4's legacy frames hold as much when unpacked (lz4_Frame_format.md, "Legacy frame").
const LZ4_BLOCK: usize = 8 << 20;
const LZ4_LEGACY_MAGIC: &[u8] = &[0x02, 0x21, 0x4c, 0x18];

/// The suffixes that say so.
pub(crate) const SUFFIXES: [&str; 4] = [".gz", ".xz", ".zst", ".lz4"];

/// Decompresses `bytes` if they are of a known compression, else gives them back. What follows the compressed data is ignored.
pub(crate) fn decompress(bytes: Vec<u8>) -> Result<Vec<u8>> {
    match &bytes[..] {
        [0x1f, 0x8b, ..] => read(flate2::bufread::GzDecoder::new(&bytes[..])),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => read(liblzma::bufread::XzDecoder::new(&bytes[..])),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => read(zstd::Decoder::with_buffer(Cursor::new(&bytes))?.single_frame()),
        // The properties of LZMA's old format, which the kernel's build leaves at lzma(1)'s defaults.
        [0x5d, 0, 0, ..] => read(liblzma::bufread::XzDecoder::new_stream(
            &bytes[..],
            liblzma::stream::Stream::new_lzma_decoder(u64::MAX).map_err(std::io::Error::from)?,
        )),
        [0x02, 0x21, 0x4c, 0x18, ..] => lz4_legacy(&bytes[LZ4_LEGACY_MAGIC.len()..]),
        [b'B', b'Z', b'h', ..] => Err(Error::unsupported("a kernel compressed by bzip2")),
        [0x89, b'L', b'Z', b'O', ..] => Err(Error::unsupported("a kernel compressed by lzop")),
        _ => Ok(bytes),
    }
}

fn read(decoder: impl Read) -> Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    decoder.take(MAX_SIZE).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

/// Blocks with a length before each, until a length that makes no sense: the kernel's build appends the unpacked size.
fn lz4_legacy(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk() {
        let Some((block, next)) = behind.split_at_checked(u32::from_le_bytes(*length) as usize) else { break };
        if block.is_empty() || unpacked.len() as u64 > MAX_SIZE {
            break;
        }
        let block = lz4_flex::block::decompress(block, LZ4_BLOCK)
            .map_err(|error| Error::corrupt("LZ4 data").caused_by(error))?;
        unpacked.extend(block);
        rest = next;
    }
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn every_compression_of_the_kernel_s_build() {
        let plain: Vec<u8> = (0..9_000_000u32).map(|number| (number / 1000) as u8).collect();
        for words in [&["gzip"][..], &["xz"], &["zstd", "-q"], &["lz4", "-l", "-q"], &["lzma"]] {
            let child =
                Command::new(words[0]).args(&words[1..]).arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
            let Ok(mut child) = child else {
                eprintln!("skipped: no {}", words[0]);
                continue;
            };
            let mut input = child.stdin.take().unwrap();
            let copy = plain.clone();
            let writer = std::thread::spawn(move || input.write_all(&copy).unwrap());
            let mut packed = child.wait_with_output().unwrap().stdout;
            writer.join().unwrap();
            // The size of the unpacked kernel, which all but gzip have appended.
            packed.extend(if words[0] == "lz4" { &[0xff; 4][..] } else { &[0x40, 0x54, 0x89, 0] });
            assert!(decompress(packed).unwrap() == plain, "{}", words[0]);
        }
        assert_eq!(decompress(b"\x7fELF".to_vec()).unwrap(), b"\x7fELF");
        assert!(decompress(b"\x1f\x8b nonsense".to_vec()).is_err());
    }
}

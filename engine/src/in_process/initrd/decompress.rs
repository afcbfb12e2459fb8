//! The compressions of an initrd, told by how they begin.

use std::io::{self, BufRead, BufReader, Read};

use glassbox_io::{Error, Result};
use liblzma::stream::Stream;

use crate::in_process::blocks::{BlockReader, Blocks};
use crate::in_process::lzop;

/// Memory that a stream of LZMA may ask for: xz's highest level takes 65 MiB.
const MAX_LZMA_MEMORY: u64 = 128 << 20;
/// Decompressed bytes of one stream. An initrd is unpacked into memory, so that no real one comes near.
const MAX_LENGTH: u64 = 8 << 30;
/// The length of a block of LZ4's legacy format, which all but the last have.
const LZ4_BLOCK: usize = 8 << 20;
const LZ4_MAGIC: u32 = 0x184c_2102;

/// What `input` holds, decompressed; `None` if it begins like nothing that is known.
pub fn decompress<'a>(input: &'a mut dyn BufRead) -> Result<Option<Box<dyn BufRead + 'a>>> {
    let beginning = input.fill_buf()?;
    let decoder: Box<dyn Read + 'a> = match beginning {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::GzDecoder::new(input)),
        [b'B', b'Z', b'h', ..] => Box::new(bzip2::bufread::BzDecoder::new(input)),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            let stream = Stream::new_stream_decoder(MAX_LZMA_MEMORY, 0).map_err(io::Error::from)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(input, stream))
        }
        [0x5d, 0, 0, ..] => {
            let stream = Stream::new_lzma_decoder(MAX_LZMA_MEMORY).map_err(io::Error::from)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(input, stream))
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::Decoder::with_buffer(input)?.single_frame()),
        [0x02, 0x21, 0x4c, 0x18, ..] => Box::new(BlockReader::new(Lz4 { input, compressed: Vec::new() })),
        [0x89, b'L', b'Z', b'O', ..] => Box::new(lzop::decoder(input)?),
        _ => return Ok(None),
    };
    Ok(Some(Box::new(BufReader::with_capacity(64 << 10, decoder.take(MAX_LENGTH)))))
}

/// LZ4's legacy format, which Linux uses: a magic, then blocks after their lengths.
struct Lz4<'a> {
    input: &'a mut dyn BufRead,
    compressed: Vec<u8>,
}

impl Blocks for Lz4<'_> {
    fn next_block(&mut self, block: &mut Vec<u8>) -> io::Result<bool> {
        let length = loop {
            let mut length = [0; 4];
            match self.input.read_exact(&mut length) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
                Err(error) => return Err(error),
            }
            match u32::from_le_bytes(length) {
                // Streams may follow one another; zeros are the end.
                LZ4_MAGIC => continue,
                0 => return Ok(false),
                length => break length as usize,
            }
        };
        if length > lz4_flex::block::get_maximum_output_size(LZ4_BLOCK) {
            return Err(Error::corrupt(format!("an LZ4 block of {length} bytes")).into());
        }
        self.compressed.resize(length, 0);
        self.input.read_exact(&mut self.compressed)?;
        block.resize(LZ4_BLOCK, 0);
        let length = lz4_flex::block::decompress_into(&self.compressed, block)
            .map_err(|error| Error::corrupt(format!("LZ4: {error}")))?;
        block.truncate(length);
        Ok(true)
    }
}

//! Lzop's files: a header, then blocks of LZO1X, each with the lengths it has. Numbers are big-endian.
//!
//! The layout is lzop 1.04's, as its manual and its files show it; the compression is the crate `lzokay`'s.

use std::io::{self, BufRead, Read, Write};

use glassbox_io::{Error, Result};

use super::blocks::{BlockReader, Blocks};

/// The first bytes of every file.
pub const MAGIC: [u8; 9] = *b"\x89LZO\0\r\n\x1a\n";

/// What is written: lzop 1.04's version, that of its library, and the version that is needed to read it.
const VERSIONS: [u16; 3] = [0x1040, 0x20a0, 0x0940];
/// From this version on the header has a level and times of 64 bits.
const VERSION_WITH_LEVEL: u16 = 0x0940;
/// Every method is LZO1X; they differ in the effort of the compressor.
const METHODS: std::ops::RangeInclusive<u8> = 1..=3;
/// LZO1X-1, at the level that lzop uses of itself.
const METHOD: u8 = 1;
const LEVEL: u8 = 3;

/// What is compressed at a time when writing: lzop's own choice.
const BLOCK: usize = 256 << 10;
/// The longest block that lzop reads.
const MAX_BLOCK: usize = 64 << 20;

/// Flags of the header.
mod flag {
    /// Blocks have the Adler-32 of what they hold.
    pub const ADLER32: u32 = 0x1;
    /// Blocks have the Adler-32 of their compressed form.
    pub const COMPRESSED_ADLER32: u32 = 0x2;
    /// An extra field follows the header.
    pub const EXTRA_FIELD: u32 = 0x40;
    /// Blocks have the CRC-32 of what they hold.
    pub const CRC32: u32 = 0x100;
    /// Blocks have the CRC-32 of their compressed form.
    pub const COMPRESSED_CRC32: u32 = 0x200;
    /// There are more parts of the file elsewhere.
    pub const MULTIPART: u32 = 0x400;
    /// The contents were filtered before they were compressed.
    pub const FILTER: u32 = 0x800;
    /// The file was made on Unix.
    pub const UNIX: u32 = 0x0300_0000;
}

/// Compresses what is written to it.
pub struct Encoder<W: Write> {
    out: W,
    block: Vec<u8>,
    dictionary: Box<lzokay::compress::Dict>,
}

impl<W: Write> Encoder<W> {
    /// Writes the header: of a file without name and time, as lzop writes it when it reads a pipe.
    pub fn new(mut out: W) -> io::Result<Self> {
        let mut header = Vec::new();
        VERSIONS.iter().for_each(|version| header.extend(version.to_be_bytes()));
        header.extend([METHOD, LEVEL]);
        header.extend((flag::UNIX | flag::ADLER32).to_be_bytes());
        // Mode, the two halves of the time, and the length of the name.
        header.extend([0; 4 + 4 + 4 + 1]);
        out.write_all(&MAGIC)?;
        out.write_all(&header)?;
        out.write_all(&adler2::adler32_slice(&header).to_be_bytes())?;
        Ok(Encoder { out, block: Vec::with_capacity(BLOCK), dictionary: lzokay::compress::Dict::new() })
    }

    /// Writes what is left, and the end.
    pub fn finish(mut self) -> io::Result<()> {
        self.write_block()?;
        self.out.write_all(&[0; 4])
    }

    fn write_block(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let compressed = lzokay::compress::compress_with_dict(&self.block, &mut self.dictionary)
            .map_err(|error| io::Error::other(format!("lzop: {error:?}")))?;
        // What doesn't get shorter is stored as it is.
        let stored = if compressed.len() < self.block.len() { &compressed } else { &self.block };
        for number in [self.block.len() as u32, stored.len() as u32, adler2::adler32_slice(&self.block)] {
            self.out.write_all(&number.to_be_bytes())?;
        }
        self.out.write_all(stored)?;
        self.block.clear();
        Ok(())
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let count = buf.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&buf[..count]);
        if self.block.len() == BLOCK {
            self.write_block()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Decompresses a file, or several in a row.
pub fn decoder<'a>(input: &'a mut dyn BufRead) -> Result<BlockReader<Decoder<'a>>> {
    let flags = read_header(input)?;
    Ok(BlockReader::new(Decoder { input, flags: Some(flags) }))
}

/// The blocks of a file, or of several in a row.
pub struct Decoder<'a> {
    input: &'a mut dyn BufRead,
    /// Of the file that is being read; none behind the last one.
    flags: Option<u32>,
}

impl Decoder<'_> {
    /// The flags of the next block's file, and the length of what it holds.
    fn next_header(&mut self) -> io::Result<Option<(u32, usize)>> {
        while let Some(flags) = self.flags {
            let length = read_u32(self.input)? as usize;
            if length > 0 {
                return Ok(Some((flags, length)));
            }
            // What follows a file and isn't another is somebody else's.
            let follows = self.input.fill_buf()?.starts_with(&MAGIC);
            self.flags = if follows { Some(read_header(self.input)?) } else { None };
        }
        Ok(None)
    }
}

impl Blocks for Decoder<'_> {
    fn next_block(&mut self, block: &mut Vec<u8>) -> io::Result<bool> {
        let Some((flags, length)) = self.next_header()? else { return Ok(false) };
        let stored = read_u32(self.input)? as usize;
        if length > MAX_BLOCK || stored > length {
            return Err(Error::corrupt(format!("lzop: a block of {length} bytes, stored in {stored}")).into());
        }
        let compressed = stored < length;
        let adler = read_if(self.input, flags & flag::ADLER32 != 0)?;
        let crc = read_if(self.input, flags & flag::CRC32 != 0)?;
        read_if(self.input, compressed && flags & flag::COMPRESSED_ADLER32 != 0)?;
        read_if(self.input, compressed && flags & flag::COMPRESSED_CRC32 != 0)?;
        let mut data = Vec::new();
        // Not allocated before there is as much.
        if (&mut *self.input).take(stored as u64).read_to_end(&mut data)? < stored {
            return Err(Error::corrupt("lzop: the file ends within a block").into());
        }
        if compressed {
            block.resize(length, 0);
            if lzokay::decompress::decompress(&data, block) != Ok(length) {
                return Err(Error::corrupt("lzop: a block doesn't hold what its length says").into());
            }
        } else {
            *block = data;
        }
        let sums = adler.is_none_or(|sum| sum == adler2::adler32_slice(block))
            && crc.is_none_or(|sum| sum == crc32fast::hash(block));
        if !sums {
            return Err(Error::corrupt("lzop: a block's checksum is wrong").into());
        }
        Ok(true)
    }
}

/// Reads a header; its flags.
fn read_header(input: &mut dyn BufRead) -> Result<u32> {
    let mut magic = [0; MAGIC.len()];
    input.read_exact(&mut magic)?;
    if magic != MAGIC {
        return Err(Error::corrupt("lzop: not a header"));
    }
    let version = read_u16(input)?;
    // Of the library, and the one that is needed.
    skip(input, if version >= VERSION_WITH_LEVEL { 4 } else { 2 })?;
    let method = read_u8(input)?;
    if !METHODS.contains(&method) {
        return Err(Error::unsupported(format!("lzop: method {method}")));
    }
    if version >= VERSION_WITH_LEVEL {
        skip(input, 1)?;
    }
    let flags = read_u32(input)?;
    if flags & (flag::FILTER | flag::MULTIPART) != 0 {
        return Err(Error::unsupported("lzop: filtered or in several parts"));
    }
    // Mode and time.
    skip(input, if version >= VERSION_WITH_LEVEL { 12 } else { 8 })?;
    let name = read_u8(input)?;
    // The name and the header's checksum.
    skip(input, u64::from(name) + 4)?;
    if flags & flag::EXTRA_FIELD != 0 {
        let extra = read_u32(input)?;
        skip(input, u64::from(extra) + 4)?;
    }
    Ok(flags)
}

fn skip(input: &mut dyn BufRead, count: u64) -> Result<()> {
    if io::copy(&mut input.take(count), &mut io::sink())? < count {
        return Err(Error::corrupt("lzop: the header is cut short"));
    }
    Ok(())
}

fn read_u8(input: &mut dyn BufRead) -> io::Result<u8> {
    let mut bytes = [0; 1];
    input.read_exact(&mut bytes)?;
    Ok(bytes[0])
}

fn read_u16(input: &mut dyn BufRead) -> io::Result<u16> {
    let mut bytes = [0; 2];
    input.read_exact(&mut bytes)?;
    Ok(u16::from_be_bytes(bytes))
}

fn read_u32(input: &mut dyn BufRead) -> io::Result<u32> {
    let mut bytes = [0; 4];
    input.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}

fn read_if(input: &mut dyn BufRead, present: bool) -> io::Result<Option<u32>> {
    present.then(|| read_u32(input)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compressed(contents: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out).unwrap();
        encoder.write_all(contents).unwrap();
        encoder.finish().unwrap();
        out
    }

    fn decompressed(file: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut input = file;
        decoder(&mut input)?.read_to_end(&mut out)?;
        Ok(out)
    }

    /// More than a block of text, and some of what can't be compressed.
    fn contents() -> Vec<u8> {
        let noise = (0u32..5000).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8);
        b"all work and no play\n".repeat(20_000).into_iter().chain(noise).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        for contents in [contents(), Vec::new(), b"x".to_vec(), vec![0; BLOCK]] {
            assert_eq!(decompressed(&compressed(&contents)).unwrap(), contents);
        }
        assert!(compressed(&contents()).len() < contents().len() / 4);
        let twice = [compressed(b"one "), compressed(b"two")].concat();
        assert_eq!(decompressed(&twice).unwrap(), b"one two");
        let empty = compressed(b"").repeat(200_000);
        assert_eq!(decompressed(&empty).unwrap(), b"");
    }

    #[test]
    fn damage_is_told() {
        let whole = compressed(&contents());
        for length in 0..60 {
            assert!(decompressed(&whole[..length]).is_err(), "{length} bytes");
        }
        // From the first block on every byte is covered by a length or a checksum.
        for at in (38..whole.len() - 4).step_by(37) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x40;
            assert!(decompressed(&damaged).is_err(), "byte {at}");
        }
    }
}

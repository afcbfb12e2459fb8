//! What `gzip -cd` writes: of gzip's own files, of `compress`'s, and the first entry of a ZIP.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::Decompress;
use glassbox_io::{Error, Input, ReadAt, Result};

use super::lzw::{self, Lzw};
use super::stream::{FORMAT_VIOLATED, Piped, Streams, WINDOW, inflate};
use super::zip_entry::{self, ZipEntry};

/// RFC 1952, section 2.3.1: ID1 and ID2.
pub const MAGIC: &[u8] = b"\x1f\x8b";
/// What gzip wrote before its version 1.0.
pub const OLD_MAGIC: &[u8] = b"\x1f\x9e";
/// `compress -H` of SCO.
pub const LZH_MAGIC: &[u8] = b"\x1f\xa0";
/// `pack` of System V.
pub const PACK_MAGIC: &[u8] = b"\x1f\x1e";

/// The one method of compression, deflate (RFC 1952, section 2.3.1: CM).
const CM_DEFLATE: u8 = 8;
/// Bits of FLG (RFC 1952, section 2.3.1).
pub const FHCRC: u8 = 1 << 1;
pub const FEXTRA: u8 = 1 << 2;
pub const FNAME: u8 = 1 << 3;
pub const FCOMMENT: u8 = 1 << 4;
/// Bytes behind a member's data: CRC32 and ISIZE.
const TRAILER: usize = 8;

/// Decompresses `file` as `zcat` does for a pipe: of damaged files what could be read, of others nothing. Formats of the past are
/// *unsupported*.
pub fn zcat(file: &dyn ReadAt) -> Result<Box<dyn Read + '_>> {
    let violated = |error: &io::Error| error.to_string() == FORMAT_VIOLATED;
    Ok(Box::new(Piped::new(decompress(file)?, WINDOW, violated)))
}

/// As [`zcat`]; errors of the kind `InvalidData` and `UnexpectedEof` are what the program says then.
pub(super) fn decompress(file: &dyn ReadAt) -> Result<Box<dyn Read + '_>> {
    let mut input = Input::new(file);
    let beginning = input.fill_buf()?;
    Ok(match beginning {
        _ if beginning.starts_with(MAGIC) => Box::new(Streams::new(file, next_member)),
        _ if beginning.starts_with(lzw::MAGIC) => Box::new(Lzw::new(input)),
        _ if beginning.starts_with(zip_entry::MAGIC) => Box::new(ZipEntry::new(input, file.len())?),
        _ if beginning.starts_with(OLD_MAGIC) => return Err(Error::unsupported("gzip: files of before version 1.0")),
        _ if beginning.starts_with(LZH_MAGIC) => return Err(Error::unsupported("gzip: SCO's LZH")),
        _ if beginning.starts_with(PACK_MAGIC) => return Err(Error::unsupported("gzip: packed files")),
        _ => Box::new(io::empty()),
    })
}

/// Reads a member's header. What isn't one is ignored behind another member.
fn next_member(input: &mut Input, first: bool) -> io::Result<Option<Decompress>> {
    if !first {
        // The checksum changes nothing of what was written.
        input.read_exact(&mut [0; TRAILER])?;
    }
    if !input.fill_buf()?.starts_with(MAGIC) {
        return Ok(None);
    }
    let mut header = [0; 10];
    input.read_exact(&mut header)?;
    let [_, _, method, flags, ..] = header;
    if method != CM_DEFLATE {
        return Err(io::Error::new(ErrorKind::InvalidData, format!("unknown method {method} -- not supported")));
    }
    if flags & FEXTRA != 0 {
        let mut length = [0; 2];
        input.read_exact(&mut length)?;
        io::copy(&mut input.by_ref().take(u16::from_le_bytes(length).into()), &mut io::sink())?;
    }
    for text in [FNAME, FCOMMENT] {
        if flags & text != 0 {
            input.skip_until(0)?;
        }
    }
    if flags & FHCRC != 0 {
        input.read_exact(&mut [0; 2])?;
    }
    inflate().map(Some)
}

//! The formats that libmagic decompresses with libraries. It gives them what it has read, so that only the beginning of what is
//! inside comes out; its messages are the libraries'.

use bzip2::Error as BzError;
use flate2::{Decompress, FlushDecompress, Status};
use glassbox_io::{Error, Result};
use liblzma::stream::{Action, Error as LzmaError, Stream};

use super::Outcome;
use super::gzip::{FCOMMENT, FEXTRA, FHCRC, FNAME};

/// Memory that LZMA's dictionary may take: xz's highest level takes 65 MiB.
const MAX_LZMA_MEMORY: u64 = 128 << 20;

/// What follows a gzip member's header, as libmagic reads it; `None` if the header doesn't end.
fn gzip_body(data: &[u8]) -> Option<&[u8]> {
    let flags = *data.get(3)?;
    // The fixed part of the header.
    let mut at = 10usize;
    if flags & FEXTRA != 0 {
        let length = [*data.get(at)?, *data.get(at.checked_add(1)?)?];
        at = at.checked_add(2)?.checked_add(u16::from_le_bytes(length).into())?;
    }
    for text in [FNAME, FCOMMENT] {
        if flags & text != 0 {
            let length = data.get(at..)?.iter().position(|byte| *byte == 0)?;
            at = at.checked_add(length)?.checked_add(1)?;
        }
    }
    if flags & FHCRC != 0 {
        at = at.checked_add(2)?;
    }
    data.get(at..).filter(|body| !body.is_empty())
}

/// The first member of a gzip file.
pub fn gzip(data: &[u8], out: &mut [u8]) -> Outcome {
    match gzip_body(data) {
        Some(body) => inflate(false, body, out),
        None => Outcome::message("zlib", "File too short"),
    }
}

/// Whether data begins with the header of RFC 1950: a method, a window and a checksum of them.
pub fn is_zlib(data: &[u8]) -> bool {
    match data {
        [cmf, flg, ..] => cmf & 0x8f == 8 && u16::from_be_bytes([*cmf, *flg]).is_multiple_of(31),
        _ => false,
    }
}

/// A zlib stream.
pub fn zlib(data: &[u8], out: &mut [u8]) -> Outcome {
    inflate(true, data, out)
}

/// Deflated data, with zlib's header or without.
fn inflate(header: bool, data: &[u8], out: &mut [u8]) -> Outcome {
    let mut stream = Decompress::new(header);
    match stream.decompress(data, out, FlushDecompress::Sync) {
        Ok(Status::Ok | Status::StreamEnd) => Outcome::Contents(length(stream.total_out())),
        Ok(Status::BufError) => Outcome::message("zlib", "buffer error"),
        Err(error) if error.needs_dictionary().is_some() => Outcome::message("zlib", "need dictionary"),
        Err(_) => Outcome::message("zlib", why_inflate_fails(header, data, out)),
    }
}

/// zlib's message. zlib-rs forgets it in its fast path, which it takes if there is more input than so little at a time.
fn why_inflate_fails(header: bool, data: &[u8], out: &mut [u8]) -> String {
    let mut stream = Decompress::new(header);
    for piece in data.chunks(8) {
        let free = out.get_mut(length(stream.total_out())..).unwrap_or_default();
        if let Err(error) = stream.decompress(piece, free, FlushDecompress::Sync) {
            return error.message().unwrap_or("data error").to_owned();
        }
    }
    "data error".to_owned()
}

/// The first stream of a bzip2 file.
pub fn bzip2(data: &[u8], out: &mut [u8]) -> Outcome {
    let mut stream = bzip2::Decompress::new(false);
    match stream.decompress(data, out) {
        Ok(_) => Outcome::Contents(length(stream.total_out())),
        // The numbers of bzlib.h.
        Err(error) => Outcome::message(
            "bzlib",
            match error {
                BzError::Sequence => "bunzip error -1",
                BzError::Param => "bunzip error -2",
                BzError::Data => "bunzip error -4",
                BzError::DataMagic => "bunzip error -5",
            },
        ),
    }
}

/// Whether data begins like a file of LZMA: usual properties and dictionary, and a size that is unknown or of few digits.
pub fn is_lzma(data: &[u8]) -> bool {
    matches!(data, [0x5d, 0, 0, _, _, _, _, _, _, _, _, _, 0 | 0xff, ..])
}

/// An xz file, or one of LZMA.
pub fn xz(data: &[u8], out: &mut [u8]) -> Result<Outcome> {
    let mut stream = Stream::new_auto_decoder(MAX_LZMA_MEMORY, 0).map_err(std::io::Error::from)?;
    Ok(match stream.process(data, out, Action::Run) {
        Ok(_) => Outcome::Contents(length(stream.total_out())),
        // The numbers of lzma/base.h.
        Err(LzmaError::Format) => Outcome::message("xzlib", "unxz error 7"),
        Err(LzmaError::Options) => Outcome::message("xzlib", "unxz error 8"),
        Err(LzmaError::Data) => Outcome::message("xzlib", "unxz error 9"),
        // libmagic sets no limit.
        Err(LzmaError::MemLimit) => return Err(Error::unsupported("xz: a dictionary of more than 128 MiB")),
        Err(other) => return Err(std::io::Error::from(other).into()),
    })
}

fn length(total: u64) -> usize {
    usize::try_from(total).unwrap_or(usize::MAX)
}

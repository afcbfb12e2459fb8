//! What `zstd -cd` writes.

use std::io::{self, BufRead, ErrorKind, Read};

use glassbox_io::{Error, Input, ReadAt};
use zstd_safe::{DCtx, InBuffer, OutBuffer, get_error_name};

use super::gzip;
use super::stream::{Decoder, Step, Streams};

/// RFC 8878, section 3.1.1: Magic_Number.
pub const MAGIC: &[u8] = b"\x28\xb5\x2f\xfd";
/// RFC 8878, section 3.1.2: the magic of skippable frames, in whose first byte the last four bits are free.
const SKIPPABLE: &[u8] = b"\x2a\x4d\x18";

/// Decompresses `file`. Errors of the kind `InvalidData` are what the program says then.
pub fn decompress(file: &dyn ReadAt) -> impl Read + '_ {
    Streams::new(file, next_frame)
}

/// A frame.
struct Frame(DCtx<'static>);

impl Decoder for Frame {
    fn step(&mut self, data: &[u8], out: &mut [u8]) -> Step {
        let mut input = InBuffer::around(data);
        let mut output = OutBuffer::around(out);
        let result = self.0.decompress_stream(&mut output, &mut input);
        Step {
            consumed: input.pos() as u64,
            produced: output.pos() as u64,
            ended: match result {
                Ok(hint) if hint > 0 && data.is_empty() => Err(complaint("premature end")),
                Ok(hint) => Ok(hint == 0),
                Err(code) => Err(complaint(get_error_name(code))),
            },
        }
    }
}

fn next_frame(input: &mut Input, _first: bool) -> io::Result<Option<Frame>> {
    let beginning = input.fill_buf()?;
    let skippable =
        matches!(beginning.split_first(), Some((first, rest)) if first >> 4 == 5 && rest.starts_with(SKIPPABLE));
    match beginning {
        [] => Ok(None),
        [_, _, _, _, ..] if beginning.starts_with(MAGIC) || skippable => {
            let context = DCtx::try_create().ok_or(ErrorKind::OutOfMemory)?;
            Ok(Some(Frame(context)))
        }
        // The program reads these as well.
        _ if [gzip::MAGIC, b"\xfd7z", b"\x04\"M"].iter().any(|magic| beginning.starts_with(magic)) => {
            Err(Error::unsupported("zstd: files of several formats in one").into())
        }
        [_, _, _, _, ..] => Err(complaint("unsupported format")),
        _ => Err(complaint("unknown header")),
    }
}

/// The program ends its lines with a space.
fn complaint(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("{what} "))
}

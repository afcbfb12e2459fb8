//! What `bzcat` writes.

use std::io::{self, BufRead, Read};

use bzip2::Decompress;
use glassbox_io::{Input, ReadAt};

use super::stream::{Piped, Streams};

/// The beginning of a stream, but for its level.
pub const MAGIC: &[u8] = b"BZh";

/// Bytes that the program writes at a time.
const BLOCK: usize = 5000;

/// Decompresses `file` as `bzcat` does for a pipe: of damaged files what could be read, of others nothing.
pub fn bzcat(file: &dyn ReadAt) -> Box<dyn Read + '_> {
    Box::new(Piped::new(Streams::new(file, next_stream), BLOCK, |_| true))
}

/// What isn't a stream is ignored.
fn next_stream(input: &mut Input, _first: bool) -> io::Result<Option<Decompress>> {
    Ok(input.fill_buf()?.starts_with(MAGIC).then(|| Decompress::new(false)))
}

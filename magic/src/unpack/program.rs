//! The formats for which libmagic starts programs: what it would make of what they write.

use std::io::{ErrorKind, Read};

use glassbox_io::Result;

use super::stream::words;
use super::{Compressed, Outcome, gzip, zstd};

/// `gzip -cd`, or `uncompress -c`, which is the same by another name.
pub fn gzip(name: &str, compressed: &Compressed, out: &mut [u8]) -> Result<Outcome> {
    outcome(name, &mut *gzip::decompress(compressed.file)?, out)
}

/// `zstd -cd`.
pub fn zstd(compressed: &Compressed, out: &mut [u8]) -> Result<Outcome> {
    outcome("zstd", &mut zstd::decompress(compressed.file), out)
}

/// Of a program that the appliance doesn't have.
pub fn missing(name: &str) -> Outcome {
    Outcome::message(name, "Wait failed, No child processes")
}

/// What libmagic 5.44 takes of a program's output. If there is more than it looks at: that. Of a program that ends before, it reads
/// what it complained about, and where that is nothing it has forgotten the output: `empty`.
fn outcome(name: &str, output: &mut dyn Read, out: &mut [u8]) -> Result<Outcome> {
    let mut filled = 0;
    loop {
        let Some(free) = out.get_mut(filled..).filter(|free| !free.is_empty()) else {
            return Ok(Outcome::Contents(filled));
        };
        match output.read(free) {
            Ok(0) => return Ok(Outcome::Contents(0)),
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                return Ok(Outcome::message(name, "Unexpected end of file"));
            }
            Err(error) => match words(&error) {
                Some(words) => return Ok(Outcome::message(name, capitalised(words))),
                None => return Err(error.into()),
            },
        }
    }
}

fn capitalised(mut text: String) -> String {
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

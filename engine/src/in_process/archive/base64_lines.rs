//! Base64 in lines of 76 characters, as coreutils' `base64` prints it.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes on a line of 76 characters (RFC 2045, section 6.8).
const LINE: usize = 57;

/// Encodes what is written to it. [`Self::finish`] must be called for the last line.
pub struct Base64Lines<W> {
    out: W,
    /// The beginning of a line.
    started: Vec<u8>,
    text: String,
}

impl<W: Write> Base64Lines<W> {
    /// Writes lines to `out`.
    pub fn new(out: W) -> Self {
        Base64Lines { out, started: Vec::with_capacity(LINE), text: String::new() }
    }

    /// Writes the last line.
    pub fn finish(mut self) -> io::Result<()> {
        if !self.started.is_empty() {
            self.text.clear();
            push_line(&mut self.text, &self.started);
            self.out.write_all(self.text.as_bytes())?;
        }
        self.out.flush()
    }
}

fn push_line(text: &mut String, bytes: &[u8]) {
    STANDARD.encode_string(bytes, text);
    text.push('\n');
}

impl<W: Write> Write for Base64Lines<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.text.clear();
        let mut rest = buf;
        if !self.started.is_empty() {
            let (head, tail) = rest.split_at(rest.len().min(LINE - self.started.len()));
            self.started.extend_from_slice(head);
            rest = tail;
            if self.started.len() == LINE {
                push_line(&mut self.text, &self.started);
                self.started.clear();
            }
        }
        let lines = rest.chunks_exact(LINE);
        // What is left over is nothing, or begins a line: then no line had been begun.
        self.started.extend_from_slice(lines.remainder());
        lines.for_each(|line| push_line(&mut self.text, line));
        self.out.write_all(self.text.as_bytes())?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(bytes: &[u8], piece: usize) -> String {
        let mut out = Vec::new();
        let mut encoder = Base64Lines::new(&mut out);
        bytes.chunks(piece).for_each(|piece| encoder.write_all(piece).unwrap());
        encoder.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_do_not_depend_on_the_pieces() {
        let bytes: Vec<u8> = (0..=255).collect();
        let whole = encode(&bytes, 256);
        assert_eq!(whole.lines().map(str::len).collect::<Vec<_>>(), [76, 76, 76, 76, 40]);
        for piece in [1, 2, 56, 57, 58, 100, 114, 200] {
            assert_eq!(encode(&bytes, piece), whole, "{piece}");
        }
        assert_eq!(encode(b"", 1), "");
        assert_eq!(encode(&[0; 57], 57), format!("{}\n", "A".repeat(76)));
    }
}

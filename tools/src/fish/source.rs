//! Where lines come from: a script, stdin, a terminal, or a program's output.

use std::io::{BufRead, BufReader, Read};

use glassbox_io::Result;

/// A source of lines.
pub trait Source {
    /// The next line without its newline; `None` at the end.
    fn next_line(&mut self) -> Result<Option<Vec<u8>>>;

    /// As [`Source::next_line`], for the inside of a here document: no prompt is shown.
    fn next_raw_line(&mut self) -> Result<Option<Vec<u8>>> {
        self.next_line()
    }
}

/// Lines of anything that can be read.
pub struct Lines<R>(BufReader<R>);

impl<R: Read> Lines<R> {
    /// The lines of `reader`.
    pub fn new(reader: R) -> Self {
        Lines(BufReader::new(reader))
    }
}

impl<R: Read> Source for Lines<R> {
    fn next_line(&mut self) -> Result<Option<Vec<u8>>> {
        line_of(&mut self.0)
    }
}

/// Lines of stdin. Its buffer is the process's, so that a command which reads stdin goes on behind the last line.
pub struct Stdin;

impl Source for Stdin {
    fn next_line(&mut self) -> Result<Option<Vec<u8>>> {
        line_of(&mut std::io::stdin().lock())
    }
}

fn line_of(reader: &mut dyn BufRead) -> Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    if reader.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(Some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_newline_or_the_end() {
        let mut lines = Lines::new(&b"a\r\n\nb"[..]);
        assert_eq!(lines.next_line().unwrap().unwrap(), b"a\r");
        assert_eq!(lines.next_line().unwrap().unwrap(), b"");
        assert_eq!(lines.next_line().unwrap().unwrap(), b"b");
        assert_eq!(lines.next_line().unwrap(), None);
    }
}

//! Lines that match a pattern, as grep(1) finds them in the C locale.

use std::io::{self, BufRead, BufReader, Read};

use bstr::io::BufReadExt;
use bstr::{BStr, BString};
use flate2::bufread::MultiGzDecoder;
use glassbox_io::{ReadAt, Result};

use super::posix_regex::PosixRegex;
use crate::reader::Reader;

/// A file that has a NUL among its first bytes is binary to grep: it shows no lines of it.
const LOOKED_AT: usize = 32 << 10;

/// A pattern, ready to search. Each of its lines is one by itself, and one must be found.
pub struct Grep {
    alternatives: Vec<PosixRegex>,
}

impl Grep {
    /// A POSIX regular expression, basic or extended, with GNU's additions.
    pub fn new(pattern: &BStr, extended: bool, insensitive: bool) -> Result<Self> {
        Self::of_lines(pattern, |line| PosixRegex::new(line, extended, insensitive))
    }

    /// A plain string.
    pub fn fixed(pattern: &BStr, insensitive: bool) -> Result<Self> {
        Self::of_lines(pattern, |line| PosixRegex::fixed(line, insensitive))
    }

    fn of_lines(pattern: &BStr, compile: impl Fn(&BStr) -> Result<PosixRegex>) -> Result<Self> {
        let lines = pattern.split(|byte| *byte == b'\n');
        Ok(Grep { alternatives: lines.map(|line| compile(line.into())).collect::<Result<_>>()? })
    }

    /// The matching lines of `file`, which is uncompressed first if it is compressed and that was asked for.
    pub fn lines(&self, file: &dyn ReadAt, compressed: bool) -> Result<Vec<BString>> {
        let mut magic = [0; 2];
        file.read_at(&mut magic, 0)?;
        // RFC 1952, section 2.3.1: ID1 and ID2. zgrep reads other files as they are.
        match compressed && magic == [0x1f, 0x8b] {
            true => self.matching(BufReader::with_capacity(LOOKED_AT, MultiGzDecoder::new(Reader::buffered(file)))),
            false => self.matching(BufReader::with_capacity(LOOKED_AT, Reader::new(file))),
        }
    }

    fn matching(&self, mut reader: BufReader<impl Read>) -> Result<Vec<BString>> {
        let mut found = Vec::new();
        if reader.fill_buf()?.contains(&0) {
            return Ok(found);
        }
        let each = |line: &[u8]| -> io::Result<bool> {
            if line.contains(&0) {
                return Ok(false);
            }
            for alternative in &self.alternatives {
                if alternative.is_match(line).map_err(io::Error::from)? {
                    found.push(line.into());
                    break;
                }
            }
            Ok(true)
        };
        // `for_byte_line` would take a carriage return off as well, which grep doesn't.
        let mut each = each;
        reader.for_byte_record(b'\n', |line| each(line))?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(grep: Result<Grep>, text: &str) -> Vec<String> {
        let lines = grep.unwrap().lines(&text.as_bytes().to_vec(), false).unwrap();
        lines.iter().map(ToString::to_string).collect()
    }

    fn basic(pattern: &str, text: &str) -> Vec<String> {
        found(Grep::new(pattern.into(), false, false), text)
    }

    fn extended(pattern: &str, text: &str) -> Vec<String> {
        found(Grep::new(pattern.into(), true, false), text)
    }

    #[test]
    fn basic_patterns_have_their_own_specials() {
        assert_eq!(basic("a+", "aa\na+\n"), ["a+"]);
        assert_eq!(basic(r"a\+", "aa\na+\nb"), ["aa", "a+"]);
        assert_eq!(basic(r"\(one\|two\)$", "one\ntwo\ntwo!"), ["one", "two"]);
        assert_eq!(basic("*x", "*x\nx"), ["*x"]);
        assert_eq!(basic("a^b", "a^b"), ["a^b"]);
        assert_eq!(basic(r"\<foo\>", "a foo b\nfoobar"), ["a foo b"]);
        assert_eq!(basic("", "any\nthing"), ["any", "thing"]);
        assert_eq!(basic("one\ntwo", "one\ntwo\nthree"), ["one", "two"]);
    }

    #[test]
    fn extended_patterns_and_brackets() {
        assert_eq!(extended("(one|two)+", "oneone\nthree"), ["oneone"]);
        assert_eq!(extended(r"[]\]", "]\n\\\nx"), ["]", "\\"]);
        assert_eq!(extended("[[:digit:]-]", "5\n-\nx"), ["5", "-"]);
        assert_eq!(extended("^[^a-c]$", "a\nd"), ["d"]);
        assert_eq!(extended("x{2}", "xx\nx{2}"), ["xx"]);
    }

    #[test]
    fn fixed_strings_mean_themselves() {
        assert_eq!(found(Grep::fixed("a.*".into(), false), "a.*\nabc"), ["a.*"]);
        assert_eq!(found(Grep::fixed("FOO".into(), true), "a foo\nb"), ["a foo"]);
    }

    #[test]
    fn binary_files_show_nothing_and_carriage_returns_stay() {
        assert!(basic("a", "a\0\na\n").is_empty());
        assert_eq!(basic("a", "a\r\nb"), ["a\r"]);
    }

    #[test]
    fn what_cannot_be_searched_for_is_said() {
        for wrong in ["[a", "a\\", "\\("] {
            assert!(Grep::new(wrong.into(), false, false).is_err(), "{wrong}");
        }
    }
}

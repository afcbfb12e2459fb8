//! Lines that match a pattern, as grep(1) finds them in the C locale.

use std::io::{self, BufRead, BufReader, Read};

use bstr::io::BufReadExt;
use bstr::{BStr, BString};
use flate2::bufread::MultiGzDecoder;
use glassbox_io::{Error, ReadAt, Result};
use regex::bytes::{Regex, RegexBuilder};

use crate::reader::Reader;

/// A file that has a NUL among its first bytes is binary to grep: it shows no lines of it.
const LOOKED_AT: usize = 32 << 10;

/// A pattern, ready to search.
pub struct Grep {
    regex: Regex,
}

impl Grep {
    /// A POSIX regular expression, basic or extended, with GNU's additions.
    pub fn new(pattern: &BStr, extended: bool, insensitive: bool) -> Result<Self> {
        Self::build(&translate(pattern, extended)?, insensitive)
    }

    /// A plain string. Each of its lines is one, and one must be found.
    pub fn fixed(pattern: &BStr, insensitive: bool) -> Result<Self> {
        let mut regex = String::new();
        for (index, line) in pattern.split(|byte| *byte == b'\n').enumerate() {
            if index > 0 {
                regex.push('|');
            }
            line.iter().for_each(|byte| literal(&mut regex, *byte));
        }
        Self::build(&regex, insensitive)
    }

    fn build(regex: &str, insensitive: bool) -> Result<Self> {
        let built = RegexBuilder::new(regex).unicode(false).case_insensitive(insensitive).build();
        Ok(Grep { regex: built.map_err(|error| Error::usage("invalid regular expression").caused_by(error))? })
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
            if self.regex.is_match(line) {
                found.push(line.into());
            }
            Ok(true)
        };
        // `for_byte_line` would take a carriage return off as well, which grep doesn't.
        let mut each = each;
        reader.for_byte_record(b'\n', |line| each(line))?;
        Ok(found)
    }
}

fn literal(regex: &mut String, byte: u8) {
    match byte {
        b if b.is_ascii_alphanumeric() || b == b' ' || b == b'_' => regex.push(char::from(b)),
        b => regex.push_str(&format!("\\x{b:02x}")),
    }
}

/// Rewrites a POSIX pattern in the syntax of the regex crate.
fn translate(pattern: &BStr, extended: bool) -> Result<String> {
    let mut out = String::new();
    let mut bytes = pattern.iter().copied().peekable();
    // Where a basic pattern's `*` and `^` have their plain or their special meaning.
    let mut at_start = true;
    while let Some(byte) = bytes.next() {
        let was_at_start = std::mem::take(&mut at_start);
        match byte {
            b'\\' => match bytes.next() {
                None => return Err(Error::usage("Trailing backslash")),
                Some(special @ (b'(' | b')' | b'{' | b'}' | b'|' | b'+' | b'?')) if !extended => {
                    at_start = matches!(special, b'(' | b'|');
                    out.push(char::from(special));
                }
                Some(b'1'..=b'9') => return Err(Error::unsupported("grep: back-references")),
                Some(class @ (b'w' | b'W' | b's' | b'S' | b'b' | b'B')) => {
                    out.push('\\');
                    out.push(char::from(class));
                }
                Some(b'<') => out.push_str(r"\b{start}"),
                Some(b'>') => out.push_str(r"\b{end}"),
                Some(b'`') => out.push_str(r"\A"),
                Some(b'\'') => out.push_str(r"\z"),
                Some(other) => literal(&mut out, other),
            },
            b'[' => bracket(&mut out, &mut bytes)?,
            b'.' | b'$' => out.push(char::from(byte)),
            b'^' => {
                out.push_str(if extended || was_at_start { "^" } else { r"\^" });
                at_start = was_at_start;
            }
            b'*' if !extended && was_at_start => out.push_str(r"\*"),
            b'*' => out.push('*'),
            b'(' | b')' | b'|' | b'+' | b'?' | b'{' | b'}' if extended => out.push(char::from(byte)),
            b'\n' => {
                at_start = true;
                out.push('|');
            }
            other => literal(&mut out, other),
        }
    }
    Ok(out)
}

/// Rewrites what follows a `[`: in POSIX a backslash means itself there, and `]` is plain as the first member.
fn bracket(out: &mut String, bytes: &mut std::iter::Peekable<impl Iterator<Item = u8>>) -> Result<()> {
    let unmatched = || Error::usage("Unmatched [, [^, [:, [., or [=");
    out.push('[');
    if bytes.next_if_eq(&b'^').is_some() {
        out.push('^');
    }
    let mut first = true;
    loop {
        match bytes.next().ok_or_else(unmatched)? {
            b']' if !first => break,
            b'[' if bytes.next_if_eq(&b':').is_some() => {
                let mut class = String::new();
                loop {
                    match bytes.next().ok_or_else(unmatched)? {
                        b':' if bytes.next_if_eq(&b']').is_some() => break,
                        letter => class.push(char::from(letter)),
                    }
                }
                out.push_str(&format!("[:{class}:]"));
            }
            b'-' => out.push_str(if first || bytes.peek() == Some(&b']') { r"\-" } else { "-" }),
            member => literal(out, member),
        }
        first = false;
    }
    out.push(']');
    Ok(())
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
        assert!(Grep::new(r"\(a\)\1".into(), false, false).err().unwrap().is_unsupported());
        for wrong in ["[a", "a\\", "\\("] {
            assert!(Grep::new(wrong.into(), false, false).is_err(), "{wrong}");
        }
    }
}

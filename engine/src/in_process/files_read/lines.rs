//! Lines, words and printable strings of a file: head, tail, wc and strings.

use std::collections::VecDeque;
use std::io::{BufRead, Read};

use bstr::io::BufReadExt;
use bstr::{BStr, BString};
use glassbox_io::{Errno, Error, ReadAt, Result};

use crate::reader::Reader;

/// strings(1) shows what has at least as many letters.
const SHORTEST_STRING: usize = 4;

/// The first `count` lines; with a negative count all but the last so many.
pub fn head(file: &dyn ReadAt, count: i32) -> Result<Vec<BString>> {
    let wanted = count.unsigned_abs() as usize;
    let mut lines = Vec::new();
    if count >= 0 {
        if count > 0 {
            Reader::buffered(file).for_byte_line(|line| {
                lines.push(line.into());
                Ok(lines.len() < wanted)
            })?;
        }
        return Ok(lines);
    }
    let mut held = VecDeque::new();
    Reader::buffered(file).for_byte_line(|line| {
        held.push_back(BString::from(line));
        if held.len() > wanted {
            lines.extend(held.pop_front());
        }
        Ok(true)
    })?;
    Ok(lines)
}

/// The last `count` lines; with a negative count all from that line on, counted from 1.
pub fn tail(file: &dyn ReadAt, count: i32) -> Result<Vec<BString>> {
    let wanted = count.unsigned_abs() as usize;
    let mut lines = VecDeque::new();
    let mut number = 0;
    Reader::buffered(file).for_byte_line(|line| {
        number += 1;
        if count >= 0 || number >= wanted {
            lines.push_back(line.into());
        }
        if count >= 0 && lines.len() > wanted {
            lines.pop_front();
        }
        Ok(true)
    })?;
    Ok(lines.into())
}

/// A count as the API returns it.
pub fn counted(count: u64) -> Result<i32> {
    i32::try_from(count).map_err(|_| Error::os_with(Errno::EOVERFLOW, format!("{count} doesn't fit in 32 bits")))
}

/// The number of line feeds.
pub fn count_lines(file: &dyn ReadAt) -> Result<u64> {
    let mut reader = Reader::buffered(file);
    let mut count = 0;
    loop {
        let buf = reader.fill_buf()?;
        if buf.is_empty() {
            return Ok(count);
        }
        count += buf.iter().filter(|byte| **byte == b'\n').count() as u64;
        let used = buf.len();
        reader.consume(used);
    }
}

/// The number of words: runs of what isn't white space in the C locale.
pub fn count_words(file: &dyn ReadAt) -> Result<u64> {
    let mut reader = Reader::buffered(file);
    let (mut count, mut within) = (0, false);
    loop {
        let buf = reader.fill_buf()?;
        if buf.is_empty() {
            return Ok(count);
        }
        for byte in buf {
            match byte {
                b' ' | b'\t'..=b'\r' => within = false,
                // wc(1) takes only printable characters for a word's beginning.
                b'!'..=b'~' if !within => {
                    within = true;
                    count += 1;
                }
                _ => {}
            }
        }
        let used = buf.len();
        reader.consume(used);
    }
}

/// How wide a letter is, and in which order its bytes are: the letters of strings(1)'s `-e`.
#[derive(Clone, Copy)]
pub struct Encoding {
    width: usize,
    little_endian: bool,
    eight_bit: bool,
}

impl Encoding {
    /// `s` 7 bits, `S` 8 bits, `b` and `l` 16 bits, `B` and `L` 32 bits.
    pub fn parse(letter: &BStr) -> Result<Encoding> {
        let (width, little_endian, eight_bit) = match letter.as_ref() as &[u8] {
            b"s" => (1, false, false),
            b"S" => (1, false, true),
            b"b" => (2, false, false),
            b"l" => (2, true, false),
            b"B" => (4, false, false),
            b"L" => (4, true, false),
            _ => return Err(Error::usage(format!("{letter}: invalid encoding"))),
        };
        Ok(Encoding { width, little_endian, eight_bit })
    }

    /// The letter that these bytes are, if it can be shown.
    fn letter(self, bytes: &[u8]) -> Option<u8> {
        let (value, rest) = match self.little_endian {
            true => bytes.split_first()?,
            false => bytes.split_last()?,
        };
        let shown = matches!(value, b' '..=b'~' | b'\t') || (self.eight_bit && *value >= 0x80);
        (shown && rest.iter().all(|byte| *byte == 0)).then_some(*value)
    }
}

/// All runs of letters that can be shown.
pub fn strings(file: &dyn ReadAt, encoding: Encoding) -> Result<Vec<BString>> {
    let mut reader = Reader::buffered(file);
    let (mut found, mut run) = (Vec::new(), Vec::new());
    let mut unit = [0; 4];
    let unit = &mut unit[..encoding.width];
    let mut filled = 0;
    let mut end = |run: &mut Vec<u8>| {
        if run.len() >= SHORTEST_STRING {
            found.push(BString::from(std::mem::take(run)));
        }
        run.clear();
    };
    loop {
        let count = reader.read(&mut unit[filled..])?;
        filled += count;
        if filled < unit.len() {
            if count == 0 {
                end(&mut run);
                return Ok(found);
            }
            continue;
        }
        match encoding.letter(unit) {
            Some(letter) => {
                run.push(letter);
                filled = 0;
            }
            None => {
                end(&mut run);
                // Wide letters may begin at any byte: the next try is one byte on.
                unit.copy_within(1.., 0);
                filled = unit.len() - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: Vec<BString>) -> Vec<String> {
        lines.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn heads_and_tails() {
        let file = b"one\ntwo\nthree\nfour".to_vec();
        assert_eq!(text(head(&file, 2).unwrap()), ["one", "two"]);
        assert_eq!(text(head(&file, -3).unwrap()), ["one"]);
        assert!(head(&file, 0).unwrap().is_empty());
        assert_eq!(text(tail(&file, 2).unwrap()), ["three", "four"]);
        assert_eq!(text(tail(&file, -2).unwrap()), ["two", "three", "four"]);
        assert!(tail(&file, 0).unwrap().is_empty());
    }

    #[test]
    fn counts() {
        let file = b" a bc\td\ne".to_vec();
        assert_eq!((count_lines(&file).unwrap(), count_words(&file).unwrap()), (1, 4));
        assert!(counted(1 << 31).is_err());
    }

    #[test]
    fn strings_of_every_width() {
        let encoding = |letter: &str| Encoding::parse(letter.into()).unwrap();
        assert_eq!(text(strings(&b"a\0b foo\nxyz".to_vec(), encoding("s")).unwrap()), ["b foo"]);
        assert_eq!(text(strings(&b"\x01w\0i\0d\0e\0\0".to_vec(), encoding("l")).unwrap()), ["wide"]);
        assert_eq!(text(strings(&b"\0w\0i\0d\0e!".to_vec(), encoding("b")).unwrap()), ["wide"]);
        assert_eq!(strings(&b"gr\xfcn\0".to_vec(), encoding("S")).unwrap(), [BString::from(&b"gr\xfcn"[..])]);
        assert!(Encoding::parse("x".into()).is_err());
    }
}

//! Numbers as guestfish takes them: C's radix prefixes, and suffixes for sizes.

use std::fmt;

/// Why a text isn't a number. The numbers are those that guestfish shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// Too large or too small for 64 bits.
    Overflow = 1,
    /// Something behind the number that isn't a suffix.
    Suffix = 2,
    /// Both.
    OverflowAndSuffix = 3,
    /// No number at all.
    Invalid = 4,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", *self as u8)
    }
}

/// A number with an optional sign, prefix (`0x`, `0`) and suffix (`k`, `M`, `GiB`, `TB` …). A suffix alone means one
/// of it.
pub fn parse(text: &[u8]) -> Result<i64, NumberError> {
    let value = parse_wide(text)?;
    i64::try_from(value).map_err(|_| NumberError::Overflow)
}

/// As [`parse`], for sizes: a sign is an error.
pub fn parse_size(text: &[u8]) -> Result<u64, NumberError> {
    if text.trim_ascii_start().first() == Some(&b'-') {
        return Err(NumberError::Invalid);
    }
    u64::try_from(parse_wide(text)?).map_err(|_| NumberError::Overflow)
}

fn parse_wide(text: &[u8]) -> Result<i128, NumberError> {
    let text = text.trim_ascii_start();
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    let hexadecimal = |digits: &&[u8]| digits.first().is_some_and(u8::is_ascii_hexdigit);
    let (radix, digits) = match digits {
        [b'0', b'x' | b'X', rest @ ..] if hexadecimal(&rest) => (16, rest),
        [b'0', ..] => (8, digits),
        _ => (10, digits),
    };
    let end = digits.iter().position(|byte| !char::from(*byte).is_digit(radix)).unwrap_or(digits.len());
    let (digits, suffix) = digits.split_at(end);
    // Saturates far beyond 64 bits, where everything is an overflow.
    let mut value = digits
        .iter()
        .filter_map(|byte| char::from(*byte).to_digit(radix))
        .fold(0i128, |sum, digit| sum.saturating_mul(radix.into()).saturating_add(digit.into()));
    if digits.is_empty() {
        let letter = suffix.get(..1).unwrap_or_default();
        if sign < 0 || power(letter).is_none() {
            return Err(NumberError::Invalid);
        }
        value = 1;
    }
    let mut value = value.saturating_mul(sign);
    let mut bad_suffix = false;
    if !suffix.is_empty() {
        match power(suffix) {
            Some((base, exponent)) => {
                value = (0..exponent).fold(value, |value, _| value.saturating_mul(base));
            }
            None => bad_suffix = true,
        }
    }
    let overflow = value > i128::from(u64::MAX) || value < i128::from(i64::MIN);
    match (overflow, bad_suffix) {
        (false, false) => Ok(value),
        (true, false) => Err(NumberError::Overflow),
        (false, true) => Err(NumberError::Suffix),
        (true, true) => Err(NumberError::OverflowAndSuffix),
    }
}

/// A suffix as base and exponent.
fn power(suffix: &[u8]) -> Option<(i128, u32)> {
    let (letter, rest) = suffix.split_first()?;
    let exponent = match letter {
        b'k' | b'K' => 1,
        b'M' => 2,
        b'G' => 3,
        b'T' => 4,
        b'P' => 5,
        b'E' => 6,
        b'Z' => 7,
        b'Y' => 8,
        _ => return None,
    };
    match rest {
        b"" | b"iB" => Some((1024, exponent)),
        b"B" | b"D" => Some((1000, exponent)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radix_and_suffix() {
        for (text, value) in [
            ("0", 0),
            ("1234", 1234),
            ("02322", 1234),
            ("0x4d2", 1234),
            (" -5", -5),
            ("+5", 5),
            ("1k", 1024),
            ("1KB", 1000),
            ("2MiB", 2 << 20),
            ("k", 1024),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("7E", 7 << 60),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_wrong() {
        for (text, error) in [
            ("", 4),
            ("-", 4),
            ("-k", 4),
            ("abc", 4),
            ("1m", 2),
            ("1kk", 2),
            ("08", 2),
            ("0x", 2),
            ("1.5", 2),
            ("1 ", 2),
            ("9223372036854775808", 1),
            ("8E", 1),
            ("1Y", 1),
            ("99999999999999999999x", 3),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err() as u8, error, "{text}");
        }
        assert_eq!(parse_size(b"-1M"), Err(NumberError::Invalid));
        assert_eq!(parse_size(b"15E"), Ok(15 << 60));
    }
}

//! Versions within texts.

use crate::in_process::inspection::facts::Version;

/// The number at the beginning of `text`, and what follows it; `None` if there is none, or one that is no version.
pub fn number(text: &[u8]) -> Option<(i32, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((number, rest))
}

/// `MAJOR.MINOR` at the beginning of `text`.
pub fn dotted(text: &[u8]) -> Option<Version> {
    let (major, rest) = number(text)?;
    let (minor, _) = number(rest.strip_prefix(b".")?)?;
    Some(Version { major, minor })
}

/// The first `MAJOR.MINOR` anywhere in `text`, or else the first number.
pub fn anywhere(text: &[u8]) -> Option<Version> {
    let starts =
        || (0..text.len()).filter(|&at| text[at].is_ascii_digit() && (at == 0 || !text[at - 1].is_ascii_digit()));
    starts()
        .find_map(|at| dotted(&text[at..]))
        .or_else(|| number(&text[starts().next()?..]).map(|(major, _)| Version { major, minor: 0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_texts() {
        let version = |text: &str| anywhere(text.as_bytes()).map(|found| (found.major, found.minor));
        assert_eq!(version("12"), Some((12, 0)));
        assert_eq!(version("22.04"), Some((22, 4)));
        assert_eq!(version("Slackware 15.0+"), Some((15, 0)));
        assert_eq!(version("3 of 10.2.7"), Some((10, 2)));
        assert_eq!(version("bookworm/sid"), None);
        assert_eq!(version("99999999999999999999.1"), None);
        assert_eq!(version("v2."), Some((2, 0)));
    }
}

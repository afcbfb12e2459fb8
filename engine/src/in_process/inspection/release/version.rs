//! Versions within texts.

use bstr::ByteSlice;

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

/// `MAJOR.MINOR` at the end of `text`.
pub fn dotted_at_end(text: &[u8]) -> Option<Version> {
    let start = text.iter().rposition(|byte| !byte.is_ascii_digit() && *byte != b'.').map_or(0, |last| last + 1);
    dotted(&text[start..])
}

/// The version in a line `PRODUCT … release 9.3 …`, as Red Hat's family writes it. In old ones the minor version is an
/// update: `PRODUCT … release 4 (Nahant Update 8)`.
pub fn release_of(line: &[u8], product: &str) -> Option<Version> {
    const RELEASE: &[u8] = b"release ";
    let rest = &line[line.find(product)? + product.len()..];
    let (major, after, whole) = rest.rfind_iter(RELEASE).find_map(|at| {
        let whole = &rest[at + RELEASE.len()..];
        number(whole).map(|(major, after)| (major, after, whole))
    })?;
    let update = || number(after.rsplit_once_str("Update ")?.1);
    let version = match update() {
        Some((minor, _)) => Some(Version { major, minor }),
        None => dotted(whole),
    };
    Some(version.unwrap_or(Version { major, minor: 0 }))
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

    #[test]
    fn releases_of_red_hats_family() {
        let version =
            |line: &str, product| release_of(line.as_bytes(), product).map(|found| (found.major, found.minor));
        assert_eq!(version("Red Hat Enterprise Linux AS release 4 (Nahant Update 8)", "Red Hat"), Some((4, 8)));
        assert_eq!(version("CentOS Linux release 7.9.2009 (Core)", "CentOS"), Some((7, 9)));
        assert_eq!(version("CentOS Stream release 9", "CentOS"), Some((9, 0)));
        assert_eq!(version("CentOS of no known release", "CentOS"), None);
        assert_eq!(version("Rocky Linux release 9.3 (Blue Onyx)", "CentOS"), None);
    }

    #[test]
    fn versions_before_a_name() {
        assert_eq!(dotted_at_end(b"3.0"), Some(Version { major: 3, minor: 0 }));
        assert_eq!(dotted_at_end(b"this is 2.0"), Some(Version { major: 2, minor: 0 }));
        assert_eq!(dotted_at_end(b"none"), None);
    }
}

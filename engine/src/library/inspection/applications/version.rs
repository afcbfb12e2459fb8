//! Versions written in one word: `EPOCH:VERSION-RELEASE`.

use bstr::{BStr, ByteSlice};

/// The parts of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version<'a> {
    pub epoch: i32,
    pub version: &'a BStr,
    pub release: &'a BStr,
}

impl<'a> Version<'a> {
    /// Takes a version apart. libguestfs ends it at its first hyphen, though Debian's policy says the last one, and its
    /// callers put the parts together again. `None` if the epoch is no number.
    pub fn parse(whole: &'a BStr) -> Option<Self> {
        let (epoch, rest) = match whole.split_once_str(":") {
            Some((epoch, rest)) => (epoch.to_str().ok()?.parse().ok().filter(|epoch| *epoch >= 0)?, rest),
            None => (0, whole.as_bytes()),
        };
        let (version, release) = rest.split_once_str("-").unwrap_or((rest, b""));
        Some(Version { epoch, version: version.into(), release: release.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_versions() {
        let parse =
            |whole: &'static str| Version::parse(whole.into()).map(|parts| (parts.epoch, parts.version, parts.release));
        assert_eq!(parse("1:2.36-9+deb12u14"), Some((1, "2.36".into(), "9+deb12u14".into())));
        assert_eq!(parse("1.0-rc1-2"), Some((0, "1.0".into(), "rc1-2".into())));
        assert_eq!(parse("20230311"), Some((0, "20230311".into(), "".into())));
        assert_eq!(parse("x:1"), None);
        assert_eq!(parse("-1:1"), None);
        assert_eq!(parse("99999999999:1"), None);
    }
}

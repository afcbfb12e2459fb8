//! Names without case: UTF-8 of Unicode 12.1, normalised and folded as Linux does it.

use std::borrow::Cow;

use bstr::{BStr, ByteSlice};
use caseless::Caseless;
use glassbox_io::{Error, Result};
use unicode_normalization::UnicodeNormalization;

use super::Ext;
use super::features::incompat;
use super::inode::{Inode, flag};

/// `s_encoding` of UTF-8 of Unicode 12.1, the only one there is.
const ENCODING_UTF8_12_1: u16 = 1;

/// A name to be found, and how it is compared.
pub(super) struct Matcher<'a> {
    name: &'a BStr,
    /// Both of the folded form; `None` if case counts, or if the name isn't UTF-8.
    folded: Option<Cow<'a, [u8]>>,
}

impl<'a> Matcher<'a> {
    /// How `name` is compared in a directory.
    pub fn new(ext: &Ext, directory: &Inode, name: &'a BStr) -> Result<Matcher<'a>> {
        if !directory.has(flag::CASEFOLD) || !ext.superblock.has_incompat(incompat::CASEFOLD) {
            return Ok(Matcher { name, folded: None });
        }
        match ext.superblock.encoding {
            ENCODING_UTF8_12_1 => Ok(Matcher { name, folded: fold(name) }),
            other => Err(Error::unsupported(format!("ext4: casefold with encoding {other}"))),
        }
    }

    /// Whether an entry's name is the one.
    pub fn matches(&self, other: &BStr) -> bool {
        if self.name == other {
            return true;
        }
        match &self.folded {
            Some(folded) => fold(other).is_some_and(|other| *other == **folded),
            None => false,
        }
    }

    /// The form that directory hashes are made of.
    pub fn hashed(&self) -> &[u8] {
        self.folded.as_deref().unwrap_or(self.name)
    }

    /// Whether it is compared without case.
    pub fn is_folded(&self) -> bool {
        self.folded.is_some()
    }
}

/// A name normalised (NFD), case-folded and without ignorable characters; `None` if it isn't UTF-8.
fn fold(name: &BStr) -> Option<Cow<'_, [u8]>> {
    if name.is_ascii() {
        return Some(match name.iter().any(u8::is_ascii_uppercase) {
            true => Cow::Owned(name.to_ascii_lowercase()),
            false => Cow::Borrowed(name.as_bytes()),
        });
    }
    let text = name.to_str().ok()?;
    let mut folded = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_later) {
        let last = piece.chars().next_back().filter(|&last| is_later(last));
        let known = last.and_then(|last| piece.strip_suffix(last)).unwrap_or(piece);
        folded.extend(known.chars().nfd().default_case_fold().filter(|&c| !is_default_ignorable(c)).nfd());
        folded.extend(last);
    }
    Some(Cow::Owned(folded.into_bytes()))
}

/// What today's tables fold, decompose or reorder, but Unicode 12.1 didn't know: for Linux it is as any other character.
#[rustfmt::skip]
fn is_later(c: char) -> bool {
    matches!(u32::from(c),
        0x5c8..=0x5c9 | 0x897..=0x89f | 0x8ca..=0x8d2 | 0xc3c | 0x1715 | 0x1abf..=0x1af0 | 0x1c89 | 0x1dfa | 0x2c2f
        | 0xa7c0 | 0xa7c7 | 0xa7c9 | 0xa7cb..=0xa7cc | 0xa7d0 | 0xa7d6 | 0xa7d8 | 0xa7da | 0xa7dc | 0xa7f5 | 0xa82c
        | 0x10570..=0x1057a | 0x1057c..=0x1058a | 0x1058c..=0x10592 | 0x10594..=0x10595 | 0x105c9 | 0x105e4 |
        0x10d50..=0x10d65 | 0x10d69..=0x10d6d | 0x10eab..=0x10eac | 0x10ecb..=0x10ecf | 0x10ef0..=0x10efb |
        0x10efd..=0x10eff | 0x10f82..=0x10f85 | 0x11070 | 0x11383 | 0x11385 | 0x1138e | 0x11391 | 0x113c5 |
        0x113c7..=0x113c8 | 0x113ce..=0x113d0 | 0x11938 | 0x1193d..=0x1193e | 0x11943 | 0x11f41..=0x11f42 |
        0x16121..=0x16128 | 0x1612f | 0x16d68..=0x16d6a | 0x16ff0..=0x16ff1 | 0x1d127..=0x1d128 | 0x1d250..=0x1d252
        | 0x1d25b..=0x1d25c | 0x1d25f | 0x1d280..=0x1d281 | 0x1e08f | 0x1e2ae | 0x1e4ec..=0x1e4ef |
        0x1e5ee..=0x1e5ef | 0x1e6e3 | 0x1e6e6 | 0x1e6ee..=0x1e6ef | 0x1e6f5)
}

/// Default_Ignorable_Code_Point of Unicode 12.1.
fn is_default_ignorable(c: char) -> bool {
    matches!(u32::from(c),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180e | 0x200b..=0x200f
        | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfff8
        | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(name: &str) -> String {
        String::from_utf8(fold(name.into()).unwrap().into_owned()).unwrap()
    }

    #[test]
    fn case_and_composition_do_not_count() {
        assert_eq!(folded("README.txt"), "readme.txt");
        assert_eq!(folded("É"), "e\u{301}");
        assert_eq!(folded("e\u{301}"), folded("\u{c9}"));
        assert_eq!(folded("Straße"), "strasse");
        assert_eq!(folded("ΣΑΣ"), folded("σας"));
        assert_eq!(folded("a\u{200d}b"), "ab");
        // U+A7C7 and its small letter came with Unicode 13.
        assert_eq!(folded("\u{c9}\u{a7c7}\u{c9}"), "e\u{301}\u{a7c7}e\u{301}");
        assert_eq!(fold(b"\xff".as_bstr()), None);
    }
}

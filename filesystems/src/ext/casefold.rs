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
    let folded: String = text.chars().nfd().default_case_fold().filter(|&c| !is_default_ignorable(c)).nfd().collect();
    Some(Cow::Owned(folded.into_bytes()))
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
        assert_eq!(fold(b"\xff".as_bstr()), None);
    }
}

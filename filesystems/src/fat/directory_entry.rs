//! A directory entry with a short name (section 6).

use bstr::BString;

use crate::Timestamp;

use super::code_page::CodePage;
use super::fat_table::Width;
use super::timestamp;

/// Attributes (6, DIR_Attr).
const READ_ONLY: u8 = 0x01;
const VOLUME_ID: u8 = 0x08;
const DIRECTORY: u8 = 0x10;
/// All of read-only, hidden, system and volume ID: no entry of a file has these together.
const LONG_NAME: u8 = 0x0f;

/// The first byte of a deleted entry's name, and of one that was never used.
const DELETED: u8 = 0xe5;
const UNUSED: u8 = 0x00;
/// Stands for E5 as a name's first character (6.1).
const KANJI_E5: u8 = 0x05;

/// Windows NT's flags in DIR_NTRes: the name, or its extension, is shown in lower case.
const LOWER_BASE: u8 = 0x08;
const LOWER_EXTENSION: u8 = 0x10;

/// 32 bytes of a directory.
#[derive(Clone, Copy)]
pub(super) struct DirectoryEntry([u8; Self::SIZE]);

impl DirectoryEntry {
    pub(super) const SIZE: usize = 32;

    pub(super) fn parse(bytes: [u8; Self::SIZE]) -> Self {
        DirectoryEntry(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8; Self::SIZE] {
        &self.0
    }

    fn field<const AT: usize>(&self) -> u16 {
        const { assert!(AT + 2 <= Self::SIZE) };
        let [low, high] = self.0.get(AT..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        u16::from_le_bytes([low, high])
    }

    fn attributes(&self) -> u8 {
        let [_, _, _, _, _, _, _, _, _, _, _, attributes, ..] = self.0;
        attributes
    }

    /// Deleted, or never used.
    pub(super) fn is_free(&self) -> bool {
        let [first, ..] = self.0;
        matches!(first, DELETED | UNUSED)
    }

    pub(super) fn is_deleted(&self) -> bool {
        let [first, ..] = self.0;
        first == DELETED
    }

    /// A part of a long name.
    pub(super) fn is_long_name(&self) -> bool {
        self.attributes() == LONG_NAME
    }

    /// Anything but a file or a directory.
    pub(super) fn is_volume_or_long_name(&self) -> bool {
        self.attributes() & VOLUME_ID != 0
    }

    /// The volume's label, as blkid looks for it.
    pub(super) fn is_label(&self) -> bool {
        !self.is_long_name()
            && self.attributes() & (VOLUME_ID | DIRECTORY) == VOLUME_ID
            && self.field::<20>() == 0
            && self.field::<26>() == 0
    }

    pub(super) fn is_directory(&self) -> bool {
        self.attributes() & DIRECTORY != 0
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.attributes() & READ_ONLY != 0
    }

    /// `.` or `..`.
    pub(super) fn is_dot(&self) -> bool {
        matches!(self.raw_name(), b".          " | b"..         ")
    }

    fn raw_name(&self) -> &[u8; 11] {
        self.0.first_chunk().unwrap_or(&[0; 11])
    }

    /// The name's 11 bytes, as they are meant.
    pub(super) fn name(&self) -> [u8; 11] {
        let mut name = *self.raw_name();
        if let [first @ KANJI_E5, ..] = &mut name {
            *first = DELETED;
        }
        name
    }

    /// The checksum by which long names find their short one (7.2).
    pub(super) fn checksum(&self) -> u8 {
        self.raw_name().iter().fold(0u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte))
    }

    /// The name as it is shown: `base.ext`, with Windows NT's lower case, in UTF-8. Empty if it has only spaces.
    pub(super) fn shown_name(&self, code_page: CodePage) -> BString {
        let name = self.name();
        let (base, extension) = name.split_at(8);
        let [_, _, _, _, _, _, _, _, _, _, _, _, case, ..] = self.0;
        let mut shown = decode(base, case & LOWER_BASE != 0, code_page);
        let extension = decode(extension, case & LOWER_EXTENSION != 0, code_page);
        if !extension.is_empty() {
            shown.push('.');
            shown.push_str(&extension);
        }
        shown.into()
    }

    /// The first cluster; 0 for an empty file. The upper half of the number is FAT32's.
    pub(super) fn first_cluster(&self, width: Width) -> u32 {
        let high = if width == Width::Fat32 { u32::from(self.field::<20>()) } else { 0 };
        high << 16 | u32::from(self.field::<26>())
    }

    /// The length of a file; 0 for a directory.
    pub(super) fn size(&self) -> u64 {
        u64::from(self.field::<28>()) | u64::from(self.field::<30>()) << 16
    }

    pub(super) fn modified(&self) -> Timestamp {
        timestamp::decode(self.field::<24>(), self.field::<22>())
    }

    /// Only the day is stored.
    pub(super) fn accessed(&self) -> Timestamp {
        timestamp::decode(self.field::<18>(), 0)
    }
}

/// One part of a name: a NUL ends it, and spaces at its end are padding.
fn decode(part: &[u8], lower: bool, code_page: CodePage) -> String {
    let end = part.iter().position(|byte| *byte == 0).unwrap_or(part.len());
    let part = part.get(..end).unwrap_or_default();
    let end = part.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last.saturating_add(1));
    let characters = part.iter().take(end);
    characters.map(|byte| if lower { code_page.lower(*byte) } else { code_page.decode(*byte) }).collect()
}

//! Labels and UUIDs in the textual forms that blkid gives them.

use std::fmt::Write as _;

use bstr::BString;

/// A label of fixed width: it ends at the first NUL, and white space at its end is padding.
pub(crate) fn label(bytes: &[u8]) -> BString {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    trim_end(bytes.get(..end).unwrap_or_default())
}

/// C's `isspace` in the C locale.
fn trim_end(bytes: &[u8]) -> BString {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let end = bytes.iter().rposition(|byte| !is_space(byte)).map_or(0, |last| last.saturating_add(1));
    bytes.get(..end).unwrap_or_default().into()
}

/// A label in little-endian UTF-16.
pub(super) fn utf16le_label(bytes: &[u8]) -> BString {
    utf16_label(bytes.chunks_exact(2).map(|unit| u16::from_le_bytes(unit.try_into().unwrap_or_default())))
}

/// A label in big-endian UTF-16.
pub(super) fn utf16be_label(bytes: &[u8]) -> BString {
    utf16_label(bytes.chunks_exact(2).map(|unit| u16::from_be_bytes(unit.try_into().unwrap_or_default())))
}

/// A label in UTF-16 code units, to its end or the first NUL. A surrogate without its partner keeps its value, in
/// three bytes, as blkid does: different labels stay different.
pub(super) fn utf16_label(units: impl Iterator<Item = u16>) -> BString {
    let mut text = Vec::new();
    for decoded in char::decode_utf16(units.take_while(|unit| *unit != 0)) {
        match decoded {
            Ok(character) => text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(unpaired) => {
                let unit = unpaired.unpaired_surrogate();
                let [high, low] = unit.to_be_bytes();
                text.extend_from_slice(&[0xe0 | high >> 4, 0x80 | (unit >> 6) as u8 & 0x3f, 0x80 | low & 0x3f]);
            }
        }
    }
    trim_end(&text)
}

/// A label in ISO 8859-1.
pub(super) fn latin1_label(bytes: &[u8]) -> BString {
    utf16_label(bytes.iter().map(|byte| u16::from(*byte)))
}

/// 16 bytes as a UUID in the order of RFC 4122; empty if they are all zero.
pub(super) fn uuid(bytes: [u8; 16]) -> BString {
    if bytes == [0; 16] {
        return BString::default();
    }
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text.into()
}

/// A UUID that the format stores as text: to its end or the first NUL, without white space at the end.
pub(super) fn text_uuid(bytes: &[u8]) -> BString {
    label(bytes)
}

/// The 32-bit serial number of FAT, exFAT and HPFS, as `ABCD-1234`; empty if it is zero.
pub(crate) fn serial(bytes: [u8; 4]) -> BString {
    match u32::from_le_bytes(bytes) {
        0 => BString::default(),
        serial => format!("{:04X}-{:04X}", serial >> 16, serial & 0xffff).into(),
    }
}

/// The UUID of an LVM physical volume: 32 characters in groups of 6-4-4-4-4-4-6.
pub(super) fn lvm_uuid(bytes: &[u8]) -> BString {
    let mut text = Vec::with_capacity(38);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 6 | 10 | 14 | 18 | 22 | 26) {
            text.push(b'-');
        }
        text.push(*byte);
    }
    text.into()
}

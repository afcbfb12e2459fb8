//! UTF-16 names as bytes and back.
//!
//! NTFS stores any 16-bit units, unpaired surrogates too. They become three bytes each, as UTF-8 would encode them
//! (WTF-8); ntfs-3g does the same, so that every name can be shown and found again.

use bstr::{BString, ByteVec};

/// The 16-bit units of little-endian `bytes`; an odd last byte is ignored.
pub(crate) fn units(bytes: &[u8]) -> impl Iterator<Item = u16> + Clone + '_ {
    bytes.chunks_exact(2).map(|unit| u16::from_le_bytes(unit.try_into().unwrap_or_default()))
}

/// Appends `units` to `out`, as UTF-8 where they are UTF-16.
pub(crate) fn append(out: &mut Vec<u8>, units: impl IntoIterator<Item = u16>) {
    for decoded in char::decode_utf16(units) {
        match decoded {
            Ok(character) => out.push_char(character),
            Err(unpaired) => {
                let unit = unpaired.unpaired_surrogate();
                let [high, low] = unit.to_be_bytes();
                let middle = (high & 0x0f) << 2 | low >> 6;
                out.extend_from_slice(&[0xe0 | high >> 4, 0x80 | middle, 0x80 | (low & 0x3f)]);
            }
        }
    }
}

/// `units` as bytes.
pub(crate) fn to_bytes(units: impl IntoIterator<Item = u16>) -> BString {
    let mut out = Vec::new();
    append(&mut out, units);
    out.into()
}

/// The units of `name`; `None` if no units show as these bytes.
pub(crate) fn from_bytes(name: &[u8]) -> Option<Vec<u16>> {
    let mut units = Vec::with_capacity(name.len());
    let mut rest = name;
    while !rest.is_empty() {
        let (character, length) = bstr::decode_utf8(rest);
        match (character, rest) {
            (Some(character), _) => {
                units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
                rest = rest.get(length..)?;
            }
            (None, [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, after @ ..]) => {
                units.push(0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f));
                rest = after;
            }
            (None, _) => return None,
        }
    }
    Some(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back() {
        for name in
            [&[0x61, 0xfc, 0x65e5, 0xd83d, 0xde00][..], &[0xd800], &[0xdc00, 0xd800, 0x41], &[0xdbff, 0xdbff], &[]]
        {
            let bytes = to_bytes(name.iter().copied());
            assert_eq!(from_bytes(&bytes).unwrap(), name, "{bytes:?}");
        }
        assert_eq!(to_bytes([0xd800]), b"\xed\xa0\x80"[..]);
        assert_eq!(from_bytes(b"\xff"), None);
        assert_eq!(from_bytes(b"\xed\xa0"), None);
    }
}

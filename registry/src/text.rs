//! Texts: names in Latin-1 or UTF-16, strings in UTF-16.

use bstr::{BString, ByteVec};
use glassbox_io::{Errno, Error, Result};

/// A name as UTF-8: "compressed" ones have a byte for each character, the low half of its UTF-16 unit.
pub(crate) fn name(bytes: &[u8], compressed: bool) -> Result<BString> {
    match compressed {
        true => Ok(bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into()),
        false if !bytes.len().is_multiple_of(2) => Err(cut_short()),
        false => utf16(bytes.chunks_exact(2)),
    }
}

/// A string as UTF-8. It ends at its first NUL: Windows leaves old data behind it.
pub(crate) fn string(bytes: &[u8]) -> Result<BString> {
    utf16(bytes.chunks_exact(2).take_while(|unit| *unit != [0, 0]))
}

/// `EILSEQ` for an unpaired surrogate, `EINVAL` for half a pair at the end: the numbers that iconv(3) has for them.
fn utf16<'a>(units: impl Iterator<Item = &'a [u8]>) -> Result<BString> {
    let units = units.map(|unit| unit.try_into().map_or(0, u16::from_le_bytes));
    let mut decoded = char::decode_utf16(units).peekable();
    let mut text = Vec::new();
    while let Some(character) = decoded.next() {
        match character {
            Ok(character) => text.push_char(character),
            Err(unpaired) if unpaired.unpaired_surrogate() < 0xdc00 && decoded.peek().is_none() => {
                return Err(cut_short());
            }
            Err(_) => return Err(Error::corrupt("a text isn't UTF-16").with_errno(Errno::EILSEQ)),
        }
    }
    Ok(text.into())
}

fn cut_short() -> Error {
    Error::corrupt("a UTF-16 text is cut short").with_errno(Errno::EINVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_utf8_or_say_what_is_wrong() {
        assert_eq!(name(b"caf\xe9", true).unwrap(), "café");
        let bytes = |text: &[u16]| -> Vec<u8> { text.iter().flat_map(|unit| unit.to_le_bytes()).collect() };
        assert_eq!(name(&bytes(&[0x41, 0xd83d, 0xde00]), false).unwrap(), "A😀");
        assert_eq!(string(&bytes(&[0x41, 0, 0xdc00])).unwrap(), "A");
        assert_eq!(string(&[0x41, 0, 0x42]).unwrap(), "A");
        let errno = |text: &[u16]| name(&bytes(text), false).unwrap_err().errno();
        assert_eq!(errno(&[0xdc00, 0x41]), Errno::EILSEQ);
        assert_eq!(errno(&[0xd83d, 0x41]), Errno::EILSEQ);
        assert_eq!(errno(&[0x41, 0xd83d]), Errno::EINVAL);
        assert_eq!(name(b"odd", false).unwrap_err().errno(), Errno::EINVAL);
    }
}

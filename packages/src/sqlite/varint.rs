//! Integers of one to nine bytes (section 1.6, "varint").

/// The integer at the beginning of `bytes`, and how many of them it takes. `None` if they end within it.
pub(super) fn read(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().take(9).enumerate() {
        let length = index.saturating_add(1);
        if index == 8 {
            return Some((value.wrapping_shl(8) | u64::from(*byte), length));
        }
        value = value.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, length));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn one_to_nine_bytes() {
        assert_eq!(read(&[0x7f, 0xff]), Some((127, 1)));
        assert_eq!(read(&[0x81, 0x00]), Some((128, 2)));
        assert_eq!(read(&[0xff; 9]), Some((u64::MAX, 9)));
        assert_eq!(read(&[0x80; 8]), None);
        assert_eq!(read(&[]), None);
    }
}

//! The checksum of LVM2's labels and metadata.

/// LVM2's CRC starts from here, and isn't inverted at the end (`INITIAL_CRC` of its `lib/misc/crc.h`).
const INITIAL: u32 = 0xf597_a6cf;

/// The common CRC-32 polynomial with LVM2's start value.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    // crc32fast inverts at both ends; inverting once more at both undoes that.
    let mut crc = crc32fast::Hasher::new_with_initial(!INITIAL);
    crc.update(bytes);
    !crc.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bit by bit, as the definition says.
    fn slow(bytes: &[u8]) -> u32 {
        bytes.iter().fold(INITIAL, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
        })
    }

    #[test]
    fn equals_the_definition() {
        assert_eq!(checksum(b""), INITIAL);
        for text in [&b"a"[..], b"LVM2 001", &[0xff; 600]] {
            assert_eq!(checksum(text), slow(text));
        }
    }
}

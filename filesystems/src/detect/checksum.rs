//! The checksums that recognition depends on.

/// The reflected CRC-32 polynomial of ISO 3309 (Ethernet, zlib).
pub(super) const CRC32: u32 = 0xedb8_8320;
/// The reflected Castagnoli polynomial (iSCSI).
pub(super) const CRC32C: u32 = 0x82f6_3b78;

/// A reflected CRC-32 over `bytes`, starting from `seed`, without a final inversion. Headers are short, so there are
/// no tables.
pub(super) fn crc32(polynomial: u32, seed: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(seed, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { polynomial } else { 0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_values_of_both_polynomials() {
        assert_eq!(!crc32(CRC32, !0, b"123456789"), 0xcbf4_3926);
        assert_eq!(!crc32(CRC32C, !0, b"123456789"), 0xe306_9283);
    }
}

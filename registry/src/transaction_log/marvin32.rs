//! Marvin32, the checksum of log entries. Its definition is Microsoft's SymCrypt, `marvin32.c`.

/// The seed of log entries (regf, "Log entries", note 3).
const SEED: [u32; 2] = [0x884d_ef82, 0xc555_4e7a];

/// The checksum of `data` as it is stored: its low half first.
pub(crate) fn marvin32(data: &[u8]) -> [u8; 8] {
    let [low, high] = hash(SEED, data);
    (u64::from(high) << 32 | u64::from(low)).to_le_bytes()
}

fn hash(seed: [u32; 2], data: &[u8]) -> [u32; 2] {
    let (words, rest) = data.as_chunks();
    let state = words.iter().fold(seed, |state, word| block(state, u32::from_le_bytes(*word)));
    // The last word: what is left, and 0x80 behind it.
    let mut last = [0; 4];
    for (to, from) in last.iter_mut().zip(rest.iter().chain(&[0x80])) {
        *to = *from;
    }
    block(block(state, u32::from_le_bytes(last)), 0)
}

fn block([mut low, mut high]: [u32; 2], word: u32) -> [u32; 2] {
    low = low.wrapping_add(word);
    high ^= low;
    low = low.rotate_left(20).wrapping_add(high);
    high = high.rotate_left(9) ^ low;
    low = low.rotate_left(27).wrapping_add(high);
    [low, high.rotate_left(19)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors that implementations of Marvin32 share.
    #[test]
    fn known_answers() {
        let seed = [0x001b_dbcc, 0x004f_b61a];
        for (data, [low, high]) in [
            (&[][..], [0x00cd_3c7d, 0x30ed_35c1]),
            (&[0xaf], [0x7d75_ddc1, 0x48e7_3fc7]),
            (&[0xe7, 0x0f], [0x485d_bff8, 0xb5f6_e1fc]),
            (&[0x37, 0xf4, 0x95], [0x9b8c_f7e8, 0xf0b0_7c78]),
            (&[0x86, 0x42, 0xdc, 0x59], [0x7e9c_f556, 0x7008_f2e8]),
        ] {
            assert_eq!(hash(seed, data), [low, high], "{data:x?}");
        }
    }
}

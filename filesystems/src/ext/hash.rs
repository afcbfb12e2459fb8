//! The hashes of directory names: legacy, half MD4 and TEA, each with signed or unsigned characters.

use super::superblock::Superblock;

/// The hash that stands for the end of a directory can't be a name's.
const END: u32 = 0x7fff_ffff;
/// Without a seed in the superblock: the initial state of MD4.
const DEFAULT_SEED: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
const K2: u32 = 0x5a82_7999;
const K3: u32 = 0x6ed9_eba1;
const TEA_DELTA: u32 = 0x9e37_79b9;

/// A name's place in a directory's hash tree. `minor` orders names of equal `major`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NameHash {
    /// Always even: the lowest bit marks continued leaves.
    pub major: u32,
    pub minor: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Legacy,
    HalfMd4,
    Tea,
}

/// A hash function with its seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hasher {
    function: Function,
    unsigned: bool,
    seed: [u32; 4],
}

impl Hasher {
    /// The hasher of a version that a tree's root or the superblock names; `None` if it isn't one of these. (Version 6,
    /// SipHash, belongs to encrypted directories and needs their key.)
    pub fn new(version: u8, superblock: &Superblock) -> Option<Hasher> {
        let (function, unsigned) = match version {
            0 => (Function::Legacy, superblock.hash_unsigned),
            1 => (Function::HalfMd4, superblock.hash_unsigned),
            2 => (Function::Tea, superblock.hash_unsigned),
            3 => (Function::Legacy, true),
            4 => (Function::HalfMd4, true),
            5 => (Function::Tea, true),
            _ => return None,
        };
        let seed = if superblock.hash_seed == [0; 4] { DEFAULT_SEED } else { superblock.hash_seed };
        Some(Hasher { function, unsigned, seed })
    }

    /// The hash of a name.
    pub fn hash(&self, name: &[u8]) -> NameHash {
        let [mut a, mut b, mut c, mut d] = self.seed;
        let (major, minor) = match self.function {
            Function::Legacy => (self.legacy(name), 0),
            Function::HalfMd4 => {
                for (chunk, left) in chunks(name, 32) {
                    let input = self.words::<8>(chunk, left);
                    [a, b, c, d] = half_md4(&[a, b, c, d], &input);
                }
                (b, c)
            }
            Function::Tea => {
                for (chunk, left) in chunks(name, 16) {
                    let input = self.words::<4>(chunk, left);
                    [a, b] = tea(&[a, b], &input);
                }
                (a, b)
            }
        };
        let major = major & !1;
        NameHash { major: if major == END << 1 { (END - 1) << 1 } else { major }, minor }
    }

    fn character(&self, byte: u8) -> u32 {
        if self.unsigned { u32::from(byte) } else { i32::from(byte.cast_signed()).cast_unsigned() }
    }

    fn legacy(&self, name: &[u8]) -> u32 {
        let (mut hash, mut before) = (0x12a3_fe2d_u32, 0x37ab_e8f9_u32);
        for &byte in name {
            let mut next = before.wrapping_add(hash ^ self.character(byte).wrapping_mul(7_152_373));
            if next & 0x8000_0000 != 0 {
                next = next.wrapping_sub(0x7fff_ffff);
            }
            (before, hash) = (hash, next);
        }
        hash << 1
    }

    /// Big-endian words of a chunk, filled up with the length of what was `left` of the name.
    fn words<const N: usize>(&self, chunk: &[u8], left: usize) -> [u32; N] {
        let left = left as u32;
        let pad = left | (left << 8);
        let pad = pad | (pad << 16);
        let mut parts = chunk.chunks(4);
        std::array::from_fn(|_| {
            let part = parts.next().unwrap_or_default();
            part.iter().fold(pad, |word, &byte| self.character(byte).wrapping_add(word << 8))
        })
    }
}

/// Pieces of `length` bytes, each with the count of bytes from its beginning to the end of the name.
fn chunks(name: &[u8], length: usize) -> impl Iterator<Item = (&[u8], usize)> {
    let mut left = name.len();
    name.chunks(length).map(move |chunk| {
        let now = left;
        left = left.saturating_sub(chunk.len());
        (chunk, now)
    })
}

/// Three of MD4's rounds, over eight words instead of sixteen.
fn half_md4(state: &[u32; 4], input: &[u32; 8]) -> [u32; 4] {
    let [mut a, mut b, mut c, mut d] = *state;
    let [i0, i1, i2, i3, i4, i5, i6, i7] = *input;
    let mut round = |mix: fn(u32, u32, u32) -> u32, constant: u32, order: [u32; 8], shifts: [u32; 4]| {
        for (word, shift) in order.into_iter().zip(shifts.into_iter().cycle()) {
            let sum = a.wrapping_add(mix(b, c, d)).wrapping_add(word).wrapping_add(constant);
            (a, b, c, d) = (d, sum.rotate_left(shift), b, c);
        }
    };
    round(|x, y, z| z ^ (x & (y ^ z)), 0, [i0, i1, i2, i3, i4, i5, i6, i7], [3, 7, 11, 19]);
    round(|x, y, z| (x & y).wrapping_add((x ^ y) & z), K2, [i1, i3, i5, i7, i0, i2, i4, i6], [3, 5, 9, 13]);
    round(|x, y, z| x ^ y ^ z, K3, [i3, i7, i2, i6, i1, i5, i0, i4], [3, 9, 11, 15]);
    let [s0, s1, s2, s3] = *state;
    [s0.wrapping_add(a), s1.wrapping_add(b), s2.wrapping_add(c), s3.wrapping_add(d)]
}

/// Sixteen rounds of the Tiny Encryption Algorithm, with the input as its key.
fn tea(state: &[u32; 2], input: &[u32; 4]) -> [u32; 2] {
    let [mut x, mut y] = *state;
    let [a, b, c, d] = *input;
    let mut sum = 0u32;
    let mix = |z: u32, sum: u32, k0: u32, k1: u32| {
        (z << 4).wrapping_add(k0) ^ z.wrapping_add(sum) ^ (z >> 5).wrapping_add(k1)
    };
    for _ in 0..16 {
        sum = sum.wrapping_add(TEA_DELTA);
        x = x.wrapping_add(mix(y, sum, a, b));
        y = y.wrapping_add(mix(x, sum, c, d));
    }
    let [s0, s1] = *state;
    [s0.wrapping_add(x), s1.wrapping_add(y)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What debugfs's `dx_hash` says, with the seed 01234567-89ab-cdef-0123-456789abcdef.
    #[test]
    fn hashes_equal_those_of_e2fsprogs() {
        let seed = [0x6745_2301, 0xefcd_ab89, 0x6745_2301, 0xefcd_ab89];
        let long = "a-name-that-is-longer-than-thirty-two-bytes";
        let known = [
            (Function::Legacy, "a", 0xe74b_53e2, 0),
            (Function::Legacy, long, 0xa124_a784, 0),
            (Function::Legacy, "ünïcödé", 0x225a_136c, 0),
            (Function::HalfMd4, "a", 0x35dc_0cc4, 0x3f1d_acef),
            (Function::HalfMd4, long, 0xaa96_c720, 0xa66c_7fa7),
            (Function::HalfMd4, "ünïcödé", 0x973d_15d0, 0xfef4_68a7),
            (Function::Tea, "a", 0x6d0e_a4c0, 0xc189_22df),
            (Function::Tea, long, 0x1c92_60d6, 0xd026_455a),
            (Function::Tea, "ünïcödé", 0xe7b7_3cae, 0xebed_1bcc),
        ];
        for (function, name, major, minor) in known {
            let signed = Hasher { function, unsigned: false, seed };
            assert_eq!(signed.hash(name.as_bytes()), NameHash { major, minor }, "{function:?} of {name}");
            let unsigned = Hasher { unsigned: true, ..signed };
            assert_eq!(unsigned.hash(name.as_bytes()).major == major, name.is_ascii(), "{function:?} of {name}");
        }
    }
}

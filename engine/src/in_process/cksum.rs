//! The checksum of POSIX's cksum: a CRC over the bytes and then over their number.

use digest::{DynDigest, InvalidBufferSize};

/// The generator polynomial of POSIX.1-2017, cksum: bit 31 is x³¹.
const POLYNOMIAL: u32 = 0x04c1_1db7;

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000_0000 != 0 { crc << 1 ^ POLYNOMIAL } else { crc << 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

/// A CRC in the making.
#[derive(Clone, Default)]
pub(crate) struct Cksum {
    crc: u32,
    length: u64,
}

impl Cksum {
    fn add(crc: u32, byte: u8) -> u32 {
        crc << 8 ^ TABLE[usize::from((crc >> 24) as u8 ^ byte)]
    }

    fn finish(&self) -> [u8; 4] {
        let mut crc = self.crc;
        let mut length = self.length;
        // The number's bytes, least significant first, without leading zeros.
        while length > 0 {
            crc = Self::add(crc, length as u8);
            length >>= 8;
        }
        (!crc).to_be_bytes()
    }
}

impl DynDigest for Cksum {
    fn update(&mut self, data: &[u8]) {
        self.crc = data.iter().fold(self.crc, |crc, byte| Self::add(crc, *byte));
        self.length += data.len() as u64;
    }

    fn finalize_into(self, buf: &mut [u8]) -> Result<(), InvalidBufferSize> {
        <[u8; 4]>::try_from(&*buf).map_err(|_| InvalidBufferSize)?;
        buf.copy_from_slice(&self.finish());
        Ok(())
    }

    fn finalize_into_reset(&mut self, out: &mut [u8]) -> Result<(), InvalidBufferSize> {
        std::mem::take(self).finalize_into(out)
    }

    fn reset(&mut self) {
        *self = Cksum::default();
    }

    fn output_size(&self) -> usize {
        4
    }

    fn box_clone(&self) -> Box<dyn DynDigest> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        // From cksum(1) of GNU coreutils.
        for (text, sum) in [("", 4_294_967_295), ("a", 1_220_704_766), ("123456789", 930_766_865)] {
            let mut cksum = Cksum::default();
            cksum.update(text.as_bytes());
            assert_eq!(u32::from_be_bytes(cksum.finish()), sum, "{text}");
        }
    }
}

//! The header block of a tar archive, in the two forms that GNU tar writes: its own, and POSIX's `ustar` (pax).

use bstr::BStr;

/// Headers and contents fill whole blocks.
pub const BLOCK: u64 = 512;
/// The archive fills whole records of 20 blocks.
pub const RECORD: u64 = 20 * BLOCK;
/// Room for a name, which needn't end with a NUL.
pub const NAME_LENGTH: usize = 100;
/// The largest number in a field of 8 bytes: seven octal digits.
pub const MAX_ID: u64 = 0o7777777;
/// The largest number in a field of 12 bytes: eleven octal digits.
pub const MAX_SIZE: u64 = 0o77777777777;

/// Which form of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// GNU tar's: numbers that don't fit are in base 256.
    Gnu,
    /// POSIX.1-2001: numbers that don't fit are 0 here, and right in an extended header before it.
    Pax,
}

/// Where the fields are (POSIX.1-2017, pax, "ustar Interchange Format").
const MODE: usize = 100;
const UID: usize = 108;
const GID: usize = 116;
const SIZE: usize = 124;
const MTIME: usize = 136;
const CHECKSUM: usize = 148;
const TYPE: usize = 156;
const LINK_NAME: usize = 157;
const MAGIC: usize = 257;
const DEV_MAJOR: usize = 329;
const DEV_MINOR: usize = 337;

/// One header block.
pub struct Header {
    bytes: [u8; BLOCK as usize],
    format: Format,
}

impl Header {
    /// For a member of this name, cut off if it is too long, and type (`0` a file, `5` a directory …).
    pub fn new(format: Format, name: &BStr, type_flag: u8) -> Self {
        let mut header = Header { bytes: [0; BLOCK as usize], format };
        header.text(0, name);
        header.bytes[TYPE] = type_flag;
        let magic: &[u8; 8] = match format {
            Format::Gnu => b"ustar  \0",
            Format::Pax => b"ustar\x0000",
        };
        header.bytes[MAGIC..MAGIC + 8].copy_from_slice(magic);
        header
    }

    /// Permission bits.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.number(MODE, 8, i64::from(mode & 0o7777))
    }

    /// Owner and group.
    pub fn owner(&mut self, uid: u32, gid: u32) -> &mut Self {
        self.number(UID, 8, i64::from(uid)).number(GID, 8, i64::from(gid))
    }

    /// Bytes of contents.
    pub fn size(&mut self, size: u64) -> &mut Self {
        self.number(SIZE, 12, i64::try_from(size).unwrap_or(i64::MAX))
    }

    /// Seconds since 1970.
    pub fn mtime(&mut self, seconds: i64) -> &mut Self {
        self.number(MTIME, 12, seconds)
    }

    /// The target of a link, cut off if it is too long.
    pub fn link_name(&mut self, name: &BStr) -> &mut Self {
        self.text(LINK_NAME, name);
        self
    }

    /// The number of a device node.
    pub fn device(&mut self, major: u32, minor: u32) -> &mut Self {
        self.number(DEV_MAJOR, 8, i64::from(major)).number(DEV_MINOR, 8, i64::from(minor))
    }

    /// The block, with its checksum.
    pub fn finish(&mut self) -> &[u8] {
        // The sum is taken with spaces in its own place, and ends with a NUL and a space.
        self.bytes[CHECKSUM..CHECKSUM + 8].fill(b' ');
        let sum: u32 = self.bytes.iter().map(|byte| u32::from(*byte)).sum();
        octal(&mut self.bytes[CHECKSUM..CHECKSUM + 7], u64::from(sum));
        &self.bytes
    }

    fn text(&mut self, at: usize, text: &BStr) {
        let length = text.len().min(NAME_LENGTH);
        self.bytes[at..at + length].copy_from_slice(&text[..length]);
    }

    fn number(&mut self, at: usize, length: usize, value: i64) -> &mut Self {
        let field = &mut self.bytes[at..at + length];
        let digits = 3 * (length as u32 - 1);
        match (u64::try_from(value), self.format) {
            (Ok(value), _) if value >> digits == 0 => octal(field, value),
            (_, Format::Pax) => octal(field, 0),
            (_, Format::Gnu) => {
                // Big-endian, sign-extended, the topmost bit set to tell it from digits.
                field.fill(if value < 0 { 0xff } else { 0 });
                let value = value.to_be_bytes();
                let kept = value.len().min(length);
                field[length - kept..].copy_from_slice(&value[value.len() - kept..]);
                field[0] |= 0x80;
            }
        }
        self
    }
}

/// Fills all of `field` but its last byte, a NUL, with digits.
fn octal(field: &mut [u8], mut value: u64) {
    let Some((last, digits)) = field.split_last_mut() else { return };
    *last = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value & 7) as u8;
        value >>= 3;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_do_not_fit_are_in_base_256_or_elsewhere() {
        // As GNU tar 1.34 wrote them.
        let mut gnu = Header::new(Format::Gnu, "./hi".into(), b'0');
        gnu.mode(0o100644).owner(4_000_000_000, 3).size(3).mtime(-315_619_200);
        let bytes = gnu.finish();
        assert_eq!(&bytes[100..136], b"0000644\0\x80\0\0\0\xee\x6b\x28\0\x30000003\x0000000000003\0");
        assert_eq!(&bytes[136..148], b"\xff\xff\xff\xff\xff\xff\xff\xff\xed\x30\x08\x80");
        let mut pax = Header::new(Format::Pax, "./hi".into(), b'0');
        pax.owner(4_000_000_000, 3).mtime(-1).size(1 << 33);
        let bytes = pax.finish();
        assert_eq!(&bytes[108..148], b"0000000\x000000003\x0000000000000\x0000000000000\0");
        assert_eq!(&bytes[257..265], b"ustar\x0000");
    }

    #[test]
    fn the_checksum_ends_with_a_nul_and_a_space() {
        let mut header = Header::new(Format::Gnu, "./".into(), b'5');
        // GNU tar's, of a directory of that moment.
        let bytes = header.mode(0o755).owner(0, 0).size(0).mtime(0o15300643211).finish();
        assert_eq!(&bytes[148..156], b"006074\0 ");
    }
}

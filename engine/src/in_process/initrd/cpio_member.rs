//! The header of a member of a cpio archive in the "new ASCII" format (SVR4), the only one that Linux unpacks.

use std::io::{BufRead, Read};

use bstr::BString;
use glassbox_io::{Error, Result};

/// Without and with checksums of the contents.
pub const MAGICS: [&[u8]; 2] = [b"070701", b"070702"];
/// The magic and thirteen numbers of eight hexadecimal digits.
const LENGTH: usize = 6 + 13 * 8;
/// Linux's PATH_MAX: it refuses longer names.
const MAX_NAME: usize = 4096;
/// The name of what ends an archive.
const TRAILER: &[u8] = b"TRAILER!!!";

/// What is said of a member.
pub struct Header {
    /// Type and permission bits.
    pub mode: u32,
    /// Names of the file.
    pub nlink: u32,
    /// Bytes of contents.
    pub size: u64,
    /// Inode number and device: names of the same file have the same.
    pub identity: (u32, u32, u32),
}

impl Header {
    /// Reads a header and the name behind it, to where the contents begin; `None` if it ends the archive.
    pub fn read(input: &mut dyn BufRead) -> Result<Option<(Header, BString)>> {
        let mut bytes = [0; LENGTH];
        input.read_exact(&mut bytes).map_err(cut_off)?;
        if !MAGICS.iter().any(|magic| bytes.starts_with(magic)) {
            return Err(Error::corrupt("a cpio header has no magic"));
        }
        let mut fields = [0; 13];
        for (field, digits) in fields.iter_mut().zip(bytes[6..].chunks_exact(8)) {
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'));
            let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            *field = number.ok_or_else(|| Error::corrupt("a cpio header has a number that is none"))?;
        }
        let [inode, mode, _, _, nlink, _, size, major, minor, _, _, name_size, _] = fields;
        let name_size = name_size as usize;
        if name_size == 0 || name_size > MAX_NAME {
            return Err(Error::corrupt(format!("a cpio member's name is {name_size} bytes long")));
        }
        let mut name = vec![0; name_size];
        input.read_exact(&mut name).map_err(cut_off)?;
        name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
        let end = LENGTH + name_size;
        skip(input, (end.next_multiple_of(4) - end) as u64)?;
        let size = u64::from(size);
        match name == TRAILER {
            true => Ok(None),
            false => Ok(Some((Header { mode, nlink, size, identity: (inode, major, minor) }, name.into()))),
        }
    }
}

fn cut_off(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::corrupt("a cpio archive is cut off"),
        _ => error.into(),
    }
}

/// Goes on by `count` bytes; they must be there.
pub fn skip(input: &mut dyn BufRead, count: u64) -> Result<()> {
    match std::io::copy(&mut input.take(count), &mut std::io::sink())? == count {
        true => Ok(()),
        false => Err(Error::corrupt("a cpio archive is cut off")),
    }
}

//! Key values, `vk`: name, type and data (regf, "Key value").

use std::borrow::Cow;

use bstr::BString;
use glassbox_io::{Errno, Error, Fields, Result};

use crate::big_data;
use crate::cell::{Cells, file_offset};
use crate::text;

/// The types of values, as Windows numbers them.
pub mod value_type {
    /// `REG_SZ`: a string.
    pub const SZ: u32 = 1;
    /// `REG_EXPAND_SZ`: a string with names of environment variables.
    pub const EXPAND_SZ: u32 = 2;
    /// `REG_BINARY`.
    pub const BINARY: u32 = 3;
    /// `REG_DWORD`: a little-endian number of 32 bits.
    pub const DWORD: u32 = 4;
    /// `REG_DWORD_BIG_ENDIAN`.
    pub const DWORD_BIG_ENDIAN: u32 = 5;
    /// `REG_LINK`: the path of another key.
    pub const LINK: u32 = 6;
}

const SIGNATURE: &[u8; 2] = b"vk";
const DATA: usize = 8;
const NAME: usize = 20;
/// The flag for names of a byte for each character.
const COMPRESSED_NAME: u16 = 1;
/// Set in the length of data that stand where their offset would.
const RESIDENT: u32 = 1 << 31;

/// A value's record.
pub(crate) struct KeyValue<'a>(Fields<'a>);

impl<'a> KeyValue<'a> {
    /// The value in the cell at `offset`; `EINVAL` if there is none.
    pub fn at(cells: &'a Cells, offset: u64) -> Result<Self> {
        cells.record(offset, SIGNATURE).map(KeyValue)
    }

    /// Its name; empty for a key's default value.
    pub fn name(&self) -> Result<BString> {
        let length = self.0.le16(2)?.into();
        let name = self.0.slice(NAME, length).map_err(|_| {
            Error::corrupt(format!("a value name of {length} bytes is longer than its cell")).with_errno(Errno::EFAULT)
        })?;
        text::name(name, self.0.le16(16)? & COMPRESSED_NAME != 0)
    }

    /// One of [`value_type`], or another: programs keep numbers of their own there.
    pub fn value_type(&self) -> Result<u32> {
        self.0.le32(12)
    }

    /// Its data, wherever they are.
    pub fn data(&self, cells: &'a Cells) -> Result<Cow<'a, [u8]>> {
        let field = self.0.le32(4)?;
        let length = (field & !RESIDENT) as usize;
        if field & RESIDENT != 0 {
            let resident = self.0.at(DATA, 4)?.slice(0, length);
            let too_long = |_| Error::corrupt(format!("{length} bytes of data in 4")).with_errno(Errno::EOPNOTSUPP);
            return resident.map(Cow::Borrowed).map_err(too_long);
        }
        if length > cells.image.len() {
            let message = format!("data of {length} bytes are longer than the hive");
            return Err(Error::corrupt(message).with_errno(Errno::ERANGE));
        }
        if length == 0 {
            return Ok(Cow::Borrowed(&[]));
        }
        let cell = cells.get(file_offset(self.0.le32(DATA)?))?;
        match cell.slice(0, length) {
            Ok(data) => Ok(Cow::Borrowed(data)),
            Err(_) => big_data::read(cells, cell, length).map(Cow::Owned),
        }
    }
}

//! Key nodes, `nk`: the registry's keys (regf, "Key node").

use bstr::BString;
use glassbox_io::{Errno, Error, Fields, Result};

use crate::cell::{Cells, file_offset};
use crate::text;

const SIGNATURE: &[u8; 2] = b"nk";
const NAME: usize = 76;
/// The flag `KEY_COMP_NAME`: a byte for each character.
const COMPRESSED_NAME: u16 = 0x20;

/// A key's record.
pub(crate) struct KeyNode<'a>(Fields<'a>);

impl<'a> KeyNode<'a> {
    /// The key in the cell at `offset`; `EINVAL` if there is none.
    pub fn at(cells: &'a Cells, offset: u64) -> Result<Self> {
        cells.record(offset, SIGNATURE).map(KeyNode)
    }

    /// The offset of the key above it. Without meaning for the root.
    pub fn parent(&self) -> Result<u64> {
        self.0.le32(16).map(file_offset)
    }

    pub fn subkey_count(&self) -> Result<u32> {
        self.0.le32(20)
    }

    pub fn subkeys_list(&self) -> Result<u64> {
        self.0.le32(28).map(file_offset)
    }

    pub fn value_count(&self) -> Result<u32> {
        self.0.le32(36)
    }

    pub fn values_list(&self) -> Result<u64> {
        self.0.le32(40).map(file_offset)
    }

    pub fn name(&self) -> Result<BString> {
        let length = self.0.le16(72)?.into();
        let name = self.0.slice(NAME, length).map_err(|_| {
            Error::corrupt(format!("a key name of {length} bytes is longer than its cell")).with_errno(Errno::EFAULT)
        })?;
        text::name(name, self.0.le16(2)? & COMPRESSED_NAME != 0)
    }
}

//! The group `journal`: an entry's fields, from the stream of them.

use bstr::ByteSlice;
use glassbox_api::Journal;
use glassbox_api::structs::Xattr;
use glassbox_io::{Error, Fields, Result};

use super::Library;

/// Bytes of a field's length.
const LENGTH: usize = 8;

impl Journal for Library<'_> {
    fn journal_get(&mut self) -> Result<Vec<Xattr>> {
        let mut stream = Vec::new();
        self.0.internal_journal_get(&mut stream)?;
        let mut fields = Vec::new();
        let mut left = Fields::new(&stream);
        while !left.is_empty() {
            let length = usize::try_from(left.be64(0)?).map_err(|_| Error::corrupt("a journal's field is too long"))?;
            fields.push(field(left.from(LENGTH)?.slice(0, length)?)?);
            left = left.from(LENGTH + length)?;
        }
        Ok(fields)
    }
}

fn field(field: &[u8]) -> Result<Xattr> {
    let (name, value) = field.split_once_str("=").ok_or_else(|| Error::corrupt("a journal's field has no name"))?;
    Ok(Xattr { attrname: name.into(), attrval: value.into() })
}

//! What all objects of a journal file begin with ("Objects").

use glassbox_io::{Error, Fields, ReadAt, Result};

use crate::header::Header;

/// Bytes of an object's header.
pub(crate) const HEADER_SIZE: u64 = 16;
/// Objects begin at multiples of this.
const ALIGNMENT: u64 = 8;

/// The types that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `NAME=value`.
    Data = 1,
    /// A log entry.
    Entry = 3,
    /// Part of the list of entries.
    EntryArray = 6,
}

/// An object, of which the header was read and found right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object {
    /// Where it is in the file.
    pub offset: u64,
    /// Which compression it has.
    pub flags: u8,
    /// Its length with its header; within the file.
    pub size: u64,
}

impl Object {
    /// The object at `offset`, which must be of this kind and have at least `min_size` bytes.
    pub fn read(file: &dyn ReadAt, header: &Header, offset: u64, kind: Kind, min_size: u64) -> Result<Object> {
        let corrupt = |what: String| Error::corrupt(what).at_offset(offset);
        let is_aligned = offset.checked_rem(ALIGNMENT) == Some(0);
        if !is_aligned || offset < header.size {
            return Err(corrupt("no object of a journal can be here".into()));
        }
        let mut bytes = [0; HEADER_SIZE as usize];
        file.read_exact_at(&mut bytes, offset)?;
        let fields = Fields::new(&bytes);
        let (found, flags, size) = (fields.u8(0)?, fields.u8(1)?, fields.le64(8)?);
        if found != kind as u8 {
            return Err(corrupt(format!("an object of type {found} where one of type {} is needed", kind as u8)));
        }
        let is_inside = offset.checked_add(size).is_some_and(|end| end <= header.end);
        if size < min_size || !is_inside {
            return Err(corrupt(format!("a journal's object of {size} bytes")));
        }
        Ok(Object { offset, flags, size })
    }
}

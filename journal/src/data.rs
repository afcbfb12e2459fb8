//! A field of an entry with its value ("Data Objects").

use glassbox_io::{Error, ReadAt, Result};

use crate::compression::{Compression, MAX_LENGTH};
use crate::header::Header;
use crate::object::{Kind, Object};

/// Where the payload begins; compact files have two numbers more before it.
const PAYLOAD: u64 = 64;
const PAYLOAD_COMPACT: u64 = 72;

/// The `NAME=value` of the data object at `offset`, cut off after `threshold` bytes where that saves work; 0 is for no
/// threshold.
pub(crate) fn read(file: &dyn ReadAt, header: &Header, offset: u64, threshold: u64) -> Result<Vec<u8>> {
    let start = if header.compact { PAYLOAD_COMPACT } else { PAYLOAD };
    let object = Object::read(file, header, offset, Kind::Data, start)?;
    let compression = Compression::of_flags(object.flags)?;
    let length = object.size.saturating_sub(start);
    let length = usize::try_from(length).ok().filter(|length| *length as u64 <= MAX_LENGTH);
    let length = length.ok_or_else(|| Error::corrupt("a journal's field is too long").at_offset(offset))?;
    let mut payload = vec![0; length];
    file.read_exact_at(&mut payload, offset.saturating_add(start))?;
    compression.decompress(payload, threshold).map_err(|error| error.at_offset(offset))
}

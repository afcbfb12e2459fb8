//! A row's payload: a header of serial types, and the columns' values (section 2.1).

use glassbox_io::{Error, Fields, Result};

use super::varint;
use crate::value::Value;

/// Bytes of the header that are read: rpm's tables and the schema have five columns at most, a varint has 9 bytes.
const MAX_HEADER: usize = 256;

/// Where a column's value is in its payload, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    serial_type: u64,
    pub(super) offset: usize,
    pub(super) length: usize,
}

/// The columns of a row.
pub(super) fn columns(payload: &mut Value<'_>) -> Result<Vec<Column>> {
    let bad = || Error::corrupt("a record of SQLite has a bad header");
    let payload_length = payload.len();
    let start = payload.prefix(payload_length.min(9))?;
    let (header_length, mut at) = varint::read(start).ok_or_else(bad)?;
    let header_length = usize::try_from(header_length).ok().filter(|length| *length <= MAX_HEADER).ok_or_else(bad)?;
    let header = payload.prefix(header_length)?.get(..header_length).ok_or_else(bad)?;
    let mut columns = Vec::new();
    let mut offset = header_length;
    while at < header_length {
        let (serial_type, taken) = varint::read(header.get(at..).unwrap_or_default()).ok_or_else(bad)?;
        at = at.saturating_add(taken);
        let length = length(serial_type).ok_or_else(bad)?;
        columns.push(Column { serial_type, offset, length });
        offset = offset.checked_add(length).filter(|end| *end <= payload_length).ok_or_else(bad)?;
    }
    Ok(columns)
}

/// The bytes of a value of this type.
fn length(serial_type: u64) -> Option<usize> {
    Some(match serial_type {
        0 | 8 | 9 => 0,
        1..=4 => usize::try_from(serial_type).ok()?,
        5 => 6,
        6 | 7 => 8,
        // 10 and 11 are reserved.
        10 | 11 => return None,
        text_or_blob => usize::try_from(text_or_blob.checked_sub(12)?.checked_div(2)?).ok()?,
    })
}

impl Column {
    /// Whether it is bytes, not text or a number.
    pub(super) fn is_blob(&self) -> bool {
        self.serial_type >= 12 && self.serial_type.is_multiple_of(2)
    }

    /// The whole value, which should be short.
    pub(super) fn bytes<'v>(&self, payload: &'v mut Value<'_>) -> Result<&'v [u8]> {
        let end = self.offset.saturating_add(self.length);
        Ok(payload.prefix(end)?.get(self.offset..end).unwrap_or_default())
    }

    /// The value as an integer.
    pub(super) fn integer(&self, payload: &mut Value<'_>) -> Result<i64> {
        let fields = Fields::new(self.bytes(payload)?);
        match self.serial_type {
            8 => Ok(0),
            9 => Ok(1),
            1 => fields.array(0).map(i8::from_be_bytes).map(i64::from),
            2 => fields.array(0).map(i16::from_be_bytes).map(i64::from),
            // 24 bits; a page's number of that size isn't negative.
            3 => Ok(i64::from(fields.u8(0)?).wrapping_shl(16) | i64::from(fields.be16(1)?)),
            4 => fields.array(0).map(i32::from_be_bytes).map(i64::from),
            6 => fields.array(0).map(i64::from_be_bytes),
            other => Err(Error::corrupt(format!("SQLite: a value of type {other} instead of a page's number"))),
        }
    }
}

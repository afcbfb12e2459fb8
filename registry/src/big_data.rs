//! Big data, `db`: data of more than 16,344 bytes, in segments (regf, "Big data").

use glassbox_io::{Errno, Error, Fields, Result};

use crate::cell::{Cells, file_offset, references};

const SIGNATURE: &[u8] = b"db";
/// What is left at the end of each segment's cell: Windows never uses it.
const UNUSED: usize = 4;

/// Reads `length` bytes of data through the record in `cell`. Fewer if the segments hold fewer.
pub(crate) fn read(cells: &Cells, cell: Fields<'_>, length: usize) -> Result<Vec<u8>> {
    if !cell.bytes().starts_with(SIGNATURE) {
        return Err(bad(format!("{length} bytes of data are longer than their cell")));
    }
    let count: usize = cell.le16(2)?.into();
    let list = cells.get(file_offset(cell.le32(4)?)).map_err(|_| bad("the list of segments is in no cell"))?;
    let list =
        list.slice(0, count.saturating_mul(4)).map_err(|_| bad("the list of segments is longer than its cell"))?;
    let mut data = Vec::with_capacity(length);
    for segment in references(list, 4) {
        let segment = cells.get(segment).map_err(|_| bad("a segment of data is in no cell"))?;
        let left = length.saturating_sub(data.len());
        let take = segment.len().saturating_sub(UNUSED).min(left);
        data.extend_from_slice(segment.slice(0, take)?);
    }
    Ok(data)
}

fn bad(what: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::corrupt(what).with_errno(Errno::EINVAL)
}

//! Cells: the pieces that everything in a hive is stored in (regf, "Cell").

use glassbox_io::{Errno, Error, Fields, Result, ResultExt};

use crate::base_block;

/// The cell's own size stands before its contents.
const HEADER: usize = 4;

/// The size of the cell at `offset` of the file with its header, and whether it is allocated. Never less than 8.
pub(crate) fn size_at(image: &[u8], offset: usize) -> Result<(usize, bool)> {
    let size = Fields::new(image).at(offset, HEADER)?.le32(0)?.cast_signed();
    let length = size.unsigned_abs() as usize;
    match length > HEADER && length.is_multiple_of(4) {
        true => Ok((length, size < 0)),
        false => Err(Error::corrupt(format!("a cell of {size} bytes")).with_errno(Errno::EOPNOTSUPP)),
    }
}

/// Where allocated cells begin: a bit for every fourth byte of the file.
pub(crate) struct Allocated(Vec<u8>);

impl Allocated {
    pub fn new(image_length: usize) -> Self {
        Allocated(vec![0; (image_length >> 5).saturating_add(1)])
    }

    pub fn insert(&mut self, offset: usize) {
        if let Some(byte) = self.0.get_mut(offset >> 5) {
            *byte |= 1 << (offset >> 2 & 7);
        }
    }

    pub fn contains(&self, offset: u64) -> bool {
        let byte = usize::try_from(offset >> 5).ok().and_then(|index| self.0.get(index));
        offset & 3 == 0 && byte.is_some_and(|byte| byte & 1 << (offset >> 2 & 7) != 0)
    }
}

/// A hive's bytes, seen as cells.
pub(crate) struct Cells {
    pub image: Vec<u8>,
    pub allocated: Allocated,
}

impl Cells {
    /// The contents of the cell at `offset` of the file. *Corrupt* (`EFAULT`) if no allocated cell begins there, or it
    /// reaches over the end of the file.
    pub fn get(&self, offset: u64) -> Result<Fields<'_>> {
        if !self.allocated.contains(offset) {
            return Err(bad("an offset that leads to no allocated cell")).at_offset(offset);
        }
        let start = usize::try_from(offset).map_err(|_| bad("an offset beyond the hive"))?;
        let (size, _) = size_at(&self.image, start)?;
        let contents = (start.saturating_add(HEADER), size.saturating_sub(HEADER));
        Fields::new(&self.image).at(contents.0, contents.1).map_err(|_| bad("a cell beyond the hive")).at_offset(offset)
    }

    /// The contents of the cell at `offset`, which must be a record with this signature; `EINVAL` if it isn't.
    pub fn record(&self, offset: u64, signature: &'static [u8; 2]) -> Result<Fields<'_>> {
        match self.get(offset) {
            Ok(fields) if fields.array(0)? == *signature => Ok(fields),
            _ => {
                let message = format!("no {} cell", bstr::BStr::new(signature));
                Err(Error::corrupt(message).with_errno(Errno::EINVAL)).at_offset(offset)
            }
        }
    }
}

/// The offset in the file of what a record refers to.
pub(crate) fn file_offset(reference: u32) -> u64 {
    u64::from(reference).saturating_add(base_block::SIZE as u64)
}

/// The file offsets that a list of 32-bit references, `stride` bytes apart, has.
pub(crate) fn references(list: &[u8], stride: usize) -> impl Iterator<Item = u64> + '_ {
    list.chunks_exact(stride)
        .filter_map(|entry| entry.first_chunk())
        .map(|entry| file_offset(u32::from_le_bytes(*entry)))
}

fn bad(what: &'static str) -> Error {
    Error::corrupt(what).with_errno(Errno::EFAULT)
}

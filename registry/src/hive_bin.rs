//! Hive bins: the runs of pages that cells are in (regf, "Hive bin").

use glassbox_io::{Errno, Error, Fields, Result, ResultExt};

use crate::base_block;
use crate::cell::{self, Allocated};

const SIGNATURE: &[u8] = b"hbin";
const HEADER: usize = 32;
/// Bins begin at, and are multiples of, this.
pub(crate) const PAGE: usize = 4096;

/// Where a bin begins in the file, and its length with its header.
struct HiveBin {
    start: usize,
    size: usize,
}

impl HiveBin {
    /// The bin at `start`; `None` if there is no bin.
    fn parse(image: &[u8], start: usize) -> Result<Option<Self>> {
        let header = match Fields::new(image).at(start, HEADER) {
            Ok(header) if header.slice(0, SIGNATURE.len())? == SIGNATURE => header,
            _ => return Ok(None),
        };
        let size = header.le32(8)? as usize;
        if size == 0 || !size.is_multiple_of(PAGE) || Fields::new(image).slice(start, size).is_err() {
            return Err(bad(format!("a hive bin of {size} bytes")));
        }
        // Its own place, from the end of the base block.
        match (header.le32(4)? as usize).checked_add(base_block::SIZE) {
            Some(claimed) if claimed == start => Ok(Some(HiveBin { start, size })),
            _ => Err(bad("a hive bin that belongs elsewhere")),
        }
    }

    fn end(&self) -> usize {
        self.start.saturating_add(self.size)
    }

    /// Notes where its cells are.
    fn note_cells(&self, image: &[u8], tolerant: bool, cells: &mut Allocated) -> Result<()> {
        let mut offset = self.start.saturating_add(HEADER);
        while offset < self.end() {
            match self.cell_at(image, offset) {
                Ok((end, is_allocated)) => {
                    if is_allocated {
                        cells.insert(offset);
                    }
                    offset = end;
                }
                // What follows can't be found, but other bins can.
                Err(_) if tolerant => return Ok(()),
                Err(error) => return Err(error).at_offset(offset as u64),
            }
        }
        Ok(())
    }

    /// Where the cell at `offset` ends, and whether it is allocated.
    fn cell_at(&self, image: &[u8], offset: usize) -> Result<(usize, bool)> {
        let (size, is_allocated) = cell::size_at(image, offset)?;
        match offset.checked_add(size).filter(|end| *end <= self.end()) {
            Some(end) => Ok((end, is_allocated)),
            None => Err(bad(format!("a cell of {size} bytes reaches over the end of its bin"))),
        }
    }
}

/// Finds all cells of the hive whose bins are `bins_size` bytes long, and so those that offsets may lead to.
///
/// # Errors
/// *Corrupt* where bins don't follow each other, or cells within a bin; with `tolerant` these are passed over.
pub(crate) fn cells(image: &[u8], bins_size: u32, tolerant: bool) -> Result<Allocated> {
    let end = image.len().min(base_block::SIZE.saturating_add(bins_size as usize));
    let mut cells = Allocated::new(image.len());
    let mut offset = base_block::SIZE;
    while offset < end {
        match HiveBin::parse(image, offset).at_offset(offset as u64)? {
            Some(bin) => {
                bin.note_cells(image, tolerant, &mut cells)?;
                offset = bin.end();
            }
            None if tolerant => offset = offset.saturating_add(PAGE),
            None => return Err(bad("no hive bin where the one before ends")).at_offset(offset as u64),
        }
    }
    Ok(cells)
}

fn bad(what: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::corrupt(what).with_errno(Errno::EOPNOTSUPP)
}

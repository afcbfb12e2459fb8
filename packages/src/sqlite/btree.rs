//! B-trees of tables (section 1.6): rows on leaf pages, and interior pages above them.

use glassbox_io::{Error, Fields, Result};

use super::header;
use super::pager::Pager;
use super::varint;
use crate::value::Value;

const INTERIOR_TABLE: u8 = 5;
const LEAF_TABLE: u8 = 13;
const INTERIOR_HEADER: usize = 12;
const LEAF_HEADER: usize = 8;
/// The smallest cell and its pointer.
const MIN_CELL: usize = 6;
/// As deep as SQLite itself goes (`BTCURSOR_MAX_DEPTH`).
const MAX_DEPTH: usize = 20;

/// The rows of a table.
pub(super) struct Rows<'a> {
    pager: &'a Pager<'a>,
    root: u32,
}

impl<'a> Rows<'a> {
    pub(super) fn new(pager: &'a Pager<'a>, root: u32) -> Self {
        Rows { pager, root }
    }

    /// Gives the payload of every row to `take`, in the order of their numbers. A page that can't be read is an error to
    /// `take`, and the others go on.
    pub(super) fn each(&self, take: &mut dyn FnMut(Result<Value<'_>>)) {
        self.page(self.root, 0, take);
    }

    fn page(&self, number: u32, depth: usize, take: &mut dyn FnMut(Result<Value<'_>>)) {
        if depth >= MAX_DEPTH {
            return take(Err(Error::corrupt("SQLite: a b-tree is too deep")));
        }
        let mut bytes = Vec::new();
        if let Err(error) = self.pager.read(number, &mut bytes) {
            return take(Err(error));
        }
        if let Err(error) = self.cells(&Page::new(number, &bytes), depth, take) {
            take(Err(error));
        }
    }

    fn cells(&self, page: &Page<'_>, depth: usize, take: &mut dyn FnMut(Result<Value<'_>>)) -> Result<()> {
        let is_leaf = page.is_leaf()?;
        // Cells don't overlap, so that all of them together are no longer than the page.
        let mut left = self.pager.usable();
        let count = page.cell_count()?;
        if count > left.checked_div(MIN_CELL).unwrap_or(0) {
            return Err(Error::corrupt(format!("SQLite: {count} cells in one page")));
        }
        for index in 0..count {
            // One error tells it for all the pages that won't be read.
            if self.pager.is_exhausted() {
                return Err(Error::corrupt("SQLite: pages lead in circles"));
            }
            match page.cell(index, is_leaf) {
                Ok(cell) if is_leaf => take(self.payload(cell, &mut left)),
                Ok(cell) => match cell.be32(0) {
                    Ok(child) => self.page(child, depth.saturating_add(1), take),
                    Err(error) => take(Err(error)),
                },
                Err(error) => take(Err(error)),
            }
        }
        if !is_leaf {
            self.page(page.right_most_child()?, depth.saturating_add(1), take);
        }
        Ok(())
    }

    /// The payload of a leaf's cell: length, row's number, bytes, and where they don't fit, the page where they go on.
    fn payload(&self, cell: Fields<'_>, left: &mut usize) -> Result<Value<'a>> {
        let bad = || Error::corrupt("SQLite: a cell has a bad header");
        let (length, first) = varint::read(cell.bytes()).ok_or_else(bad)?;
        let (_, second) = varint::read(cell.from(first)?.bytes()).ok_or_else(bad)?;
        let length = usize::try_from(length).map_err(|_| bad())?;
        let start = first.saturating_add(second);
        let local = local_length(length, self.pager.usable());
        let overlap = || Error::corrupt("SQLite: cells overlap");
        *left = left.checked_sub(start.saturating_add(local)).ok_or_else(overlap)?;
        let read = cell.slice(start, local)?.to_vec();
        let mut next = if local < length { cell.be32(start.saturating_add(local))? } else { 0 };
        let (pager, mut page) = (self.pager, Vec::new());
        let rest = move |to: &mut Vec<u8>| {
            pager.read(next, &mut page)?;
            let fields = Fields::new(&page);
            next = fields.be32(0)?;
            to.extend_from_slice(fields.from(4)?.bytes());
            Ok(())
        };
        Ok(Value::new(length, read, Box::new(rest)))
    }
}

/// How much of a payload is in its cell; the rest is on overflow pages (section 1.6, "U", "X", "M" and "K").
fn local_length(length: usize, usable: usize) -> usize {
    if length <= usable.saturating_sub(35) {
        return length;
    }
    let minimum = usable.saturating_sub(12).saturating_mul(32).checked_div(255).unwrap_or(0).saturating_sub(23);
    let last_page = length.saturating_sub(minimum).checked_rem(usable.saturating_sub(4)).unwrap_or(0);
    let fitting = minimum.saturating_add(last_page);
    if fitting <= usable.saturating_sub(35) { fitting } else { minimum }
}

/// A page of a b-tree.
struct Page<'a> {
    fields: Fields<'a>,
    /// Where the page's own header is: the first page begins with the database's.
    start: usize,
}

impl<'a> Page<'a> {
    fn new(number: u32, bytes: &'a [u8]) -> Self {
        Page { fields: Fields::new(bytes), start: if number == 1 { header::LENGTH } else { 0 } }
    }

    fn is_leaf(&self) -> Result<bool> {
        match self.fields.u8(self.start)? {
            LEAF_TABLE => Ok(true),
            INTERIOR_TABLE => Ok(false),
            2 | 10 => Err(Error::unsupported("SQLite: a table without row numbers")),
            other => Err(Error::corrupt(format!("SQLite: a page of type {other} in a table"))),
        }
    }

    fn cell_count(&self) -> Result<usize> {
        self.fields.be16(self.start.saturating_add(3)).map(usize::from)
    }

    fn right_most_child(&self) -> Result<u32> {
        self.fields.be32(self.start.saturating_add(8))
    }

    /// From the beginning of a cell to the end of the page.
    fn cell(&self, index: usize, is_leaf: bool) -> Result<Fields<'a>> {
        let header = if is_leaf { LEAF_HEADER } else { INTERIOR_HEADER };
        let pointers = self.start.saturating_add(header);
        let offset = self.fields.be16(pointers.saturating_add(index.saturating_mul(2)))?;
        self.fields.from(offset.into())
    }
}

#[cfg(test)]
mod tests {
    use super::local_length;

    #[test]
    fn payloads_spill_as_the_format_says() {
        // Pages of 4096 bytes: X is 4061, M is 489.
        assert_eq!(local_length(4061, 4096), 4061);
        assert_eq!(local_length(4062, 4096), 489);
        assert_eq!(local_length(489 + 4092, 4096), 489);
        assert_eq!(local_length(489 + 4092 + 7, 4096), 496);
    }
}

//! Lists of subkeys: leaves (`li`, `lf`, `lh`) and index roots (`ri`), which are lists of lists (regf, "Index leaf" to
//! "Index root").

use glassbox_io::{Errno, Error, Fields, Result, ResultExt};

use crate::cell::{Cells, references};
use crate::key_node::KeyNode;

const ELEMENTS: usize = 4;

/// Lists that one key's subkeys may be in. An index root has up to 65,535 lists, and regf knows of no second level;
/// the limit ends what leads back to itself.
const MAX_LISTS: usize = 70_000;

/// The offsets of a key's subkeys, in the order of its list.
///
/// # Errors
/// *Corrupt* if a list isn't one, or they hold other than `count` subkeys; with `tolerant` what is no key is passed
/// over, and so is a wrong count.
pub(crate) fn read(cells: &Cells, list: u64, count: usize, tolerant: bool) -> Result<Vec<u64>> {
    // Each subkey is a cell of its own, of at least 8 bytes.
    if count > cells.image.len() >> 3 {
        return Err(
            Error::corrupt(format!("{count} subkeys are more than the hive has room for")).with_errno(Errno::ERANGE)
        );
    }
    let mut subkeys = Subkeys { cells, tolerant, count, found: Vec::new() };
    // Last in, first out: the lists of an index root are pushed in reverse.
    let mut waiting = vec![list];
    let mut seen: usize = 0;
    while let Some(list) = waiting.pop() {
        seen = seen.saturating_add(1);
        if seen > MAX_LISTS {
            return Err(Error::corrupt("too many lists of subkeys").with_errno(Errno::ERANGE));
        }
        let lists = subkeys.add_list(list).at_offset(list)?;
        if waiting.len().saturating_add(lists.len()) > MAX_LISTS {
            return Err(Error::corrupt("too many lists of subkeys").with_errno(Errno::ERANGE));
        }
        waiting.extend(lists.into_iter().rev());
    }
    match subkeys.found.len() == count || tolerant {
        true => Ok(subkeys.found),
        false => {
            let message = format!("{} subkeys where the key says {count}", subkeys.found.len());
            Err(Error::corrupt(message).with_errno(Errno::EOPNOTSUPP))
        }
    }
}

struct Subkeys<'a> {
    cells: &'a Cells,
    tolerant: bool,
    count: usize,
    found: Vec<u64>,
}

impl Subkeys<'_> {
    /// Adds a leaf's keys. The lists of an index root are returned.
    fn add_list(&mut self, offset: u64) -> Result<Vec<u64>> {
        let list = self.cells.get(offset)?;
        match list.slice(0, 2)? {
            b"lf" | b"lh" => self.add_keys(elements(list, 8)?, 8).map(|()| Vec::new()),
            b"li" => self.add_keys(elements(list, 4)?, 4).map(|()| Vec::new()),
            b"ri" => {
                let lists = references(elements(list, 4)?, 4);
                Ok(lists.filter(|list| !self.tolerant || self.cells.allocated.contains(*list)).collect())
            }
            _ => Err(Error::corrupt("not a list of subkeys").with_errno(Errno::EOPNOTSUPP)),
        }
    }

    fn add_keys(&mut self, elements: &[u8], stride: usize) -> Result<()> {
        for key in references(elements, stride) {
            match KeyNode::at(self.cells, key) {
                Ok(_) if self.found.len() < self.count => self.found.push(key),
                Ok(_) => {
                    return Err(Error::corrupt("more subkeys than the key says").with_errno(Errno::ERANGE));
                }
                Err(_) if self.tolerant => {}
                Err(error) => return Err(error.with_errno(Errno::EFAULT)),
            }
        }
        Ok(())
    }
}

/// The elements of a list, each `size` bytes.
fn elements(list: Fields<'_>, size: usize) -> Result<&[u8]> {
    let length = usize::from(list.le16(2)?).saturating_mul(size);
    list.slice(ELEMENTS, length)
        .map_err(|_| Error::corrupt("a list of subkeys is longer than its cell").with_errno(Errno::EFAULT))
}

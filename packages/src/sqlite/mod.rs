//! SQLite, as much of it as is needed to go through a table: the database file, its write-ahead log, and b-trees of
//! tables (<https://www.sqlite.org/fileformat2.html>; sections are cited by their number there). Numbers are
//! big-endian.

mod btree;
mod header;
mod pager;
mod record;
mod varint;
mod wal;

use glassbox_io::{Error, Fields, ReadAt, Result};

use crate::value::Value;
use btree::Rows;
use pager::Pager;
use record::Column;

/// The b-tree of the table that lists all others (section 2.6).
const SCHEMA_ROOT: u32 = 1;

/// A database, as a program that opens it now would see it.
pub(crate) struct Database<'a> {
    pager: Pager<'a>,
}

impl<'a> Database<'a> {
    /// Whether a file begins as a database.
    pub(crate) fn recognises(start: Fields<'_>) -> bool {
        header::recognises(start)
    }

    /// Opens the database in `file`. What was committed to the write-ahead log, `log`, is part of it.
    pub(crate) fn open(file: &'a dyn ReadAt, log: Option<&'a dyn ReadAt>) -> Result<Self> {
        Ok(Database { pager: Pager::open(file, log)? })
    }

    /// Gives the first blob of every row of a table to `take`, in the order of their numbers.
    pub(crate) fn blobs(&self, table: &[u8], take: &mut dyn FnMut(Result<Value<'_>>)) -> Result<()> {
        let root = self.root_of(table)?;
        Rows::new(&self.pager, root).each(&mut |row| {
            take(row.and_then(|mut payload| {
                let columns = record::columns(&mut payload)?;
                let blob = columns.into_iter().find(|column| column.is_blob());
                let blob = blob.ok_or_else(|| Error::corrupt("a row without the blob that its table has"))?;
                column(payload, blob)
            }));
        });
        Ok(())
    }

    /// The first page of a table, from the schema: a row is type, name, table's name, page, statement.
    fn root_of(&self, table: &[u8]) -> Result<u32> {
        let mut found = None;
        let mut failed = None;
        Rows::new(&self.pager, SCHEMA_ROOT).each(&mut |row| match row.and_then(|payload| schema_row(payload, table)) {
            Ok(root) => found = found.or(root),
            Err(error) => failed = Some(error),
        });
        let missing = || Error::corrupt("an SQLite database lacks its table");
        found.ok_or_else(|| failed.unwrap_or_else(missing))
    }
}

/// The page of the table that a row of the schema describes, if it is the one that is looked for.
fn schema_row(mut payload: Value<'_>, table: &[u8]) -> Result<Option<u32>> {
    let columns = record::columns(&mut payload)?;
    let [kind, name, _, root, ..] = columns.as_slice() else {
        return Err(Error::corrupt("a row of an SQLite schema has too few columns"));
    };
    if kind.bytes(&mut payload)? != b"table" || name.bytes(&mut payload)? != table {
        return Ok(None);
    }
    let root = root.integer(&mut payload)?;
    u32::try_from(root).map(Some).map_err(|_| Error::corrupt(format!("a table begins at page {root}")))
}

/// A column of a record by itself.
fn column(mut payload: Value<'_>, column: Column) -> Result<Value<'_>> {
    let start = column.offset;
    let read = payload.prefix(start)?.get(start..).unwrap_or_default().to_vec();
    let mut have = start.saturating_add(read.len());
    let rest = move |to: &mut Vec<u8>| {
        let bytes = payload.prefix(have.saturating_add(1))?;
        to.extend_from_slice(bytes.get(have..).unwrap_or_default());
        have = bytes.len();
        Ok(())
    };
    Ok(Value::new(column.length, read, Box::new(rest)))
}

#[cfg(test)]
mod tests;

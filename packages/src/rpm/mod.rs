//! RPM: the database in its three forms, and the headers that it holds.
//!
//! All three forms map a package's number to its header, as the package file had it plus what was added when it was
//! installed. The other tables and files of the database are indexes into these, and aren't needed.

mod database;
mod header;
mod ndb;
mod package;
mod tag;

pub use database::{Database, Form};
pub use package::Package;
pub use tag::Tag;

/// Reads one header as a database keeps it, for those who have one by itself.
///
/// # Errors
/// *Corrupt* if it contradicts the format.
pub fn read_header(blob: &[u8]) -> glassbox_io::Result<Package> {
    let whole = crate::value::Value::new(blob.len(), blob.to_vec(), Box::new(|_| Ok(())));
    Package::of(&mut header::Header::read(whole)?)
}

//! A database in any of its forms.

use glassbox_io::{Error, Fields, ReadAt, Result};

use super::header::Header;
use super::ndb;
use super::package::Package;
use crate::value::Value;
use crate::{Listing, bdb, sqlite};

/// How a database is stored. rpm looks for one of these files in its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `rpmdb.sqlite`: Fedora since 33, RHEL since 9, Azure Linux.
    Sqlite,
    /// `Packages.db`: SUSE.
    Ndb,
    /// `Packages`: all before.
    BerkeleyDb,
}

impl Form {
    /// All forms, in the order in which rpm looks for them.
    pub const ALL: [Form; 3] = [Form::Sqlite, Form::Ndb, Form::BerkeleyDb];

    /// The name of the form's file in the database's folder.
    pub fn file_name(self) -> &'static str {
        match self {
            Form::Sqlite => "rpmdb.sqlite",
            Form::Ndb => "Packages.db",
            Form::BerkeleyDb => "Packages",
        }
    }

    /// The name of a file beside it without which the database isn't complete: SQLite's write-ahead log, where a
    /// program was ended, or a machine stopped, before it was merged.
    pub fn log_name(self) -> Option<&'static str> {
        (self == Form::Sqlite).then_some("rpmdb.sqlite-wal")
    }
}

/// An RPM database, read in place.
pub struct Database<'a> {
    file: &'a dyn ReadAt,
    log: Option<&'a dyn ReadAt>,
    form: Form,
}

impl<'a> Database<'a> {
    /// Opens a database by its contents, whatever its name; `log` is the file of [`Form::log_name`], if there is one.
    ///
    /// # Errors
    /// *Corrupt* if it is none of the three forms.
    pub fn open(file: &'a dyn ReadAt, log: Option<&'a dyn ReadAt>) -> Result<Self> {
        let mut start = [0; 32];
        let count = file.read_at(&mut start, 0)?;
        let start = Fields::new(start.get(..count).unwrap_or_default());
        let form = if sqlite::Database::recognises(start) {
            Form::Sqlite
        } else if ndb::recognises(start) {
            Form::Ndb
        } else if bdb::Hash::recognises(start) {
            Form::BerkeleyDb
        } else {
            return Err(Error::corrupt("an RPM database that is neither SQLite nor ndb nor a Berkeley DB hash"));
        };
        Ok(Database { file, log, form })
    }

    /// How it is stored.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The packages, in the order in which rpm goes through the database.
    ///
    /// # Errors
    /// *Corrupt* or *unsupported* if nothing of the database can be read; [`Listing::warnings`] tells of what is
    /// missing otherwise.
    pub fn packages(&self) -> Result<Listing<Package>> {
        let mut listing = Listing::default();
        let mut take = |value: Result<Value<'_>>| {
            listing.push(value.and_then(Header::read).and_then(|mut header| Package::of(&mut header)));
        };
        match self.form {
            Form::Sqlite => sqlite::Database::open(self.file, self.log)?.blobs(b"Packages", &mut take)?,
            Form::Ndb => ndb::blobs(self.file, &mut take)?,
            Form::BerkeleyDb => bdb::Hash::open(self.file)?.values(PACKAGE_COUNTER, &mut take)?,
        }
        Ok(listing)
    }
}

/// The key of the one record of a Berkeley DB that is no package: the highest number given so far.
const PACKAGE_COUNTER: &[u8] = &[0; 4];

//! A directory that a program has open: read once, then handed out in pieces.

use bstr::{BStr, BString};
use fuser::FileType;
use glassbox_api::FilesRead;
use glassbox_api::structs::{Dirent, StatNs};
use glassbox_io::Result;

use crate::handle::Handle;

/// An open directory.
pub struct Directory {
    path: BString,
    entries: Vec<Dirent>,
    /// Of each entry, once somebody asked; those that can't be told have the inode number -1.
    stats: Option<Vec<StatNs>>,
}

impl Directory {
    /// Reads the names, `.` and `..` among them.
    pub fn open(handle: &mut Handle, path: &BStr) -> Result<Self> {
        Ok(Directory { path: path.to_owned(), entries: handle.readdir(path)?, stats: None })
    }

    /// Its path.
    pub fn path(&self) -> &BStr {
        self.path.as_ref()
    }

    /// The entries from the one of this index on.
    pub fn from(&self, index: u64) -> impl Iterator<Item = (usize, &Dirent)> {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        self.entries.iter().enumerate().skip(index)
    }

    /// Reads the metadata of all entries, if it wasn't yet. Whoever asks for some of them will ask for the others.
    pub fn stats(&mut self, handle: &mut Handle) -> Result<()> {
        if self.stats.is_none() {
            let names: Vec<&BStr> = self.entries.iter().map(|entry| entry.name.as_ref()).collect();
            self.stats = Some(handle.lstatnslist(self.path.as_ref(), &names)?);
        }
        Ok(())
    }

    /// The metadata of the entry of this index, if it was read and can be told.
    pub fn stat(&self, index: usize) -> Option<&StatNs> {
        self.stats.as_ref()?.get(index).filter(|stat| stat.st_ino != -1)
    }
}

/// The type of an entry, where the directory tells it.
pub fn file_type(entry: &Dirent) -> Option<FileType> {
    Some(match entry.ftyp {
        b'b' => FileType::BlockDevice,
        b'c' => FileType::CharDevice,
        b'd' => FileType::Directory,
        b'f' => FileType::NamedPipe,
        b'l' => FileType::Symlink,
        b'r' => FileType::RegularFile,
        b's' => FileType::Socket,
        _ => return None,
    })
}

/// `.` and `..`: the kernel knows them by itself.
pub fn is_dots(name: &BStr) -> bool {
    name == "." || name == ".."
}

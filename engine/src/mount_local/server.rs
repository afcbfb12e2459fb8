//! Answers the kernel's requests with the handle's calls.

use std::collections::HashMap;
use std::fmt::Display;
use std::path::Path;

use bstr::{BStr, BString, ByteSlice};
use fuser::{Errno as FuseErrno, FileAttr, FileHandle, FileType};
use glassbox_api::structs::{StatNs, StatVfs};
use glassbox_api::{FilesRead, XattrAcl};
use glassbox_io::{Errno, Error, Result};

use super::attributes::{attributes, may_access, unknown};
use super::directory::{Directory, file_type, is_dots};
use super::nodes::{Nodes, ROOT};
use super::options::{Options, View};
use crate::handle::Handle;
use crate::in_process::join;

/// The handle, and what the kernel was told of its files.
pub struct Server<'a> {
    handle: &'a mut Handle,
    view: View,
    nodes: Nodes,
    directories: HashMap<u64, Directory>,
    /// The number of the next directory that is opened.
    next: u64,
    /// What begins each line about a request, if they are reported.
    debug: Option<String>,
}

/// An entry of a directory, for the kernel.
pub struct Entry<'a> {
    /// Its name.
    pub name: &'a BStr,
    /// Its number.
    pub number: u64,
    /// Its type.
    pub kind: FileType,
    /// Where the listing goes on behind it.
    pub next: u64,
    /// Its attributes, if they were asked for and could be read.
    pub attributes: Option<FileAttr>,
}

impl<'a> Server<'a> {
    /// Of the whole tree that is mounted in `handle`.
    pub fn new(handle: &'a mut Handle, options: &Options, point: &Path) -> Self {
        let debug = options.debug.then(|| point.display().to_string());
        // The root's device is the first, so that its numbers stay as they are.
        let mut nodes = Nodes::new();
        if let Ok(root) = handle.lstatns("/".into()) {
            nodes.number(root.st_dev, root.st_ino);
        }
        Server { handle, view: options.view, nodes, directories: HashMap::new(), next: 0, debug }
    }

    /// The path of the file that a request is about.
    fn path(&mut self, request: &str, number: u64) -> Result<BString> {
        let path = self.nodes.path(number)?.to_owned();
        self.report(request, &path);
        Ok(path)
    }

    fn report(&mut self, request: &str, what: impl Display) {
        if let Some(point) = &self.debug {
            self.handle.debug(|| format!("{point}: {request} {what}"));
        }
    }

    fn attributes(&mut self, stat: &StatNs) -> Result<FileAttr> {
        let number = self.nodes.number(stat.st_dev, stat.st_ino);
        attributes(stat, number, &self.view)
    }

    /// The file of this name in a directory; `None` if there is none.
    pub fn lookup(&mut self, parent: u64, name: &BStr) -> Result<Option<FileAttr>> {
        let path = join(self.nodes.path(parent)?, name);
        self.report("lookup", &path);
        let stat = match self.handle.lstatns(path.as_ref()) {
            Ok(stat) => stat,
            Err(error) if error.errno() == Errno::ENOENT => return Ok(None),
            Err(error) => return Err(error),
        };
        let attributes = self.attributes(&stat)?;
        self.nodes.remember(attributes.ino.0, path);
        Ok(Some(attributes))
    }

    /// The kernel has forgotten a file.
    pub fn forget(&mut self, number: u64, lookups: u64) {
        self.nodes.forget(number, lookups);
    }

    /// A file's metadata.
    pub fn getattr(&mut self, number: u64) -> Result<FileAttr> {
        let path = self.path("getattr", number)?;
        let stat = self.handle.lstatns(path.as_ref())?;
        // The root is shown with the guest's number too, whatever the protocol calls it.
        let shown = if number == ROOT { stat.st_ino as u64 } else { number };
        attributes(&stat, shown, &self.view)
    }

    /// What a symbolic link holds.
    pub fn readlink(&mut self, number: u64) -> Result<BString> {
        let path = self.path("readlink", number)?;
        self.handle.readlink(path.as_ref())
    }

    /// A part of a file; less where the file ends.
    pub fn read(&mut self, number: u64, offset: u64, size: u32) -> Result<Vec<u8>> {
        let path = self.path("read", number)?;
        let (Ok(count), Ok(offset)) = (i32::try_from(size), i64::try_from(offset)) else {
            return Err(Error::os(Errno::EINVAL));
        };
        self.handle.pread(path.as_ref(), count, offset)
    }

    /// Whether a user may do with a file what access(2) asks for.
    pub fn access(&mut self, number: u64, uid: u32, gid: u32, mask: i32) -> Result<()> {
        match may_access(&self.getattr(number)?, uid, gid, mask) {
            true => Ok(()),
            false => Err(Error::os(Errno::EACCES)),
        }
    }

    /// How full the filesystem is that a file is on.
    pub fn statfs(&mut self, number: u64) -> Result<StatVfs> {
        let path = self.path("statfs", number)?;
        self.handle.statvfs(path.as_ref())
    }

    /// The value of an extended attribute.
    pub fn getxattr(&mut self, number: u64, name: &BStr) -> Result<Vec<u8>> {
        let path = self.path("getxattr", number)?;
        self.handle.lgetxattr(path.as_ref(), name)
    }

    /// The names of all extended attributes, each with a NUL behind it.
    pub fn listxattr(&mut self, number: u64) -> Result<Vec<u8>> {
        let path = self.path("listxattr", number)?;
        let mut names = Vec::new();
        for xattr in self.handle.lgetxattrs(path.as_ref())? {
            names.extend_from_slice(&xattr.attrname);
            names.push(0);
        }
        Ok(names)
    }

    /// Reads a directory, and keeps it until it is closed.
    pub fn opendir(&mut self, number: u64) -> Result<FileHandle> {
        let path = self.path("opendir", number)?;
        let directory = Directory::open(self.handle, path.as_ref())?;
        let opened = self.next;
        self.next += 1;
        self.directories.insert(opened, directory);
        Ok(FileHandle(opened))
    }

    /// Drops a directory that was opened.
    pub fn releasedir(&mut self, opened: FileHandle) {
        self.directories.remove(&opened.0);
    }

    /// Gives the entries from `offset` on to `take` until it has no room for one and says so with `false`. With
    /// `attributes`, the kernel is told of the files that were taken, as if it had looked each of them up.
    pub fn readdir(
        &mut self,
        opened: FileHandle,
        offset: u64,
        attributes: bool,
        take: &mut dyn FnMut(Entry<'_>) -> bool,
    ) -> Result<()> {
        // Taken out while it is in use, so that the rest of the server can be.
        let mut directory = self.directories.remove(&opened.0).ok_or_else(|| Error::os(Errno::EBADF))?;
        let result = self.list(&mut directory, offset, attributes, take);
        self.directories.insert(opened.0, directory);
        result
    }

    fn list(
        &mut self,
        directory: &mut Directory,
        offset: u64,
        attributes: bool,
        take: &mut dyn FnMut(Entry<'_>) -> bool,
    ) -> Result<()> {
        self.report("readdir", format_args!("{} from {offset}", directory.path()));
        let type_missing = |directory: &Directory| directory.from(offset).any(|(_, entry)| file_type(entry).is_none());
        if attributes || type_missing(directory) {
            directory.stats(self.handle)?;
        }
        for (index, entry) in directory.from(offset) {
            let known = match directory.stat(index) {
                Some(stat) => Some(self.attributes(stat)?),
                None => None,
            };
            let number = known.map_or(entry.ino as u64, |known| known.ino.0);
            // Of a file that can't be asked, and whose directory doesn't tell its type, only the name is known.
            let kind = known.map(|known| known.kind).or(file_type(entry)).unwrap_or(FileType::RegularFile);
            let name = entry.name.as_bstr();
            let wanted = known.filter(|_| attributes);
            if !take(Entry { name, number, kind, next: index as u64 + 1, attributes: wanted }) {
                break;
            }
            if attributes && !is_dots(name) {
                self.nodes.remember(number, join(directory.path(), name));
            }
        }
        Ok(())
    }
}

impl Entry<'_> {
    /// Its attributes, or such as hold for no moment.
    pub fn attributes_or_unknown(&self) -> FileAttr {
        self.attributes.unwrap_or_else(|| unknown(self.number, self.kind))
    }
}

/// An error in the protocol's form. What isn't supported is `EOPNOTSUPP`: `ENOSYS` would mean that the kernel needn't
/// ask such questions ever again.
pub fn errno(error: &Error) -> FuseErrno {
    FuseErrno::from_i32(error.errno().0)
}

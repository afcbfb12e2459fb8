//! Unpacking an archive into a directory of the host.
//!
//! Guests are not trusted, and neither is what lies in the target already: every name is used in a directory that is
//! open, one name at a time, and no symbolic link is followed.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Errno, Error, Result, ResultExt};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid};
use tar::EntryType;

/// A tree deeper than this is refused: each level of it is a file that is open, and a process may have 1024.
const MAX_DEPTH: usize = 512;

/// An open directory.
pub struct Directory(OwnedFd);

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

fn error(errno: rustix::io::Errno) -> Error {
    std::io::Error::from(errno).into()
}

fn os(name: &BStr) -> &OsStr {
    OsStr::from_bytes(name)
}

impl Directory {
    /// The directory that the caller named; links on the way to it are the caller's own.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Directory(rustix::fs::open(path, DIRECTORY, Mode::empty()).map_err(error)?))
    }

    fn enter(&self, name: &BStr) -> Result<Self> {
        let flags = DIRECTORY | OFlags::NOFOLLOW;
        Ok(Directory(rustix::fs::openat(&self.0, os(name), flags, Mode::empty()).map_err(error)?))
    }

    /// Makes a directory, if there is none, and opens it.
    pub fn make_directory(&self, name: &BStr) -> Result<Self> {
        match rustix::fs::mkdirat(&self.0, os(name), Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => self.enter(name),
            Err(errno) => Err(error(errno)),
        }
    }

    /// Makes a file, instead of what may be there.
    pub fn make_file(&self, name: &BStr, mode: u32) -> Result<File> {
        self.remove(name)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.0, os(name), flags, Mode::from_raw_mode(mode)).map_err(error)?;
        Ok(file.into())
    }

    /// Removes what isn't a directory.
    fn remove(&self, name: &BStr) -> Result<()> {
        match rustix::fs::unlinkat(&self.0, os(name), AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
            Err(errno) => Err(error(errno)),
        }
    }

    fn try_clone(&self) -> Result<Self> {
        Ok(Directory(self.0.try_clone()?))
    }
}

/// What a member's inode says.
#[derive(Clone, Copy)]
struct Attributes {
    mode: u32,
    uid: u32,
    gid: u32,
    mtime: i64,
}

impl Attributes {
    fn of(header: &tar::Header) -> std::io::Result<Self> {
        let id = |id: u64| u32::try_from(id).unwrap_or(u32::MAX);
        Ok(Attributes {
            mode: header.mode()? & 0o7777,
            uid: id(header.uid()?),
            gid: id(header.gid()?),
            mtime: header.mtime()? as i64,
        })
    }

    fn times(&self) -> Timestamps {
        let time = Timespec { tv_sec: self.mtime, tv_nsec: 0 };
        Timestamps { last_access: time, last_modification: time }
    }

    /// Gives them to an open file or directory. Owners are for root to give away, as with tar; others get what their
    /// umask allows.
    fn apply(&self, file: impl AsFd, is_root: bool) -> Result<()> {
        if is_root {
            let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
            rustix::fs::fchown(&file, Some(uid), Some(gid)).map_err(error)?;
            rustix::fs::fchmod(&file, Mode::from_raw_mode(self.mode)).map_err(error)?;
        }
        rustix::fs::futimens(&file, &self.times()).map_err(error)
    }
}

/// A directory that is being filled.
struct Open {
    name: BString,
    directory: Directory,
    attributes: Option<Attributes>,
}

struct Unpacker {
    /// The directories from the target down to where we are.
    path: Vec<Open>,
    is_root: bool,
}

/// Unpacks the archive of a tree, in which a directory comes before what is in it. Goes on after a member that can't be
/// made; the first of them is the error.
pub fn unpack(archive: impl Read, target: Directory) -> Result<()> {
    let target = Open { name: BString::default(), directory: target, attributes: None };
    let mut unpacker = Unpacker { path: vec![target], is_root: rustix::process::geteuid().is_root() };
    let mut failed = None;
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = BString::from(entry.path_bytes().into_owned());
        if let Err(error) = unpacker.member(name.as_ref(), &mut entry) {
            failed.get_or_insert(error.at_path(&name));
        }
    }
    unpacker.leave(0)?;
    // To its end, so that the writer can end in peace.
    std::io::copy(&mut archive.into_inner(), &mut std::io::sink())?;
    failed.map_or(Ok(()), Err)
}

impl Unpacker {
    fn member(&mut self, name: &BStr, entry: &mut tar::Entry<'_, impl Read>) -> Result<()> {
        let attributes = Attributes::of(entry.header())?;
        let parts = parts(name)?;
        let Some((last, parents)) = parts.split_last() else {
            self.path[0].attributes = Some(attributes);
            return Ok(());
        };
        self.go_to(parents)?;
        let here = &self.path[self.path.len() - 1].directory;
        match entry.header().entry_type() {
            EntryType::Directory => {
                if self.path.len() >= MAX_DEPTH {
                    return Err(Error::os_with(Errno::ENAMETOOLONG, "the tree is too deep to copy"));
                }
                let directory = here.make_directory(last)?;
                self.path.push(Open { name: BString::from(*last), directory, attributes: Some(attributes) });
                return Ok(());
            }
            EntryType::Regular | EntryType::Continuous => {
                let mut file = here.make_file(last, attributes.mode & 0o777)?;
                std::io::copy(entry, &mut file)?;
                return attributes.apply(&file, self.is_root);
            }
            EntryType::Link => {
                let target = entry.link_name_bytes().unwrap_or_default().into_owned();
                let target = self::parts(target.as_bstr())?;
                let Some((target, parents)) = target.split_last() else { return Err(Error::os(Errno::EPERM)) };
                let mut from = self.path[0].directory.try_clone()?;
                for parent in parents {
                    from = from.enter(parent)?;
                }
                here.remove(last)?;
                return rustix::fs::linkat(&from.0, os(target), &here.0, os(last), AtFlags::empty()).map_err(error);
            }
            EntryType::Symlink => {
                let target = entry.link_name_bytes().unwrap_or_default();
                here.remove(last)?;
                rustix::fs::symlinkat(OsStr::from_bytes(&target), &here.0, os(last)).map_err(error)?;
            }
            kind @ (EntryType::Fifo | EntryType::Char | EntryType::Block) => {
                let device = || -> Result<u64> {
                    let header = entry.header();
                    let number = (header.device_major()?.unwrap_or(0), header.device_minor()?.unwrap_or(0));
                    Ok(rustix::fs::makedev(number.0, number.1))
                };
                let (kind, device) = match kind {
                    EntryType::Fifo => (FileType::Fifo, 0),
                    EntryType::Char => (FileType::CharacterDevice, device()?),
                    _ => (FileType::BlockDevice, device()?),
                };
                here.remove(last)?;
                let mode = Mode::from_raw_mode(attributes.mode & 0o777);
                rustix::fs::mknodat(&here.0, os(last), kind, mode, device).map_err(error).during("mknod")?;
            }
            _ => return Ok(()),
        }
        self.apply_to_name(last, &attributes, entry.header().entry_type() == EntryType::Symlink)
    }

    /// For what can't be opened without consequences.
    fn apply_to_name(&self, name: &BStr, attributes: &Attributes, is_link: bool) -> Result<()> {
        let here = &self.path[self.path.len() - 1].directory.0;
        if self.is_root {
            let (uid, gid) = (Uid::from_raw(attributes.uid), Gid::from_raw(attributes.gid));
            rustix::fs::chownat(here, os(name), Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW).map_err(error)?;
            if !is_link {
                // It was made by us a moment ago, and is no link.
                rustix::fs::chmodat(here, os(name), Mode::from_raw_mode(attributes.mode), AtFlags::empty())
                    .map_err(error)?;
            }
        }
        rustix::fs::utimensat(here, os(name), &attributes.times(), AtFlags::SYMLINK_NOFOLLOW).map_err(error)
    }

    /// Leaves the directories that are complete, so that the innermost that is open is that of these names.
    fn go_to(&mut self, parents: &[&BStr]) -> Result<()> {
        let common = self.path[1..].iter().zip(parents).take_while(|(open, name)| open.name == **name).count();
        self.leave(common + 1)?;
        match common == parents.len() {
            true => Ok(()),
            // It couldn't be made, which has been told.
            false => Err(Error::os(Errno::ENOENT)),
        }
    }

    /// Leaves directories until `depth` are open. Their times and permissions are set now: nothing is made in them any
    /// more.
    fn leave(&mut self, depth: usize) -> Result<()> {
        while self.path.len() > depth {
            let Some(Open { directory, attributes: Some(attributes), .. }) = self.path.pop() else { continue };
            attributes.apply(&directory.0, self.is_root)?;
        }
        Ok(())
    }
}

/// The names of a member's path. `..` has no place in an archive of a tree.
fn parts(path: &BStr) -> Result<Vec<&BStr>> {
    path.split_str("/")
        .filter(|part| !part.is_empty() && *part != b".")
        .map(|part| match part {
            b".." => Err(Error::corrupt("an archive leads out of its directory")),
            part => Ok(part.as_bstr()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(members: &[(&str, EntryType, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, kind, content) in members {
            let mut header = tar::Header::new_gnu();
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(0o700);
            header.set_uid(rustix::process::geteuid().as_raw().into());
            header.set_gid(rustix::process::getegid().as_raw().into());
            header.set_mtime(1_000_000_000);
            let content = match kind {
                EntryType::Symlink | EntryType::Link => {
                    header.set_link_name_literal(content).unwrap();
                    ""
                }
                _ => content,
            };
            header.set_size(content.len() as u64);
            header.set_cksum();
            builder.append(&header, content.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn unpack_into(folder: &Path, members: &[(&str, EntryType, &str)]) -> Result<()> {
        unpack(archive(members).as_slice(), Directory::open(folder).unwrap())
    }

    #[test]
    fn a_tree_is_made() {
        let folder = tempfile::tempdir().unwrap();
        unpack_into(
            folder.path(),
            &[
                ("./", EntryType::Directory, ""),
                ("./a/", EntryType::Directory, ""),
                ("./a/b/", EntryType::Directory, ""),
                ("./a/b/file", EntryType::Regular, "text"),
                ("./a/link", EntryType::Symlink, "b/file"),
                ("./hard", EntryType::Link, "./a/b/file"),
            ],
        )
        .unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("a/link")).unwrap(), "text");
        assert_eq!(std::fs::read_to_string(folder.path().join("hard")).unwrap(), "text");
        for name in ["", "a", "a/b", "hard"] {
            let modified = std::fs::metadata(folder.path().join(name)).unwrap().modified().unwrap();
            assert_eq!(modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), 1_000_000_000, "{name}");
        }
    }

    #[test]
    fn an_archive_does_not_leave_its_directory() {
        let outside = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = outside.path().to_str().unwrap();
        for members in [
            vec![("../x", EntryType::Regular, "")],
            vec![("./l", EntryType::Symlink, elsewhere), ("./l/x", EntryType::Regular, "")],
            vec![("./l", EntryType::Symlink, elsewhere), ("./l/", EntryType::Directory, "")],
            vec![("./l", EntryType::Symlink, elsewhere), ("./h", EntryType::Link, "./l/file")],
        ] {
            std::fs::write(outside.path().join("file"), "").unwrap();
            assert!(unpack_into(folder.path(), &members).is_err(), "{members:?}");
            assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
        }
    }
}

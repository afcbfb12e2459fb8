//! Packing a tree of the host into an archive, while something else reads it.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use bstr::BStr;
use glassbox_io::{Error, Result, ResultExt};
use tar::{EntryType, Header};

use super::queue::{Reader, queue};

/// What passes from thread to thread at once.
const PIECE: usize = 256 << 10;

/// An uncompressed tar archive of a file or directory of the host, made while it is read.
///
/// Owners are numbers, hard links stay links, sockets are left out.
pub struct HostArchive {
    archive: Reader,
    packing: Option<JoinHandle<Result<()>>>,
}

impl HostArchive {
    /// The archive of `path`, with all that is in it if it is a directory, called `name` in the archive.
    ///
    /// # Errors
    /// If there is no such file. What can't be read later ends the archive with an error.
    pub fn new(path: &Path, name: &BStr) -> Result<Self> {
        fs::symlink_metadata(path).at_file(path)?;
        let (root, name) = (path.to_owned(), PathBuf::from(OsStr::from_bytes(name)));
        let (sender, archive) = queue();
        let packing = std::thread::spawn(move || {
            let mut packer = Packer::new(BufWriter::with_capacity(PIECE, sender));
            packer.tree(root, name)?;
            let mut sender = packer.builder.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?;
            sender.finish();
            Ok(())
        });
        Ok(HostArchive { archive, packing: Some(packing) })
    }
}

impl Read for HostArchive {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.archive.read(buf);
        if buf.is_empty() || read.as_ref().is_ok_and(|count| *count > 0) {
            return read;
        }
        // At its end, or where it breaks off because packing has failed: then that is why.
        match self.packing.take().map(JoinHandle::join) {
            None | Some(Ok(Ok(()))) => read,
            Some(Ok(Err(error))) => Err(error.into()),
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}

struct Packer<W: Write> {
    builder: tar::Builder<W>,
    /// Names in the archive of files that have several names on the host, by device and inode.
    links: HashMap<(u64, u64), PathBuf>,
}

impl<W: Write> Packer<W> {
    fn new(archive: W) -> Self {
        Packer { builder: tar::Builder::new(archive), links: HashMap::new() }
    }

    /// A file or a directory with all that is in it, each directory before its contents, by name.
    fn tree(&mut self, root: PathBuf, name: PathBuf) -> Result<()> {
        let mut waiting = vec![(root, name)];
        while let Some((path, name)) = waiting.pop() {
            let at = path.as_os_str().as_bytes();
            let metadata = fs::symlink_metadata(&path).at_path(at)?;
            self.member(&path, &name, &metadata).at_path(at)?;
            if metadata.is_dir() {
                let entries = fs::read_dir(&path).and_then(Iterator::collect::<io::Result<Vec<_>>>).at_path(at)?;
                let mut names: Vec<_> = entries.iter().map(fs::DirEntry::file_name).collect();
                names.sort_by(|a, b| b.cmp(a));
                waiting.extend(names.into_iter().map(|entry| (path.join(&entry), name.join(&entry))));
            }
        }
        Ok(())
    }

    fn member(&mut self, path: &Path, name: &Path, metadata: &Metadata) -> Result<()> {
        let kind = metadata.file_type();
        let mut header = header(metadata);
        if !kind.is_dir() && metadata.nlink() > 1 {
            let inode = (metadata.dev(), metadata.ino());
            if let Some(first) = self.links.get(&inode) {
                header.set_entry_type(EntryType::Link);
                return Ok(self.builder.append_link(&mut header, name, first)?);
            }
            self.links.insert(inode, name.to_owned());
        }
        if kind.is_file() {
            header.set_entry_type(EntryType::Regular);
            header.set_size(metadata.len());
            let mut contents = File::open(path)?.take(metadata.len());
            self.builder.append_data(&mut header, name, &mut contents)?;
            // The size stands in the header, which was written before.
            return match contents.limit() {
                0 => Ok(()),
                _ => Err(Error::usage("the file became shorter while it was read")),
            };
        }
        if kind.is_symlink() {
            header.set_entry_type(EntryType::Symlink);
            return Ok(self.builder.append_link(&mut header, name, fs::read_link(path)?)?);
        }
        let entry_type = if kind.is_dir() {
            EntryType::Directory
        } else if kind.is_fifo() {
            EntryType::Fifo
        } else if kind.is_char_device() {
            EntryType::Char
        } else if kind.is_block_device() {
            EntryType::Block
        } else {
            return Ok(());
        };
        header.set_entry_type(entry_type);
        if matches!(entry_type, EntryType::Char | EntryType::Block) {
            header.set_device_major(rustix::fs::major(metadata.rdev()))?;
            header.set_device_minor(rustix::fs::minor(metadata.rdev()))?;
        }
        Ok(self.builder.append_data(&mut header, name, io::empty())?)
    }
}

fn header(metadata: &Metadata) -> Header {
    let mut header = Header::new_gnu();
    header.set_mode(metadata.mode() & 0o7777);
    header.set_uid(metadata.uid().into());
    header.set_gid(metadata.gid().into());
    // The format's numbers have no sign here: what is older than 1970 becomes 1970.
    header.set_mtime(u64::try_from(metadata.mtime()).unwrap_or(0));
    header.set_size(0);
    header
}

/// The name of `path` in an archive: its last name, or that of what it leads to where it has none (`.`, `a/..`).
pub fn archived_name(path: &Path) -> Result<Vec<u8>> {
    let at = path.as_os_str().as_bytes();
    let whole = match path.file_name() {
        Some(name) => return Ok(name.as_bytes().to_vec()),
        None => path.canonicalize().at_path(at)?,
    };
    // The host's root has no name at all.
    Ok(whole.file_name().map_or(b".".to_vec(), |name| name.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use bstr::ByteSlice;

    use super::*;

    #[test]
    fn a_tree_with_everything_is_packed() {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        let long = "l".repeat(200);
        fs::create_dir_all(tree.join("sub")).unwrap();
        fs::write(tree.join("file"), vec![7; 300_000]).unwrap();
        fs::write(tree.join(&long), "long").unwrap();
        fs::hard_link(tree.join("file"), tree.join("sub/again")).unwrap();
        std::os::unix::fs::symlink("nowhere", tree.join("link")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(tree.join("socket")).unwrap();

        let mut archive = tar::Archive::new(HostArchive::new(&tree, "t".into()).unwrap());
        let mut members = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut contents = Vec::new();
            entry.read_to_end(&mut contents).unwrap();
            let target = entry.link_name_bytes().map(|target| target.to_str().unwrap().to_owned());
            let name = entry.path_bytes().to_str().unwrap().to_owned();
            members.push((name, entry.header().entry_type(), contents.len(), target));
        }
        let target = |name: &str| Some(name.to_owned());
        assert_eq!(
            members,
            [
                ("t".into(), EntryType::Directory, 0, None),
                ("t/file".into(), EntryType::Regular, 300_000, None),
                ("t/link".into(), EntryType::Symlink, 0, target("nowhere")),
                (format!("t/{long}"), EntryType::Regular, 4, None),
                ("t/sub".into(), EntryType::Directory, 0, None),
                ("t/sub/again".into(), EntryType::Link, 0, target("t/file")),
            ]
        );
    }

    #[test]
    fn what_is_not_there_is_told_at_once() {
        let error = HostArchive::new(Path::new("/nonexistent"), "x".into()).err().unwrap();
        assert_eq!(error.path().unwrap(), "/nonexistent");
    }

    #[test]
    fn names() {
        assert_eq!(archived_name(Path::new("/a/b/")).unwrap(), b"b");
        assert_eq!(archived_name(Path::new("/")).unwrap(), b".");
        assert_eq!(archived_name(Path::new("/usr/share/..")).unwrap(), b"usr");
    }
}

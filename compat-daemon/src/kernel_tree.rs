//! A filesystem that the kernel has mounted, as the engine sees filesystems.

use std::collections::HashMap;
use std::fs::File;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bstr::{BStr, BString, ByteSlice};
use glassbox_filesystems::{DirEntry, FileType, Filesystem, NodeId, Stat, StatVfs, Timestamp, Xattr};
use glassbox_io::{Errno, Error, ReadAt, Result};
use rustix::fs::{Mode, OFlags, RawDir, ResolveFlags};

use crate::kernel_file::KernelFile;
use crate::{ioctl, xattrs};

/// The root directory's node.
const ROOT: NodeId = NodeId(0);

/// A mounted filesystem.
pub struct KernelTree {
    root: OwnedFd,
    kind: &'static str,
    nodes: Mutex<Nodes>,
}

/// The files that were met. A node's number is its place in the list, behind the root's.
#[derive(Default)]
struct Nodes {
    list: Vec<(NodeId, BString)>,
    known: HashMap<(NodeId, BString), NodeId>,
}

impl KernelTree {
    /// The filesystem whose root directory is `root`, opened with `O_PATH`; `kind` is its type in the kernel's words.
    pub fn new(root: OwnedFd, kind: &BStr) -> Self {
        const KINDS: [&str; 12] =
            ["btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "iso9660", "squashfs", "tmpfs", "udf", "vfat", "xfs"];
        let kind = match kind.as_bytes() {
            // ntfs-3g serves it through FUSE.
            b"fuseblk" => "ntfs",
            kind => KINDS.iter().find(|known| known.as_bytes() == kind).copied().unwrap_or("unknown"),
        };
        KernelTree { root, kind, nodes: Mutex::default() }
    }

    fn nodes(&self) -> MutexGuard<'_, Nodes> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn node(&self, dir: NodeId, name: &BStr) -> NodeId {
        let mut nodes = self.nodes();
        let key = (dir, name.to_owned());
        if let Some(node) = nodes.known.get(&key) {
            return *node;
        }
        nodes.list.push(key.clone());
        let node = NodeId(nodes.list.len() as u64);
        nodes.known.insert(key, node);
        node
    }

    /// Where a file is, from the root.
    fn path(&self, node: NodeId) -> BString {
        let nodes = self.nodes();
        let mut names = Vec::new();
        let mut node = node;
        while let Some((parent, name)) = (node.0 as usize).checked_sub(1).and_then(|place| nodes.list.get(place)) {
            names.push(name.as_bstr());
            node = *parent;
        }
        if names.is_empty() {
            return ".".into();
        }
        names.reverse();
        bstr::join("/", names).into()
    }

    fn open_path(&self, path: &BStr, flags: OFlags) -> Result<OwnedFd> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        rustix::fs::openat2(&self.root, path.as_bytes(), flags, Mode::empty(), resolve).map_err(os)
    }

    fn open_node(&self, node: NodeId, flags: OFlags) -> Result<OwnedFd> {
        self.open_path(self.path(node).as_ref(), flags)
    }
}

/// The kernel's answer, as it is.
pub fn os(errno: rustix::io::Errno) -> Error {
    Error::os(Errno(errno.raw_os_error()))
}

fn file_type(found: rustix::fs::FileType) -> FileType {
    match found {
        rustix::fs::FileType::RegularFile => FileType::Regular,
        rustix::fs::FileType::Directory => FileType::Directory,
        rustix::fs::FileType::Symlink => FileType::Symlink,
        rustix::fs::FileType::CharacterDevice => FileType::CharDevice,
        rustix::fs::FileType::BlockDevice => FileType::BlockDevice,
        rustix::fs::FileType::Fifo => FileType::Fifo,
        rustix::fs::FileType::Socket => FileType::Socket,
        rustix::fs::FileType::Unknown => FileType::Unknown,
    }
}

impl Filesystem for KernelTree {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn root(&self) -> NodeId {
        ROOT
    }

    fn lookup(&self, dir: NodeId, name: &BStr) -> Result<Option<NodeId>> {
        let path = BString::from([self.path(dir).as_slice(), b"/", name].concat());
        match self.open_path(path.as_ref(), OFlags::PATH) {
            Ok(_) => Ok(Some(self.node(dir, name))),
            Err(error) if error.errno() == Errno::ENOENT => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read_dir(&self, dir: NodeId, visit: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>) -> Result<()> {
        let directory = self.open_node(dir, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut buffer = Vec::with_capacity(64 << 10);
        let mut entries = RawDir::new(directory, buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry.map_err(os)?;
            let name = entry.file_name().to_bytes().as_bstr();
            if name == "." || name == ".." {
                continue;
            }
            let node = self.node(dir, name);
            if visit(DirEntry { name, node, file_type: file_type(entry.file_type()) }).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn stat(&self, node: NodeId) -> Result<Stat> {
        let found = rustix::fs::fstat(self.open_node(node, OFlags::PATH)?).map_err(os)?;
        let time = |seconds, nanoseconds| Timestamp { seconds, nanoseconds };
        Ok(Stat {
            ino: found.st_ino,
            mode: found.st_mode,
            nlink: found.st_nlink,
            uid: found.st_uid,
            gid: found.st_gid,
            rdev: found.st_rdev,
            size: found.st_size as u64,
            blksize: found.st_blksize as u64,
            blocks: found.st_blocks as u64,
            atime: time(found.st_atime, found.st_atime_nsec as u32),
            mtime: time(found.st_mtime, found.st_mtime_nsec as u32),
            ctime: time(found.st_ctime, found.st_ctime_nsec as u32),
        })
    }

    fn read_link(&self, node: NodeId) -> Result<BString> {
        let link = self.open_node(node, OFlags::PATH)?;
        let target = rustix::fs::readlinkat(&link, "", Vec::new());
        // Of a file that is no link, the kernel says that there is no file of the empty name.
        let target = target.map_err(|errno| match errno {
            rustix::io::Errno::NOENT => Error::os(Errno::EINVAL),
            errno => os(errno),
        })?;
        Ok(target.into_bytes().into())
    }

    fn open(&self, node: NodeId) -> Result<Box<dyn ReadAt + '_>> {
        match self.stat(node)?.file_type() {
            FileType::Regular => {
                let file = File::from(self.open_node(node, OFlags::RDONLY)?);
                Ok(Box::new(KernelFile::new(file)?))
            }
            FileType::Directory => Err(Error::os(Errno::EISDIR)),
            // A pipe would wait for its other end, a device isn't the guest's.
            _ => Err(Error::os(Errno::EINVAL)),
        }
    }

    fn xattrs(&self, node: NodeId) -> Result<Vec<Xattr>> {
        xattrs::all(&self.open_node(node, OFlags::PATH)?).map_err(os)
    }

    fn xattr(&self, node: NodeId, name: &BStr) -> Result<Option<Vec<u8>>> {
        xattrs::one(&self.open_node(node, OFlags::PATH)?, name).map_err(os)
    }

    fn flags(&self, node: NodeId) -> Result<u32> {
        let file = self.open_node(node, OFlags::RDONLY | OFlags::NONBLOCK)?;
        Ok(rustix::fs::ioctl_getflags(file).map_err(os)?.bits())
    }

    fn generation(&self, node: NodeId) -> Result<u32> {
        ioctl::generation(self.open_node(node, OFlags::RDONLY | OFlags::NONBLOCK)?).map_err(os)
    }

    fn statvfs(&self) -> Result<StatVfs> {
        let found = rustix::fs::fstatvfs(&self.root).map_err(os)?;
        Ok(StatVfs {
            bsize: found.f_bsize,
            frsize: found.f_frsize,
            blocks: found.f_blocks,
            bfree: found.f_bfree,
            bavail: found.f_bavail,
            files: found.f_files,
            ffree: found.f_ffree,
            favail: found.f_favail,
            fsid: found.f_fsid,
            namemax: found.f_namemax,
        })
    }

    fn label(&self) -> BString {
        // Of the device, not of the mount: who wants it reads the device.
        BString::default()
    }

    fn uuid(&self) -> BString {
        BString::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> (tempfile::TempDir, KernelTree) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        std::fs::write(folder.path().join("d/file"), b"contents").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("d/link")).unwrap();
        let root = File::open(folder.path()).unwrap().into();
        (folder, KernelTree::new(root, "ext4".into()))
    }

    #[test]
    fn a_tree_of_the_kernel_reads_as_any_other() {
        let (_folder, tree) = tree();
        let d = tree.lookup(tree.root(), "d".into()).unwrap().unwrap();
        assert_eq!(tree.stat(d).unwrap().file_type(), FileType::Directory);
        let mut names = Vec::new();
        tree.read_dir(d, &mut |entry| {
            names.push((entry.name.to_owned(), entry.file_type, entry.node));
            ControlFlow::Continue(())
        })
        .unwrap();
        names.sort_by_key(|found| found.0.clone());
        assert_eq!(names[0].0, "file");
        assert_eq!(tree.lookup(d, "file".into()).unwrap(), Some(names[0].2));
        let file = tree.open(names[0].2).unwrap();
        let mut buf = [0; 20];
        assert_eq!((file.len(), file.read_at(&mut buf, 3).unwrap()), (8, 5));
        assert_eq!(&buf[..5], b"tents");
        assert_eq!(tree.read_link(names[1].2).unwrap(), "/etc/passwd");
        assert_eq!(tree.read_link(names[0].2).unwrap_err().errno(), Errno::EINVAL);
        assert_eq!(tree.stat(names[1].2).unwrap().file_type(), FileType::Symlink);
        assert!(tree.lookup(d, "absent".into()).unwrap().is_none());
        assert_eq!(tree.lookup(names[0].2, "x".into()).unwrap_err().errno(), Errno::ENOTDIR);
        assert!(tree.open(d).is_err());
    }
}

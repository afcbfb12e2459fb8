//! What every filesystem answers.

use std::ops::ControlFlow;

use bstr::{BStr, BString};
use glassbox_io::{Error, ReadAt, Result};

/// A file's number within its filesystem: an inode number, an MFT record number, or what the format has instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u64);

/// What kind of file a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileType {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A named pipe.
    Fifo,
    /// A Unix-domain socket.
    Socket,
    /// Not told by the directory entry; `stat` knows.
    Unknown,
}

impl FileType {
    /// The type bits of a Linux `st_mode`.
    pub fn from_mode(mode: u32) -> FileType {
        match mode & 0o170000 {
            0o100000 => FileType::Regular,
            0o040000 => FileType::Directory,
            0o120000 => FileType::Symlink,
            0o020000 => FileType::CharDevice,
            0o060000 => FileType::BlockDevice,
            0o010000 => FileType::Fifo,
            0o140000 => FileType::Socket,
            _ => FileType::Unknown,
        }
    }

    /// The letter libguestfs's `readdir` uses: `r d l c b f s u`.
    pub fn letter(self) -> u8 {
        match self {
            FileType::Regular => b'r',
            FileType::Directory => b'd',
            FileType::Symlink => b'l',
            FileType::CharDevice => b'c',
            FileType::BlockDevice => b'b',
            FileType::Fifo => b'f',
            FileType::Socket => b's',
            FileType::Unknown => b'u',
        }
    }
}

/// A point in time: seconds since 1970 (negative before), and nanoseconds 0 to 999,999,999 after that second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970-01-01 00:00 UTC.
    pub seconds: i64,
    /// Nanoseconds to add to them.
    pub nanoseconds: u32,
}

/// Everything `lstat` tells of a file, as a Linux mount of the filesystem would show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// The number that `st_ino` shows.
    pub ino: u64,
    /// Type and permission bits.
    pub mode: u32,
    /// Hard links.
    pub nlink: u64,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Device number of a device node, in Linux's 64-bit `dev_t` encoding (`makedev`); 0 for other files.
    pub rdev: u64,
    /// Length in bytes.
    pub size: u64,
    /// The preferred block size for I/O, in bytes.
    pub blksize: u64,
    /// Allocated 512-byte units.
    pub blocks: u64,
    /// Last access.
    pub atime: Timestamp,
    /// Last change of the contents.
    pub mtime: Timestamp,
    /// Last change of the inode.
    pub ctime: Timestamp,
}

impl Stat {
    /// The kind of file that `mode` says.
    pub fn file_type(&self) -> FileType {
        FileType::from_mode(self.mode)
    }
}

/// One entry of a directory.
#[derive(Clone, Copy, Debug)]
pub struct DirEntry<'a> {
    /// Its name: any bytes but NUL and `/`.
    pub name: &'a BStr,
    /// The file it names.
    pub node: NodeId,
    /// The file's kind, where the directory tells it.
    pub file_type: FileType,
}

/// An extended attribute. The name has its namespace: `user.comment`, `security.selinux`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xattr {
    /// Name with namespace.
    pub name: BString,
    /// Value.
    pub value: Vec<u8>,
}

/// What `statvfs` tells, with its field names; counts of blocks are in units of `frsize`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatVfs {
    /// Preferred block size, bytes.
    pub bsize: u64,
    /// Fragment size, bytes.
    pub frsize: u64,
    /// Size of the filesystem, in fragments.
    pub blocks: u64,
    /// Free fragments.
    pub bfree: u64,
    /// Free fragments for ordinary users.
    pub bavail: u64,
    /// Inodes.
    pub files: u64,
    /// Free inodes.
    pub ffree: u64,
    /// Free inodes for ordinary users.
    pub favail: u64,
    /// Filesystem ID.
    pub fsid: u64,
    /// Longest name.
    pub namemax: u64,
}

/// A filesystem, opened for reading. Shared between threads as it is.
///
/// Names are bytes. Symbolic links are not followed here, and paths are not split: that is the engine's work,
/// because it knows what else is mounted.
pub trait Filesystem: Send + Sync {
    /// Its type as `vfs_type` reports it: `ext4`, `vfat`, `ntfs`.
    fn kind(&self) -> &'static str;

    /// Tells where it is mounted, for filesystems whose links lead to places on the volume: their targets are paths
    /// from the root that all filesystems are below. Unless this is told, that is the filesystem's own root.
    fn mounted_at(&mut self, path: &BStr) {
        let _ = path;
    }

    /// The root directory.
    fn root(&self) -> NodeId;

    /// The node called `name` in directory `dir`, compared as this filesystem compares names; `None` if there is
    /// none. `ENOTDIR` if `dir` isn't a directory. `name` is never `.` or `..`.
    fn lookup(&self, dir: NodeId, name: &BStr) -> Result<Option<NodeId>>;

    /// Shows `visit` each entry of `dir` but `.` and `..`, in the order of the directory, until it breaks.
    /// `ENOTDIR` if `dir` isn't a directory.
    fn read_dir(&self, dir: NodeId, visit: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>) -> Result<()>;

    /// Everything `lstat` tells.
    fn stat(&self, node: NodeId) -> Result<Stat>;

    /// The target of a symbolic link; `EINVAL` for other files.
    fn read_link(&self, node: NodeId) -> Result<BString>;

    /// The contents of a regular file, with its extents; `EISDIR` for a directory, `EINVAL` for other files.
    fn open(&self, node: NodeId) -> Result<Box<dyn ReadAt + '_>>;

    /// All extended attributes that `listxattr` shows to root, POSIX ACLs among them (in Linux's xattr form).
    fn xattrs(&self, node: NodeId) -> Result<Vec<Xattr>> {
        let _ = node;
        Ok(Vec::new())
    }

    /// One extended attribute. A filesystem may know some that it doesn't list (`system.ntfs_attrib`).
    fn xattr(&self, node: NodeId, name: &BStr) -> Result<Option<Vec<u8>>> {
        Ok(self.xattrs(node)?.into_iter().find(|xattr| xattr.name == name).map(|xattr| xattr.value))
    }

    /// The inode flags, as `FS_IOC_GETFLAGS` returns them (`lsattr`).
    fn flags(&self, node: NodeId) -> Result<u32> {
        let _ = node;
        Err(Error::unsupported(format!("{}: inode flags", self.kind())))
    }

    /// The inode's generation, as `FS_IOC_GETVERSION` returns it.
    fn generation(&self, node: NodeId) -> Result<u32> {
        let _ = node;
        Err(Error::unsupported(format!("{}: inode generation", self.kind())))
    }

    /// Sizes and counts of the whole filesystem, as `statvfs` of a read-only mount returns them.
    fn statvfs(&self) -> Result<StatVfs>;

    /// The volume's label, without padding; empty if it has none.
    fn label(&self) -> BString;

    /// The volume's UUID in the form that `vfs_uuid` and blkid print; empty if it has none.
    fn uuid(&self) -> BString;
}

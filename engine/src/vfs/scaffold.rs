//! The root below all mounts: directories in memory and nothing else.

use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bstr::{BStr, BString};
use glassbox_filesystems::{DirEntry, FileType, Filesystem, NodeId, Stat, StatVfs};
use glassbox_io::{Errno, Error, ReadAt, Result};

/// A tree of empty directories.
#[derive(Default)]
pub struct Scaffold {
    directories: Mutex<Vec<Directory>>,
    // Numbers are not used again, or a removed directory's would name another one.
}

struct Directory {
    node: NodeId,
    parent: NodeId,
    name: BString,
}

const ROOT: NodeId = NodeId(1);

impl Scaffold {
    /// Makes the directory `name` in `parent`.
    pub fn make(&self, parent: NodeId, name: &BStr) {
        let mut directories = self.lock();
        let node = NodeId(directories.iter().map(|directory| directory.node.0).max().unwrap_or(ROOT.0) + 1);
        directories.push(Directory { node, parent, name: name.to_owned() });
    }

    /// Removes an empty directory.
    pub fn remove(&self, node: NodeId) -> Result<()> {
        let mut directories = self.lock();
        if directories.iter().any(|directory| directory.parent == node) {
            return Err(Error::os(Errno::ENOTEMPTY));
        }
        directories.retain(|directory| directory.node != node);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Directory>> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Filesystem for Scaffold {
    fn kind(&self) -> &'static str {
        "tmpfs"
    }

    fn root(&self) -> NodeId {
        ROOT
    }

    fn lookup(&self, dir: NodeId, name: &BStr) -> Result<Option<NodeId>> {
        let directories = self.lock();
        Ok(directories.iter().find(|entry| entry.parent == dir && entry.name == name).map(|entry| entry.node))
    }

    fn read_dir(&self, dir: NodeId, visit: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>) -> Result<()> {
        for entry in self.lock().iter().filter(|entry| entry.parent == dir) {
            let shown = DirEntry { name: entry.name.as_ref(), node: entry.node, file_type: FileType::Directory };
            if visit(shown).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn stat(&self, node: NodeId) -> Result<Stat> {
        let children = self.lock().iter().filter(|entry| entry.parent == node).count() as u64;
        Ok(Stat { ino: node.0, mode: 0o040755, nlink: 2 + children, blksize: 4096, ..Stat::default() })
    }

    fn read_link(&self, _: NodeId) -> Result<BString> {
        Err(Error::os(Errno::EINVAL))
    }

    fn open(&self, _: NodeId) -> Result<Box<dyn ReadAt + '_>> {
        Err(Error::os(Errno::EISDIR))
    }

    fn statvfs(&self) -> Result<StatVfs> {
        Ok(StatVfs { bsize: 4096, frsize: 4096, namemax: 255, ..StatVfs::default() })
    }

    fn label(&self) -> BString {
        BString::default()
    }

    fn uuid(&self) -> BString {
        BString::default()
    }
}

//! ext2, ext3 and ext4. One on-disk structure per file, named for it.
//!
//! What Linux would show after a mount is shown here: the journal of a crashed guest is replayed in memory
//! ([`Options::replay_journal`]), sparse and unwritten parts read as zeros, metadata checksums are verified where Linux
//! verifies them. Encrypted files and directories (fscrypt) can be listed by `stat`, not read.

mod acl;
mod block_group;
mod block_map;
mod casefold;
mod checksum;
mod directory;
mod extent;
pub mod features;
mod file;
mod hash;
mod htree;
mod inline_data;
mod inode;
mod journal;
mod minimum_size;
mod orphan;
mod runs;
mod statvfs;
pub mod superblock;
mod symlink;
mod tune2fs;
mod xattr;

use std::ops::ControlFlow;

use bstr::{BStr, BString};
use glassbox_io::{Cached, Errno, Error, ReadAt, Result, Source};

use self::casefold::Matcher;
use self::directory::MAX_NAME;
use self::inode::{Inode, ROOT_INO, flag};
use self::journal::Replayed;
pub use self::superblock::Superblock;
use crate::{DirEntry, FileType, Filesystem, NodeId, Stat, StatVfs, Xattr};

/// Metadata that are held at most, in bytes: the inode tables and directories of some 50,000 files.
const METADATA_CACHE: usize = 16 << 20;

/// How a filesystem is opened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Whether a journal that needs it is replayed, in memory. Without, the volume is read as it lies, as Linux does it
    /// with the mount option `noload`.
    pub replay_journal: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { replay_journal: true }
    }
}

/// An ext2, ext3 or ext4 filesystem.
pub struct Ext {
    superblock: Superblock,
    /// Where file data are read: the volume, with what the journal says in place of what it has.
    device: Source,
    /// The same through a cache.
    metadata: Cached<Source>,
    replayed: Replayed,
}

impl Ext {
    /// Opens the filesystem of a volume, with its journal replayed in memory if that is needed.
    ///
    /// *Corrupt* if there is none or it is damaged, *unsupported* by name if it needs what isn't read here.
    pub fn open(source: Source) -> Result<Ext> {
        Self::open_with(source, &Options::default())
    }

    /// Opens the filesystem of a volume as `options` say.
    pub fn open_with(source: Source, options: &Options) -> Result<Ext> {
        let superblock = Superblock::read(&source)?;
        let mut ext = Self::over(superblock, source.clone());
        ext.check_size()?;
        if options.replay_journal {
            ext = journal::recover(ext, source)?;
            ext.let_orphans_go()?;
        }
        Ok(ext)
    }

    /// Refuses a filesystem that is larger than its volume, as Linux does.
    fn check_size(&self) -> Result<()> {
        let blocks = self.superblock.blocks_count;
        match blocks.checked_mul(self.superblock.block_size()) {
            Some(bytes) if bytes <= self.device.len() => Ok(()),
            _ => {
                let length = self.device.len();
                Err(Error::corrupt(format!("ext4: {blocks} blocks don't fit on a volume of {length} bytes")))
            }
        }
    }

    fn over(superblock: Superblock, device: Source) -> Ext {
        let metadata = Cached::new(device.clone(), METADATA_CACHE);
        Ext { superblock, device, metadata, replayed: Replayed::default() }
    }

    /// The superblock, as it is after the journal's replay.
    pub fn superblock(&self) -> &Superblock {
        &self.superblock
    }

    fn inode_of(&self, node: NodeId) -> Result<Inode> {
        let number = u32::try_from(node.0).map_err(|_| Error::os(Errno::ENOENT))?;
        self.inode(number)
    }
}

impl Filesystem for Ext {
    fn kind(&self) -> &'static str {
        self.superblock.kind()
    }

    fn root(&self) -> NodeId {
        NodeId(u64::from(ROOT_INO))
    }

    fn lookup(&self, dir: NodeId, name: &BStr) -> Result<Option<NodeId>> {
        let number = u32::try_from(dir.0).map_err(|_| Error::os(Errno::ENOENT))?;
        let directory = self.directory(number)?;
        if name.len() > MAX_NAME {
            return Err(Error::os(Errno::ENAMETOOLONG));
        }
        let matcher = Matcher::new(self, &directory, name)?;
        let found = self.lookup_name(&directory, &matcher)?;
        Ok(found.map(|inode| NodeId(u64::from(inode))))
    }

    fn read_dir(&self, dir: NodeId, visit: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>) -> Result<()> {
        let number = u32::try_from(dir.0).map_err(|_| Error::os(Errno::ENOENT))?;
        let directory = self.directory(number)?;
        self.list(&directory, &mut |entry| {
            visit(DirEntry { name: entry.name, node: NodeId(u64::from(entry.inode)), file_type: entry.kind() })
        })
    }

    fn stat(&self, node: NodeId) -> Result<Stat> {
        Ok(self.stat_of(&self.inode_of(node)?))
    }

    fn read_link(&self, node: NodeId) -> Result<BString> {
        self.link_target(&self.inode_of(node)?)
    }

    fn open(&self, node: NodeId) -> Result<Box<dyn ReadAt + '_>> {
        let inode = self.inode_of(node)?;
        match inode.file_type() {
            FileType::Regular => {
                inode.refuse_encrypted()?;
                self.open_file(inode)
            }
            FileType::Directory => Err(Error::os(Errno::EISDIR)),
            _ => Err(Error::os(Errno::EINVAL)),
        }
    }

    fn xattrs(&self, node: NodeId) -> Result<Vec<Xattr>> {
        self.list_xattrs(&self.inode_of(node)?)
    }

    fn xattr(&self, node: NodeId, name: &BStr) -> Result<Option<Vec<u8>>> {
        self.find_xattr(&self.inode_of(node)?, name)
    }

    fn flags(&self, node: NodeId) -> Result<u32> {
        let inode = self.inode_of(node)?;
        let mut flags = inode.flags & flag::USER_VISIBLE;
        if inode.file_type() == FileType::Regular {
            flags &= !flag::PROJINHERIT;
        }
        Ok(flags)
    }

    fn generation(&self, node: NodeId) -> Result<u32> {
        Ok(self.inode_of(node)?.generation)
    }

    fn statvfs(&self) -> Result<StatVfs> {
        self.count_space()
    }

    fn label(&self) -> BString {
        self.superblock.label().into()
    }

    fn uuid(&self) -> BString {
        self.superblock.uuid_text()
    }
}

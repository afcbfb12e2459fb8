//! FAT12, FAT16 and FAT32 with long names, shown as Linux's vfat driver shows them where libguestfs mounts them.
//!
//! The format is Microsoft's "FAT: General Overview of On-Disk Format", version 1.03; sections are cited by that document.
//! Where it leaves a choice (names, permissions, times, what a damaged directory shows), the choice is that of Linux 6.1
//! with the options of libguestfs's mount: `utf8`, `iocharset=ascii`, `codepage=437`, `shortname=mixed`, `umask=022`, root as
//! the owner, and a clock in UTC.
//!
//! FAT has no inode numbers, and Linux makes them up at each mount. Here a file's number is the place of its directory
//! entry on the volume, in units of 32 bytes: unique, and the same each time.

pub(crate) mod bios_parameter_block;
mod boot_sector;
mod code_page;
mod directory;
mod directory_entry;
mod fat_table;
mod file;
mod long_name;
mod timestamp;

use std::ops::ControlFlow;

use bstr::{BStr, BString};
use glassbox_io::{Cached, Errno, Error, ReadAt, Result, Source};

use crate::detect::text;
use crate::{DirEntry, FileType, Filesystem, NodeId, Stat, StatVfs};

use boot_sector::BootSector;
pub use code_page::CodePage;
use directory::{Entry, Place};
use directory_entry::DirectoryEntry;
use fat_table::FatTable;
use file::File;

/// The root directory has no entry; position 1 lies in the boot sector.
const ROOT: NodeId = NodeId(1);

/// FATs and directories that are kept in memory: those of a walk through some thousand files.
const METADATA_CACHE: usize = 8 << 20;

/// What each file's mode is masked with: libguestfs mounts with the umask 022.
const UMASK: u32 = 0o022;

/// `NAME_MAX` as Linux computes it: 255 characters of at most 6 bytes.
const NAME_MAX: u64 = 255 * 6;

/// A FAT filesystem, opened for reading.
pub struct Fat {
    /// For the FAT and directories.
    metadata: Cached<Source>,
    boot: BootSector,
    table: FatTable,
    code_page: CodePage,
}

impl Fat {
    /// Opens the FAT filesystem on `source`. Short names are read in code page 437, Linux's default.
    ///
    /// *Corrupt* if the boot sector isn't one that Linux would mount.
    pub fn open(source: Source) -> Result<Fat> {
        Fat::open_with(source, CodePage::Cp437)
    }

    /// As [`Fat::open`], with another code page for short names (the mount option `codepage`).
    pub fn open_with(source: Source, code_page: CodePage) -> Result<Fat> {
        let metadata = Cached::new(source, METADATA_CACHE);
        let mut sector = [0; BootSector::SIZE];
        metadata.read_exact_at(&mut sector, 0)?;
        let boot = BootSector::parse(&sector)?;
        let table = FatTable::new(&boot);
        Ok(Fat { metadata, boot, table, code_page })
    }

    /// The directory entry of `node`, which isn't the root.
    fn entry(&self, node: NodeId) -> Result<DirectoryEntry> {
        let offset = node.0.saturating_mul(DirectoryEntry::SIZE as u64);
        let mut bytes = [0; DirectoryEntry::SIZE];
        self.metadata.read_exact_at(&mut bytes, offset)?;
        let entry = DirectoryEntry::parse(bytes);
        // A number that no directory gave out.
        if node == ROOT || entry.is_free() || entry.is_volume_or_long_name() {
            return Err(Error::os(Errno::ESTALE));
        }
        Ok(entry)
    }

    /// Where the contents of directory `node` are.
    fn place(&self, node: NodeId) -> Result<Place> {
        if node == ROOT {
            return Ok(self.boot.root);
        }
        let entry = self.entry(node)?;
        if !entry.is_directory() {
            return Err(Error::os(Errno::ENOTDIR));
        }
        self.directory_place(&entry)
    }

    fn directory_place(&self, entry: &DirectoryEntry) -> Result<Place> {
        let cluster = entry.first_cluster(self.boot.width);
        // Linux refuses these too: nothing but the root's own `..` entries may name it.
        if cluster == 0 || Place::Chain(cluster) == self.boot.root {
            return Err(Error::corrupt("FAT: a directory begins where only the root may"));
        }
        Ok(Place::Chain(cluster))
    }

    /// Shows `visit` every file and directory in the directory at `place`, dot entries included.
    fn visit(&self, place: Place, visit: &mut dyn FnMut(&Entry<'_>) -> Result<ControlFlow<()>>) -> Result<()> {
        let contents = directory::contents(self, place)?;
        directory::visit(self, &contents, visit)
    }

    /// The size of a directory in bytes, and how many directories are named in it (dot entries included).
    fn measure(&self, place: Place) -> Result<(u64, u64)> {
        let contents = directory::contents(self, place)?;
        let mut directories = 0u64;
        directory::each_slot(self, &contents, &mut |_, entry| {
            if !entry.is_free() && !entry.is_volume_or_long_name() && entry.is_directory() {
                directories = directories.saturating_add(1);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok((contents.size(), directories))
    }

    /// 512-byte units of the clusters that `size` bytes need.
    fn blocks(&self, size: u64) -> u64 {
        size.div_ceil(self.boot.cluster_size).saturating_mul(self.boot.cluster_size) >> 9
    }
}

impl Filesystem for Fat {
    fn kind(&self) -> &'static str {
        "vfat"
    }

    fn root(&self) -> NodeId {
        ROOT
    }

    /// Long and short names both count. ASCII letters compare without case, others with it (`iocharset=ascii`), and dots at
    /// the end of `name` don't count.
    fn lookup(&self, dir: NodeId, name: &BStr) -> Result<Option<NodeId>> {
        let place = self.place(dir)?;
        let significant = name.iter().rposition(|byte| *byte != b'.').map_or(0, |last| last.saturating_add(1));
        let wanted = name.get(..significant).unwrap_or_default();
        if wanted.is_empty() {
            return Ok(None);
        }
        let mut found = None;
        self.visit(place, &mut |entry| {
            if !entry.is_dot()
                && (entry.short_name(self.code_page).eq_ignore_ascii_case(wanted)
                    || entry.long_name().is_some_and(|long| long.eq_ignore_ascii_case(wanted)))
            {
                found = Some(entry.node);
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    fn read_dir(&self, dir: NodeId, visit: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>) -> Result<()> {
        self.visit(self.place(dir)?, &mut |entry| {
            if entry.is_dot() {
                return Ok(ControlFlow::Continue(()));
            }
            let name = entry.long_name().unwrap_or_else(|| entry.short_name(self.code_page));
            // Linux's getdents fails on such a name as well.
            if name.is_empty() || name.contains(&b'/') {
                return Err(Error::corrupt("FAT: a file's name is empty or holds a slash"));
            }
            let file_type = if entry.short.is_directory() { FileType::Directory } else { FileType::Regular };
            Ok(visit(DirEntry { name: name.as_ref(), node: entry.node, file_type }))
        })
    }

    fn stat(&self, node: NodeId) -> Result<Stat> {
        let mut stat = Stat { ino: node.0, nlink: 1, blksize: self.boot.cluster_size, ..Stat::default() };
        if node == ROOT {
            let (size, directories) = self.measure(self.boot.root)?;
            // The root has no dot entries, and no times.
            stat.nlink = directories.saturating_add(2);
            stat.mode = 0o040777 & !UMASK;
            stat.size = size;
        } else {
            let entry = self.entry(node)?;
            (stat.atime, stat.mtime) = (entry.accessed(), entry.modified());
            // Linux shows the creation time only through statx.
            stat.ctime = stat.mtime;
            if entry.is_directory() {
                let (size, directories) = self.measure(self.directory_place(&entry)?)?;
                if directories < 2 {
                    return Err(Error::corrupt("FAT: a directory lacks its dot entries"));
                }
                (stat.size, stat.nlink, stat.mode) = (size, directories, 0o040777 & !UMASK);
            } else {
                let writable = if entry.is_read_only() { 0 } else { 0o222 };
                (stat.size, stat.mode) = (entry.size(), 0o100000 | (0o555 | writable) & !UMASK);
            }
        }
        stat.blocks = self.blocks(stat.size);
        Ok(stat)
    }

    fn read_link(&self, node: NodeId) -> Result<BString> {
        if node != ROOT {
            self.entry(node)?;
        }
        Err(Error::os(Errno::EINVAL))
    }

    fn open(&self, node: NodeId) -> Result<Box<dyn ReadAt + '_>> {
        if node == ROOT {
            return Err(Error::os(Errno::EISDIR));
        }
        let entry = self.entry(node)?;
        if entry.is_directory() {
            return Err(Error::os(Errno::EISDIR));
        }
        Ok(Box::new(File::open(self, &entry)?))
    }

    fn flags(&self, _: NodeId) -> Result<u32> {
        Err(Error::os(Errno::ENOTTY))
    }

    fn generation(&self, _: NodeId) -> Result<u32> {
        Err(Error::os(Errno::ENOTTY))
    }

    /// Free clusters are counted, as Linux does: the count in the FSInfo sector is only a hint.
    fn statvfs(&self) -> Result<StatVfs> {
        let free = self.table.count_free(&self.metadata.inner())?;
        Ok(StatVfs {
            bsize: self.boot.cluster_size,
            frsize: self.boot.cluster_size,
            blocks: self.boot.clusters.into(),
            bfree: free,
            bavail: free,
            namemax: NAME_MAX,
            ..StatVfs::default()
        })
    }

    /// The label in the root directory; the one in the boot sector may be stale.
    fn label(&self) -> BString {
        let mut label = BString::default();
        let search = directory::contents(self, self.boot.root).and_then(|contents| {
            directory::each_slot(self, &contents, &mut |_, entry| {
                if !entry.is_free() && entry.is_label() {
                    label = text::label(&entry.name());
                    return Ok(ControlFlow::Break(()));
                }
                Ok(ControlFlow::Continue(()))
            })
        });
        // The trait has no room for an error: a root that can't be read shows no label.
        search.map(|()| label).unwrap_or_default()
    }

    fn uuid(&self) -> BString {
        text::serial(self.boot.serial)
    }
}

#[cfg(test)]
mod tests;

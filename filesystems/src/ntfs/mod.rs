//! NTFS, as ntfs-3g shows it under the mount that libguestfs makes: fixed ownership, case-sensitive names, NTFS's
//! own files hidden, alternate streams as `user.*` attributes.
//!
//! On purpose it differs in one thing: files compressed by the Windows Overlay Filter are regular files with their
//! true contents (see [`wof`]), not broken links. Encrypted files, and WOF files backed by an archive, are
//! *unsupported* when they are read.
//!
//! Structures are named as in the Linux-NTFS documentation and in Microsoft's MS-FSCC, MS-XCA and MS-DTYP.

use std::ops::ControlFlow;

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Errno, Error, ReadAt, Result, Source};

use crate::{DirEntry, FileType, Filesystem, NodeId, Stat, StatVfs, Xattr};

mod attribute;
mod attribute_list;
mod bit_reader;
mod bitmap;
mod boot_sector;
mod directory;
mod ea;
mod file_name;
mod file_record;
mod huffman;
mod index;
mod inode;
mod link_target;
mod lznt1;
mod lzx;
mod minimum_size;
mod object_id;
mod reparse_point;
mod runs;
mod security;
mod special_file;
mod standard_information;
mod stream;
mod upcase;
mod update_sequence;
mod utf16;
mod volume;
mod wof;
mod xattr;
mod xpress_huffman;

use attribute::AttributeType;
use directory::Name;
use index::DIRECTORY_INDEX;
use inode::Inode;
use special_file::Kind;
use standard_information::{StandardInformation, file_attributes};
use stream::OpenStream;
use volume::{Volume, system_file};
use wof::WofFile;

/// Permissions of every file: ntfs-3g's mount without the option `permissions` masks nothing.
const PERMISSIONS: u32 = 0o777;

/// ntfs-3g sets no permission at all on the special files of the Windows Subsystem for Linux.
fn permissions(kind: &Kind, information: &StandardInformation) -> u32 {
    match kind {
        Kind::CharDevice(_) | Kind::BlockDevice(_) | Kind::Fifo | Kind::Socket
            if information.has(file_attributes::REPARSE_POINT) =>
        {
            0
        }
        _ => PERMISSIONS,
    }
}

/// *Corrupt* if a bitmap is much longer than what it counts needs: bitmaps grow ahead in steps, but counting what is
/// no more than a number in the image would take for ever.
fn check_bitmap(bytes: u64, bits: u64) -> Result<()> {
    const AHEAD: u64 = 1 << 20;
    if bytes > (bits >> 3).saturating_add(AHEAD) {
        return Err(Error::corrupt(format!("ntfs: a bitmap of {bytes} bytes for {bits} bits")));
    }
    Ok(())
}

fn missing_bitmap() -> Error {
    Error::corrupt("ntfs: a bitmap is missing")
}

/// The block size that a mount through FUSE reports, unless clusters are smaller: a page.
const MAX_BLOCK_SIZE: u64 = 4096;

/// If this file exists, ntfs-3g maps Windows accounts to Linux ones and shows true owners and permissions.
const USER_MAPPING: [&str; 2] = [".NTFS-3G", "UserMapping"];

/// An NTFS volume.
pub struct Ntfs {
    volume: Volume,
    mount_point: BString,
    has_user_mapping: bool,
}

impl Ntfs {
    /// Opens the volume in `source`. Whether it was unmounted cleanly doesn't matter: what is on the disk is read.
    ///
    /// *Corrupt* if it isn't NTFS, or what is needed to find files contradicts itself.
    pub fn open(source: Source) -> Result<Self> {
        let mut ntfs = Ntfs { volume: Volume::open(source)?, mount_point: BString::default(), has_user_mapping: false };
        let mut node = Some(ntfs.root());
        for name in USER_MAPPING {
            node = match node {
                Some(dir) if ntfs.inode(dir)?.record.is_directory() => ntfs.lookup(dir, name.into())?,
                _ => None,
            };
        }
        ntfs.has_user_mapping = node.is_some();
        Ok(ntfs)
    }

    /// The file in `dir` whose name equals `name` but for case, by the volume's own upper-case table, and that name
    /// as it is stored. Of several, the one that collates first. `ENOTDIR` if `dir` isn't a directory.
    pub fn lookup_ignoring_case(&self, dir: NodeId, name: &BStr) -> Result<Option<(NodeId, BString)>> {
        let found = directory::lookup_bytes_ignoring_case(&self.volume, &self.directory(dir)?, name)?;
        Ok(found.map(|(number, name)| (NodeId(number), name)))
    }

    /// The names of the alternate data streams of a file, in the order of its attributes.
    pub fn stream_names(&self, node: NodeId) -> Result<Vec<BString>> {
        let names = xattr::stream_names(&self.volume, &self.inode(node)?)?;
        Ok(names.iter().map(|name| utf16::to_bytes(utf16::units(name))).collect())
    }

    /// The alternate data stream `name`, of any length; `None` if the file has none of that name. The name is
    /// compared exactly.
    pub fn open_stream(&self, node: NodeId, name: &BStr) -> Result<Option<Box<dyn ReadAt + '_>>> {
        let Some(units) = utf16::from_bytes(name).filter(|units| !units.is_empty()) else { return Ok(None) };
        let name: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let stream = self.open_data(&self.inode(node)?, &name)?;
        Ok(stream.map(|stream| Box::new(stream) as _))
    }

    /// Clusters that nothing uses.
    fn count_free_clusters(&self) -> Result<u64> {
        let bitmap = Inode::open(&self.volume, system_file::BITMAP)?;
        let bitmap = bitmap.stream(&self.volume, AttributeType::DATA, b"")?.ok_or_else(missing_bitmap)?;
        check_bitmap(bitmap.len(), self.volume.boot.clusters)?;
        bitmap::count_free(&OpenStream::new(self.volume.source(), bitmap))
    }

    fn inode(&self, node: NodeId) -> Result<Inode> {
        Inode::open(&self.volume, node.0)
    }

    /// Opens a directory. One that is a reparse point is a link to whoever looks at it.
    fn directory(&self, node: NodeId) -> Result<Inode> {
        let inode = self.inode(node)?;
        let is_link = inode.standard_information(&self.volume)?.has(file_attributes::REPARSE_POINT);
        if is_link || !inode.record.is_directory() {
            return Err(Error::os(Errno::ENOTDIR));
        }
        Ok(inode)
    }

    fn kind_of(&self, inode: &Inode) -> Result<Kind> {
        let information = inode.standard_information(&self.volume)?;
        Kind::of(&self.volume, inode, &information, self.mount_point.as_bstr())
    }

    fn open_data(&self, inode: &Inode, name: &[u8]) -> Result<Option<OpenStream<'_>>> {
        let stream = inode.stream(&self.volume, AttributeType::DATA, name)?;
        Ok(stream.map(|stream| OpenStream::new(self.volume.source(), stream)))
    }

    /// The type that a directory shows of a file: from the index where that tells it, so that the record needn't be
    /// read. As in ntfs-3g it is a hint: the index may be behind the file.
    fn entry_type(&self, name: &Name<'_>) -> FileType {
        let has = |flag: u32| name.attributes & flag != 0;
        let is_directory = has(file_attributes::I30_INDEX_PRESENT);
        if has(file_attributes::REPARSE_POINT) || has(file_attributes::SYSTEM) && !is_directory {
            let kind = self.inode(NodeId(name.number)).and_then(|inode| self.kind_of(&inode));
            return kind.map_or(FileType::Unknown, |kind| FileType::from_mode(kind.mode()));
        }
        if is_directory { FileType::Directory } else { FileType::Regular }
    }
}

impl Filesystem for Ntfs {
    fn kind(&self) -> &'static str {
        "ntfs"
    }

    /// Absolute targets of links are shown below the mount point, as ntfs-3g shows them.
    fn mounted_at(&mut self, path: &BStr) {
        self.mount_point = path.trim_end_with(|letter| letter == '/').into();
    }

    fn root(&self) -> NodeId {
        NodeId(system_file::ROOT)
    }

    /// As in ntfs-3g, NTFS's own files and 8.3 names are found, though they aren't listed.
    fn lookup(&self, dir: NodeId, name: &BStr) -> Result<Option<NodeId>> {
        Ok(directory::lookup(&self.volume, &self.directory(dir)?, name)?.map(NodeId))
    }

    fn read_dir(&self, dir: NodeId, visit: &mut dyn FnMut(DirEntry<'_>) -> ControlFlow<()>) -> Result<()> {
        directory::read(&self.volume, &self.directory(dir)?, &mut |name| {
            // The root directory holds itself as "." among NTFS's own files.
            if name.number < system_file::FIRST_USER {
                return Ok(ControlFlow::Continue(()));
            }
            let file_type = self.entry_type(&name);
            Ok(visit(DirEntry { name: name.bytes, node: NodeId(name.number), file_type }))
        })
    }

    fn stat(&self, node: NodeId) -> Result<Stat> {
        if self.has_user_mapping {
            return Err(Error::unsupported("ntfs: owners and permissions from /.NTFS-3G/UserMapping"));
        }
        let volume = &self.volume;
        let inode = self.inode(node)?;
        let information = inode.standard_information(volume)?;
        let kind = Kind::of(volume, &inode, &information, self.mount_point.as_bstr())?;
        let data = inode.sizes(volume, AttributeType::DATA, b"")?.unwrap_or_default();
        let mut stat = Stat {
            ino: node.0,
            mode: kind.mode() | permissions(&kind, &information),
            nlink: u64::from(inode.record.link_count),
            size: data.data,
            blksize: volume.boot.cluster_size.min(MAX_BLOCK_SIZE),
            blocks: data.allocated.div_ceil(512),
            atime: information.access.into(),
            mtime: information.data_change.into(),
            ctime: information.record_change.into(),
            ..Stat::default()
        };
        match kind {
            Kind::Directory => {
                let index = inode.sizes(volume, AttributeType::INDEX_ALLOCATION, DIRECTORY_INDEX)?;
                let index = index.unwrap_or_default();
                // One link tells programs that the count of subdirectories isn't known.
                stat.nlink = 1;
                stat.size = index.data;
                stat.blocks = index.allocated >> 9;
            }
            Kind::Symlink(target) => stat.size = target.len() as u64,
            Kind::CharDevice(device) | Kind::BlockDevice(device) => stat.rdev = device,
            Kind::Wof(_) => {
                let stored = inode.sizes(volume, AttributeType::DATA, wof::STREAM)?.unwrap_or_default();
                stat.blocks = stored.allocated.div_ceil(512);
            }
            Kind::Regular | Kind::Fifo | Kind::Socket => {}
        }
        Ok(stat)
    }

    fn read_link(&self, node: NodeId) -> Result<BString> {
        match self.kind_of(&self.inode(node)?)? {
            Kind::Symlink(target) => Ok(target),
            _ => Err(Error::os(Errno::EINVAL)),
        }
    }

    fn open(&self, node: NodeId) -> Result<Box<dyn ReadAt + '_>> {
        let inode = self.inode(node)?;
        match self.kind_of(&inode)? {
            Kind::Regular => match self.open_data(&inode, b"")? {
                Some(stream) => Ok(Box::new(stream)),
                None => Ok(Box::new(Vec::new())),
            },
            Kind::Wof(data) => {
                let algorithm = wof::Algorithm::parse(&data)?;
                let size = inode.sizes(&self.volume, AttributeType::DATA, b"")?.unwrap_or_default().data;
                let compressed = self.open_data(&inode, wof::STREAM)?;
                let compressed = compressed.ok_or_else(|| Error::corrupt("ntfs: WOF's stream is missing"))?;
                Ok(Box::new(WofFile::new(compressed, algorithm, size)))
            }
            Kind::Directory => Err(Error::os(Errno::EISDIR)),
            _ => Err(Error::os(Errno::EINVAL)),
        }
    }

    /// The alternate data streams. `E2BIG` if one is longer than Linux lets an attribute be: [`Ntfs::open_stream`]
    /// reads those.
    fn xattrs(&self, node: NodeId) -> Result<Vec<Xattr>> {
        let inode = self.inode(node)?;
        let mut xattrs = Vec::new();
        for name in xattr::stream_names(&self.volume, &inode)? {
            let value = xattr::stream_value(&self.volume, &inode, &name)?.unwrap_or_default();
            xattrs.push(Xattr { name: xattr::of_stream(&name), value });
        }
        Ok(xattrs)
    }

    /// Any stream, and the properties `system.ntfs_*`: `acl`, `attrib`, `times`, `crtime` (the last three with `_be`
    /// as well), `dos_name`, `object_id`, `reparse_data`, `ea`.
    fn xattr(&self, node: NodeId, name: &BStr) -> Result<Option<Vec<u8>>> {
        xattr::value(&self.volume, &self.inode(node)?, name)
    }

    fn statvfs(&self) -> Result<StatVfs> {
        let boot = &self.volume.boot;
        let free = self.count_free_clusters()?;
        let mft = Inode::open(&self.volume, system_file::MFT)?;
        let records = mft.stream(&self.volume, AttributeType::BITMAP, b"")?.ok_or_else(missing_bitmap)?;
        let sizes = records.sizes();
        check_bitmap(sizes.data, self.volume.records())?;
        let free_records = bitmap::count_free(&OpenStream::new(self.volume.source(), records))?;
        // A volume has as many inodes as its free clusters have room for, and those that the bitmap has room for.
        let more = free.saturating_mul(boot.cluster_size).checked_div(boot.record_size as u64).unwrap_or(0);
        let grown = sizes.allocated.saturating_sub(sizes.data).saturating_mul(8);
        let free_inodes = more.saturating_add(free_records).saturating_add(grown);
        Ok(StatVfs {
            bsize: boot.cluster_size,
            frsize: boot.cluster_size,
            blocks: boot.clusters,
            bfree: free,
            bavail: free,
            files: sizes.allocated.saturating_mul(8).saturating_add(more),
            ffree: free_inodes,
            favail: free_inodes,
            fsid: 0,
            namemax: directory::MAX_NAME as u64,
        })
    }

    fn label(&self) -> BString {
        self.volume.label.clone()
    }

    /// The volume serial number, as 16 upper-case hexadecimal digits.
    fn uuid(&self) -> BString {
        format!("{:016X}", self.volume.boot.serial).into()
    }
}

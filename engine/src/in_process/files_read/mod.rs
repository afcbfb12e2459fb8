//! The group `files-read`: questions about files.

mod describe;
mod df;
pub(super) mod glob;
mod grep;
mod hexdump;
mod lines;
mod listing;
mod listing_cache;
mod posix_regex;

use std::collections::HashSet;
use std::io::Write;
use std::ops::ControlFlow;

use bstr::{BStr, BString};
use glassbox_api::options::{
    GlobExpandOpts, GrepOpts, IsBlockdevOpts, IsChardevOpts, IsDirOpts, IsFifoOpts, IsFileOpts, IsSocketOpts,
};
use glassbox_api::protocol::MESSAGE_MAX;
use glassbox_api::structs::{Dirent, StatNs, StatVfs};
use glassbox_api::xdr::Encoder;
use glassbox_api::{FilesRead, Record};
use glassbox_filesystems::{FileType, NodeId, Stat};
use glassbox_io::{Errno, Error, ExtentKind, Extents, ReadAt, Result, ResultExt};

use super::InProcess;
use crate::replay::Change;
use crate::vfs::{Follow, Located, Mount, Step, Vfs, join};

use grep::Grep;
use listing_cache::Listing;
pub(crate) use listing_cache::Listings;

/// `ST_RDONLY` and `ST_RELATIME` of statvfs(3): how the appliance's mounts look.
const ST_RDONLY: i64 = 1;
const ST_RELATIME: i64 = 4096;

impl InProcess {
    /// Reads from the regular file at `path`, symbolic links followed. Errors name the path.
    pub(crate) fn with_file<T>(&self, path: &BStr, read: impl FnOnce(&dyn ReadAt) -> Result<T>) -> Result<T> {
        let found = self.locate(path, Follow::Always)?;
        let result = found.filesystem.open(found.node).and_then(|file| read(&file));
        result.at_path(path)
    }

    /// Reads from a device or a file, whichever the name is of.
    pub(crate) fn with_device_or_file<T>(&self, name: &BStr, read: impl FnOnce(&dyn ReadAt) -> Result<T>) -> Result<T> {
        match name.starts_with(b"/dev/") {
            true => read(&self.device_source(name)?).at_path(name),
            false => self.with_file(name, read),
        }
    }

    /// The file at `path`, which must be a directory.
    pub(crate) fn directory(&self, path: &BStr) -> Result<Located> {
        directory(&self.vfs, path)
    }

    /// The directory at `path` with its names; those listed last are remembered.
    fn listing(&mut self, path: &BStr) -> Result<&Listing> {
        let vfs = &self.vfs;
        self.listings.list(vfs, path, |path| directory(vfs, path))
    }

    /// What each of `names` in the directory `path` is, seen through mounts; `None` where there is nothing or it can't
    /// be looked up.
    pub(crate) fn files_in(
        &mut self,
        path: &BStr,
        names: &[&BStr],
    ) -> Result<impl Iterator<Item = Option<(&Mount, NodeId)>>> {
        let vfs = &self.vfs;
        let (directory, nodes) = self.listings.find(vfs, path, names, |path| directory(vfs, path))?;
        Ok(nodes.into_iter().map(move |node| vfs.seen(&directory, node?)))
    }

    /// Whether `path` names a file of this type. One that isn't there is of no type.
    fn is_type(&self, path: &BStr, wanted: FileType, follow: Option<bool>) -> Result<bool> {
        let follow = if follow.unwrap_or(false) { Follow::Always } else { Follow::NotLast };
        match self.locate(path, follow).and_then(|found| found.file_type()) {
            Ok(found) => Ok(found == wanted),
            Err(error) if matches!(error.errno(), Errno::ENOENT | Errno::ENOTDIR) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn stat_ns(&self, path: &BStr, follow: Follow) -> Result<StatNs> {
        let found = self.locate(path, follow)?;
        Ok(to_statns(&found.stat().at_path(path)?, found.device_number))
    }

    fn download_range(&mut self, name: &BStr, range: std::ops::Range<u64>, out: &mut dyn Write) -> Result<()> {
        let mut job = self.job();
        let copied = self.with_device_or_file(name, |source| job.copy(source, range, out));
        match copied {
            Err(error) if error.errno() == Errno::EISDIR => {
                Err(Error::os_with(Errno::EISDIR, "is a directory").at_path(name))
            }
            other => other.map(drop),
        }
    }

    fn grep_lines(&self, grep: &Grep, path: &BStr, compressed: bool) -> Result<Vec<BString>> {
        self.with_file(path, |file| grep.lines(file, compressed))
    }
}

fn directory(vfs: &Vfs, path: &BStr) -> Result<Located> {
    let found = vfs.resolve(path, Follow::Always)?;
    match found.file_type()? {
        FileType::Directory => Ok(found),
        _ => Err(Error::os(Errno::ENOTDIR).at_path(path)),
    }
}

/// A filesystem's metadata in the form of the API.
pub(crate) fn to_statns(stat: &Stat, device_number: u64) -> StatNs {
    StatNs {
        st_dev: device_number as i64,
        st_ino: stat.ino as i64,
        st_mode: i64::from(stat.mode),
        st_nlink: stat.nlink as i64,
        st_uid: i64::from(stat.uid),
        st_gid: i64::from(stat.gid),
        st_rdev: stat.rdev as i64,
        st_size: stat.size as i64,
        st_blksize: stat.blksize as i64,
        st_blocks: stat.blocks as i64,
        st_atime_sec: stat.atime.seconds,
        st_atime_nsec: i64::from(stat.atime.nanoseconds),
        st_mtime_sec: stat.mtime.seconds,
        st_mtime_nsec: i64::from(stat.mtime.nanoseconds),
        st_ctime_sec: stat.ctime.seconds,
        st_ctime_nsec: i64::from(stat.ctime.nanoseconds),
        ..StatNs::default()
    }
}

/// Whether all of `source` reads as zeros; holes aren't read for it.
pub(crate) fn is_all_zero(source: &dyn ReadAt) -> Result<bool> {
    let mut buf = vec![0; 256 << 10];
    for extent in Extents::new(source, 0) {
        let (start, extent) = extent?;
        if extent.kind == ExtentKind::Hole {
            continue;
        }
        let mut offset = start;
        let end = start + extent.length;
        while offset < end {
            let piece = buf.len().min(usize::try_from(end - offset).unwrap_or(usize::MAX));
            source.read_exact_at(&mut buf[..piece], offset)?;
            if buf[..piece].iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            offset += piece as u64;
        }
    }
    Ok(true)
}

fn not_negative(value: i64, what: &str) -> Result<u64> {
    u64::try_from(value).map_err(|_| Error::usage(format!("{what} is negative")))
}

/// Reads `count` bytes at `offset`; fewer where the end comes first.
fn pread(source: &dyn ReadAt, count: i32, offset: i64) -> Result<Vec<u8>> {
    let count = not_negative(i64::from(count), "count")?;
    let offset = not_negative(offset, "offset")?;
    // Here nothing bounds a reply, but programs read in pieces that fit into libguestfs's messages.
    if count >= MESSAGE_MAX as u64 {
        return Err(Error::usage("count is too large for the protocol, use smaller reads"));
    }
    // No more than there is: the count comes from a caller who may ask for 2 GiB of a small file.
    let available = source.len().saturating_sub(offset).min(count);
    let mut buf = vec![0; usize::try_from(available).unwrap_or(0)];
    let read = source.read_at(&mut buf, offset)?;
    buf.truncate(read);
    Ok(buf)
}

impl FilesRead for InProcess {
    fn download(&mut self, remotefilename: &BStr, filename: &mut dyn Write) -> Result<()> {
        self.download_range(remotefilename, 0..u64::MAX, filename)
    }

    fn download_offset(
        &mut self,
        remotefilename: &BStr,
        filename: &mut dyn Write,
        offset: i64,
        size: i64,
    ) -> Result<()> {
        let offset = not_negative(offset, "offset in file").at_path(remotefilename)?;
        let size = not_negative(size, "size").at_path(remotefilename)?;
        self.download_range(remotefilename, offset..offset.saturating_add(size), filename)
    }

    fn pread(&mut self, path: &BStr, count: i32, offset: i64) -> Result<Vec<u8>> {
        self.with_file(path, |file| pread(file, count, offset))
    }

    fn pread_device(&mut self, device: &BStr, count: i32, offset: i64) -> Result<Vec<u8>> {
        pread(&self.device_source(device)?, count, offset).at_path(device)
    }

    fn statns(&mut self, path: &BStr) -> Result<StatNs> {
        self.stat_ns(path, Follow::Always)
    }

    fn lstatns(&mut self, path: &BStr) -> Result<StatNs> {
        self.stat_ns(path, Follow::NotLast)
    }

    fn internal_lstatnslist(&mut self, path: &BStr, names: &[&BStr]) -> Result<Vec<StatNs>> {
        let stat = |file: Option<(&Mount, NodeId)>| {
            let (mount, node) = file?;
            Some(to_statns(&mount.filesystem.stat(node).ok()?, mount.device_number))
        };
        // A file that isn't there has no inode number; the others are told nonetheless.
        let missing = || StatNs { st_ino: -1, ..StatNs::default() };
        Ok(self.files_in(path, names)?.map(|file| stat(file).unwrap_or_else(missing)).collect())
    }

    fn internal_readlinklist(&mut self, path: &BStr, names: &[&BStr]) -> Result<Vec<BString>> {
        let target =
            |file: Option<(&Mount, NodeId)>| file.and_then(|(mount, node)| mount.filesystem.read_link(node).ok());
        Ok(self.files_in(path, names)?.map(|file| target(file).unwrap_or_default()).collect())
    }

    fn statvfs(&mut self, path: &BStr) -> Result<StatVfs> {
        let found = self.locate(path, Follow::Always)?;
        let stat = found.filesystem.statvfs().at_path(path)?;
        let vfat = found.filesystem.kind() == "vfat";
        let read_only = self.vfs.mount_of(&found).is_some_and(|mount| mount.read_only);
        Ok(StatVfs {
            bsize: stat.bsize as i64,
            frsize: stat.frsize as i64,
            blocks: stat.blocks as i64,
            bfree: stat.bfree as i64,
            bavail: stat.bavail as i64,
            files: stat.files as i64,
            ffree: stat.ffree as i64,
            favail: stat.favail as i64,
            // Filesystems without an identity of their own are known by their device.
            fsid: if vfat { found.device_number as i64 } else { stat.fsid as i64 },
            flag: ST_RELATIME | if read_only { ST_RDONLY } else { 0 },
            namemax: stat.namemax as i64,
        })
    }

    fn ls0(&mut self, dir: &BStr, filenames: &mut dyn Write) -> Result<()> {
        Ok(filenames.write_all(&self.listing(dir).during("opendir")?.names)?)
    }

    fn internal_readdir(&mut self, dir: &BStr, filename: &mut dyn Write) -> Result<()> {
        let found = self.directory(dir).during("opendir")?;
        let parent = self.locate(join(found.path.as_ref(), "..".into()).as_ref(), Follow::Always)?;
        let mut names = Vec::new();
        let mut encode = |name: &BStr, ino: u64, file_type: FileType| -> Result<()> {
            let mut encoder = Encoder::default();
            Dirent { ino: ino as i64, ftyp: file_type.letter(), name: name.to_owned() }.encode(&mut encoder);
            names.extend_from_slice(&encoder.finish()?);
            Ok(())
        };
        encode(".".into(), found.stat()?.ino, FileType::Directory)?;
        encode("..".into(), parent.stat()?.ino, FileType::Directory)?;
        let mut failed = None;
        found.filesystem.read_dir(
            found.node,
            &mut |entry| match encode(entry.name, entry.node.0, entry.file_type) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            },
        )?;
        failed.map_or(Ok(()), Err)?;
        Ok(filename.write_all(&names)?)
    }

    fn find0(&mut self, directory: &BStr, files: &mut dyn Write) -> Result<()> {
        let start = self.directory(directory).map_err(|error| match error.errno() {
            Errno::ENOTDIR => Error::os_with(Errno::ENOTDIR, "not a directory").at_path(directory),
            _ => error,
        })?;
        let mut files = std::io::BufWriter::with_capacity(64 << 10, files);
        // libguestfs cuts what it was given off each path, so a slash stays unless it was given too.
        let slash: &[u8] = if directory.ends_with(b"/") { b"" } else { b"/" };
        let walked = self.vfs.walk(&start, &mut |visit| {
            files.write_all(slash)?;
            files.write_all(visit.path)?;
            files.write_all(b"\0")?;
            Ok(Step::On)
        });
        // What was found is told, also where something couldn't be read.
        files.flush()?;
        walked
    }

    fn du(&mut self, path: &BStr) -> Result<i64> {
        let start = self.locate(path, Follow::NotLast).during("du")?;
        let stat = start.stat()?;
        let mut blocks = stat.blocks;
        // A file with several names takes its room once.
        let mut counted = HashSet::new();
        if stat.file_type() == FileType::Directory {
            self.vfs.walk(&start, &mut |visit| {
                let stat = visit.stat()?;
                let alone = stat.nlink <= 1 || stat.file_type() == FileType::Directory;
                if alone || counted.insert((visit.device_number, visit.node)) {
                    blocks += stat.blocks;
                }
                Ok(Step::On)
            })?;
        }
        Ok(blocks.div_ceil(2) as i64)
    }

    fn equal(&mut self, file1: &BStr, file2: &BStr) -> Result<bool> {
        self.with_file(file1, |first| {
            self.with_file(file2, |second| {
                if first.len() != second.len() {
                    return Ok(false);
                }
                let (mut one, mut two) = (vec![0; 256 << 10], vec![0; 256 << 10]);
                let mut offset = 0;
                loop {
                    let count = first.read_at(&mut one, offset)?;
                    if second.read_at(&mut two, offset)? != count || one[..count] != two[..count] {
                        return Ok(false);
                    }
                    if count == 0 {
                        return Ok(true);
                    }
                    offset += count as u64;
                }
            })
        })
    }

    /// A symbolic link exists, whether or not its target does.
    fn exists(&mut self, path: &BStr) -> Result<bool> {
        match self.locate(path, Follow::NotLast) {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.errno(), Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn filesize(&mut self, file: &BStr) -> Result<i64> {
        Ok(self.locate(file, Follow::Always)?.stat()?.size as i64)
    }

    fn readlink(&mut self, path: &BStr) -> Result<BString> {
        let found = self.locate(path, Follow::NotLast).during("readlink")?;
        found.filesystem.read_link(found.node).at_path(path).during("readlink")
    }

    fn realpath(&mut self, path: &BStr) -> Result<BString> {
        Ok(self.locate(path, Follow::Always).during("realpath")?.path)
    }

    fn case_sensitive_path(&mut self, path: &BStr) -> Result<BString> {
        self.vfs.spelled(path)
    }

    fn is_file(&mut self, path: &BStr, opts: IsFileOpts) -> Result<bool> {
        self.is_type(path, FileType::Regular, opts.followsymlinks)
    }
    fn is_dir(&mut self, path: &BStr, opts: IsDirOpts) -> Result<bool> {
        self.is_type(path, FileType::Directory, opts.followsymlinks)
    }
    fn is_symlink(&mut self, path: &BStr) -> Result<bool> {
        self.is_type(path, FileType::Symlink, None)
    }
    fn is_fifo(&mut self, path: &BStr, opts: IsFifoOpts) -> Result<bool> {
        self.is_type(path, FileType::Fifo, opts.followsymlinks)
    }
    fn is_socket(&mut self, path: &BStr, opts: IsSocketOpts) -> Result<bool> {
        self.is_type(path, FileType::Socket, opts.followsymlinks)
    }
    fn is_chardev(&mut self, path: &BStr, opts: IsChardevOpts) -> Result<bool> {
        self.is_type(path, FileType::CharDevice, opts.followsymlinks)
    }
    fn is_blockdev(&mut self, path: &BStr, opts: IsBlockdevOpts) -> Result<bool> {
        self.is_type(path, FileType::BlockDevice, opts.followsymlinks)
    }

    fn is_zero(&mut self, path: &BStr) -> Result<bool> {
        self.with_file(path, is_all_zero)
    }
    fn is_zero_device(&mut self, device: &BStr) -> Result<bool> {
        is_all_zero(&self.device_source(device)?).at_path(device)
    }

    fn umask(&mut self, mask: i32) -> Result<i32> {
        let new = u32::try_from(mask).ok().filter(|mask| *mask <= 0o777);
        let new = new.ok_or_else(|| Error::usage(format!("0{mask:o}: mask negative or out of range")))?;
        self.remember(Change::Lasting);
        Ok(std::mem::replace(&mut self.umask, new) as i32)
    }
    fn get_umask(&mut self) -> Result<i32> {
        Ok(self.umask as i32)
    }

    fn head(&mut self, path: &BStr) -> Result<Vec<BString>> {
        self.head_n(10, path)
    }
    fn head_n(&mut self, nrlines: i32, path: &BStr) -> Result<Vec<BString>> {
        self.with_file(path, |file| lines::head(file, nrlines))
    }
    fn tail(&mut self, path: &BStr) -> Result<Vec<BString>> {
        self.tail_n(10, path)
    }
    fn tail_n(&mut self, nrlines: i32, path: &BStr) -> Result<Vec<BString>> {
        self.with_file(path, |file| lines::tail(file, nrlines))
    }
    fn wc_c(&mut self, path: &BStr) -> Result<i32> {
        self.with_file(path, |file| lines::counted(file.len()))
    }
    fn wc_l(&mut self, path: &BStr) -> Result<i32> {
        self.with_file(path, |file| lines::counted(lines::count_lines(file)?))
    }
    fn wc_w(&mut self, path: &BStr) -> Result<i32> {
        self.with_file(path, |file| lines::counted(lines::count_words(file)?))
    }
    fn strings(&mut self, path: &BStr) -> Result<Vec<BString>> {
        self.strings_e("s".into(), path)
    }
    fn strings_e(&mut self, encoding: &BStr, path: &BStr) -> Result<Vec<BString>> {
        let encoding = lines::Encoding::parse(encoding)?;
        self.with_file(path, |file| lines::strings(file, encoding))
    }

    fn file(&mut self, path: &BStr) -> Result<BString> {
        self.describe(path)
    }
    fn zfile(&mut self, meth: &BStr, path: &BStr) -> Result<BString> {
        self.describe_compressed(meth, path)
    }

    fn hexdump(&mut self, path: &BStr) -> Result<BString> {
        self.with_file(path, hexdump::canonical)
    }

    fn glob_expand(&mut self, pattern: &BStr, opts: GlobExpandOpts) -> Result<Vec<BString>> {
        glob::expand(&self.vfs, pattern, opts.directoryslash.unwrap_or(true))
    }

    fn ll(&mut self, directory: &BStr) -> Result<BString> {
        listing::long(&self.vfs, directory, false)
    }
    fn llz(&mut self, directory: &BStr) -> Result<BString> {
        listing::long(&self.vfs, directory, true)
    }

    fn df(&mut self) -> Result<BString> {
        df::table(self.vfs.mounts(), false)
    }
    fn df_h(&mut self) -> Result<BString> {
        df::table(self.vfs.mounts(), true)
    }

    fn grep(&mut self, regex: &BStr, path: &BStr, opts: GrepOpts) -> Result<Vec<BString>> {
        let extended = opts.extended.unwrap_or(false);
        if extended && opts.fixed.unwrap_or(false) {
            return Err(Error::usage("can't use 'extended' and 'fixed' flags at the same time"));
        }
        let grep = match opts.fixed {
            Some(true) => Grep::fixed(regex, opts.insensitive.unwrap_or(false))?,
            _ => Grep::new(regex, extended, opts.insensitive.unwrap_or(false))?,
        };
        self.grep_lines(&grep, path, opts.compressed.unwrap_or(false))
    }
    fn grepi(&mut self, regex: &BStr, path: &BStr) -> Result<Vec<BString>> {
        self.grep_lines(&Grep::new(regex, false, true)?, path, false)
    }
    fn egrep(&mut self, regex: &BStr, path: &BStr) -> Result<Vec<BString>> {
        self.grep_lines(&Grep::new(regex, true, false)?, path, false)
    }
    fn egrepi(&mut self, regex: &BStr, path: &BStr) -> Result<Vec<BString>> {
        self.grep_lines(&Grep::new(regex, true, true)?, path, false)
    }
    fn fgrep(&mut self, pattern: &BStr, path: &BStr) -> Result<Vec<BString>> {
        self.grep_lines(&Grep::fixed(pattern, false)?, path, false)
    }
    fn fgrepi(&mut self, pattern: &BStr, path: &BStr) -> Result<Vec<BString>> {
        self.grep_lines(&Grep::fixed(pattern, true)?, path, false)
    }
    fn zgrep(&mut self, regex: &BStr, path: &BStr) -> Result<Vec<BString>> {
        self.grep_lines(&Grep::new(regex, false, false)?, path, true)
    }
    fn zgrepi(&mut self, regex: &BStr, path: &BStr) -> Result<Vec<BString>> {
        self.grep_lines(&Grep::new(regex, false, true)?, path, true)
    }
    fn zegrep(&mut self, regex: &BStr, path: &BStr) -> Result<Vec<BString>> {
        self.grep_lines(&Grep::new(regex, true, false)?, path, true)
    }
    fn zegrepi(&mut self, regex: &BStr, path: &BStr) -> Result<Vec<BString>> {
        self.grep_lines(&Grep::new(regex, true, true)?, path, true)
    }
    fn zfgrep(&mut self, pattern: &BStr, path: &BStr) -> Result<Vec<BString>> {
        self.grep_lines(&Grep::fixed(pattern, false)?, path, true)
    }
    fn zfgrepi(&mut self, pattern: &BStr, path: &BStr) -> Result<Vec<BString>> {
        self.grep_lines(&Grep::fixed(pattern, true)?, path, true)
    }
}

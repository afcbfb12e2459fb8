//! A file of the host, open for reading.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use glassbox_io::{Errno, Error, Extent, ExtentKind, ReadAt, Result, ResultExt};
use rustix::fs::OFlags;

/// A regular file or a block device of the host.
///
/// It is never open for writing. Reads are `pread`: a map would turn a file that shrinks under us into SIGBUS for the
/// program that embeds us; so, such a file is an I/O error.
pub(crate) struct HostFile {
    file: File,
    length: u64,
    id: FileId,
    path: Box<Path>,
}

/// What tells a file of the host from every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

impl HostFile {
    /// Opens `path`. Its length is taken now and stays.
    pub fn open(path: &Path) -> Result<Self> {
        // An image may name a FIFO as its backing file: without O_NONBLOCK, open would wait for a writer.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let at_path = |error: std::io::Error| Error::from(error).at_file(path);
        let mut file = File::options()
            .read(true)
            .custom_flags(i32::from_ne_bytes(flags.bits().to_ne_bytes()))
            .open(path)
            .map_err(at_path)?;
        let metadata = file.metadata().map_err(at_path)?;
        let kind = metadata.file_type();
        let length = if kind.is_file() {
            metadata.len()
        } else if kind.is_block_device() {
            file.seek(SeekFrom::End(0)).map_err(at_path)?
        } else {
            let errno = if kind.is_dir() { Errno::EISDIR } else { Errno::ENOTBLK };
            let error = Error::os_with(errno, "a disk image is a regular file or a block device, this is neither");
            return Err(error.at_file(path));
        };
        let id = FileId { device: metadata.dev(), inode: metadata.ino() };
        Ok(HostFile { file, length, id, path: path.into() })
    }

    pub fn id(&self) -> FileId {
        self.id
    }
}

impl ReadAt for HostFile {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buf.len().min(left);
        let mut done = 0usize;
        while let Some(rest) = buf.get_mut(done..wanted).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(done as u64);
            match self.file.read_at(rest, at) {
                Ok(0) => Err(std::io::Error::other("the file became shorter while it was read")),
                Ok(count) => {
                    done = done.saturating_add(count);
                    Ok(())
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Ok(()),
                Err(error) => Err(error),
            }
            .at_offset(at)
            .at_file(&self.path)?;
        }
        Ok(done)
    }

    fn extent_at(&self, offset: u64) -> Result<Extent> {
        Ok(file_extent(&self.file, self.length, offset))
    }
}

/// The run of data, or the hole, that begins at `offset` of an open file of this length. The file's cursor is moved, so it
/// should be used for nothing else.
pub fn file_extent(file: &File, length: u64, offset: u64) -> Extent {
    let left = length.saturating_sub(offset);
    if left == 0 {
        return Extent { length: 0, kind: ExtentKind::Hole };
    }
    let (kind, end) = match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(offset)) {
        Ok(data) if data > offset => (ExtentKind::Hole, data),
        Ok(_) => {
            let hole = rustix::fs::seek(file, rustix::fs::SeekFrom::Hole(offset));
            (ExtentKind::Data, hole.unwrap_or(length))
        }
        // lseek(2): "whence is SEEK_DATA or SEEK_HOLE, and offset is beyond the end of the file", or no data follows.
        Err(rustix::io::Errno::NXIO) => (ExtentKind::Hole, length),
        // Block devices and some filesystems don't know: then it is data.
        Err(_) => (ExtentKind::Data, length),
    };
    // The file may have changed between the two calls; a run of length 0 would stop our caller.
    let length = end.saturating_sub(offset).min(left);
    if length == 0 { Extent { length: left, kind: ExtentKind::Data } } else { Extent { length, kind } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbox_io::{ErrorKind, Extents};

    #[test]
    fn holes_of_the_file_are_holes_of_the_source() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("holes.raw");
        let file = File::create(&path).unwrap();
        file.set_len(4 << 20).unwrap();
        file.write_all_at(&[7; 4096], 1 << 20).unwrap();
        file.write_all_at(&[7; 4096], 3 << 20).unwrap();
        let source = HostFile::open(&path).unwrap();
        let mut data = 0;
        let mut total = 0;
        for extent in Extents::new(&source, 0) {
            let (offset, extent) = extent.unwrap();
            assert_eq!(offset, total);
            total += extent.length;
            if extent.kind == ExtentKind::Data {
                data += extent.length;
            } else {
                let mut bytes = vec![1; extent.length as usize];
                source.read_exact_at(&mut bytes, offset).unwrap();
                assert!(bytes.iter().all(|byte| *byte == 0));
            }
        }
        assert_eq!(total, 4 << 20);
        assert!((8192..4 << 20).contains(&data), "{data} bytes of data in a file of two written blocks");
        assert_eq!(source.extent_at(4 << 20).unwrap().length, 0);
    }

    #[test]
    fn a_file_that_shrinks_is_an_error_not_a_signal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shrinks.raw");
        let file = File::create(&path).unwrap();
        file.write_all_at(&[7; 8192], 0).unwrap();
        let source = HostFile::open(&path).unwrap();
        file.set_len(4096).unwrap();
        let error = source.read_at(&mut [0; 8192], 0).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Io, Some(4096)));
        assert_eq!(source.read_at(&mut [0; 4096], 0).unwrap(), 4096);
    }

    #[test]
    fn what_is_no_disk_is_refused_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        assert_eq!(HostFile::open(&path).err().unwrap().errno(), Errno::ENOTBLK);
        assert_eq!(HostFile::open(path.parent().unwrap()).err().unwrap().errno(), Errno::EISDIR);
        assert_eq!(HostFile::open(Path::new("/nonexistent/x")).err().unwrap().errno(), Errno::ENOENT);
    }
}

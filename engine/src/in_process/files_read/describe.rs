//! What is in a file, in the words of file(1) as libguestfs runs it.

use std::io::{Read, empty};

use bstr::{BStr, BString, ByteSlice};
use glassbox_filesystems::FileType;
use glassbox_io::{Error, ErrorKind, ReadAt, Result, ResultExt};
use glassbox_magic::{Kind, Magic, unpack};

use crate::in_process::InProcess;
use crate::vfs::Follow;

/// Bytes of the answer of `zfile`.
const MAX_ZFILE: usize = 255;

impl InProcess {
    /// Answers `file`. Of a device it is the contents; what isn't a regular file is named, and links aren't followed.
    pub(super) fn describe(&mut self, path: &BStr) -> Result<BString> {
        if path.starts_with(b"/dev/") {
            let source = self.device_source(path)?;
            return self.magic()?.describe(&*source, Kind::Device).map(trim).at_path(path);
        }
        let found = self.locate(path, Follow::NotLast).during("lstat")?;
        let stat = found.stat().during("lstat")?;
        let name = match stat.file_type() {
            FileType::Regular => {
                let file = found.filesystem.open(found.node).at_path(path)?;
                return self.magic()?.describe(&file, Kind::File { mode: stat.mode }).map(trim).at_path(path);
            }
            FileType::Directory => "directory",
            FileType::Symlink => "symbolic link",
            FileType::CharDevice => "character device",
            FileType::BlockDevice => "block device",
            FileType::Fifo => "FIFO",
            FileType::Socket => "socket",
            FileType::Unknown => return Err(Error::corrupt("a file of no known type").at_path(path)),
        };
        Ok(name.into())
    }

    /// Answers `zfile`: what comes out of `zcat` or `bzcat`. That is nothing, so *empty*, of whatever they can't read.
    pub(super) fn describe_compressed(&mut self, method: &BStr, path: &BStr) -> Result<BString> {
        let unpack: fn(&dyn ReadAt) -> Result<Box<dyn Read + '_>> = match method.as_bytes() {
            b"gzip" | b"compress" => unpack::zcat,
            b"bzip2" => |file| Ok(unpack::bzcat(file)),
            _ => return Err(Error::usage("unknown method")),
        };
        // Loaded first: `with_file` borrows the mounts.
        let mut magic = self.magic.take().map_or_else(Magic::new, Ok)?;
        let described = self.with_file(path, |file| magic.describe_stream(&mut *unpack(file)?));
        let described = match described {
            Err(error) if error.kind() == ErrorKind::Os => magic.describe_stream(&mut empty()),
            other => other,
        };
        self.magic = Some(magic);
        let mut description = described?;
        description.truncate(MAX_ZFILE);
        Ok(description)
    }

    /// libmagic, which is loaded when it is first needed.
    fn magic(&mut self) -> Result<&mut Magic> {
        match &mut self.magic {
            Some(magic) => Ok(magic),
            none => Ok(none.insert(Magic::new()?)),
        }
    }
}

/// libguestfs takes white space off the end.
fn trim(mut description: BString) -> BString {
    let length = description.trim_end().len();
    description.truncate(length);
    description
}

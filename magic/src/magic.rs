//! Describing files.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;

use bstr::BString;
use glassbox_io::{Error, ReadAt, Result};

use crate::ffi::{Cookie, Flags, Stat};

/// Bytes that libmagic looks at from the beginning, and from the end: `FILE_BYTES_MAX` of its `file.h`.
const LOOKED_AT: u64 = 7 << 20;
/// Bytes of a stream that are kept on disk because libmagic wants to read them anywhere. A stream may be decompressed from much less.
const MAX_SPOOLED: u64 = 4 << 30;

/// `st_mode` of regular files, block devices and pipes.
const S_IFREG: u32 = 0o100_000;
const S_IFBLK: u32 = 0o060_000;
const S_IFIFO: u32 = 0o010_000;
const PERMISSIONS: u32 = 0o7777;

/// What the bytes are those of. libmagic asks stat(2) as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file. What is in compressed files is told, too: `file -z`.
    File {
        /// Its permissions, of which `setuid`, `setgid` and `sticky` are part of the description.
        mode: u32,
    },
    /// A block device, with what is in it if it is compressed: `file -zsL`.
    Device,
}

/// libmagic with its magic loaded, which takes about a millisecond. A value serves one thread at a time.
pub struct Magic {
    cookie: Cookie,
}

impl Magic {
    /// Loads the magic that is built in. Fails if there is no memory.
    pub fn new() -> Result<Self> {
        Ok(Magic { cookie: Cookie::new()? })
    }

    /// Tells what is in `source`, in the words and with the escapes of file(1) in the C locale.
    ///
    /// It is read as far as libmagic wants: its first and last 7 MiB, and an ELF file's headers wherever they are. Files compressed in
    /// ways of the past are *unsupported* (see [`unpack`](crate::unpack)).
    pub fn describe(&mut self, source: &dyn ReadAt, kind: Kind) -> Result<BString> {
        let (stat, flags) = match kind {
            Kind::File { mode } => (
                Stat { mode: S_IFREG | (mode & PERMISSIONS), size: source.len() },
                Flags { devices: false, compress: true },
            ),
            Kind::Device => (Stat { mode: S_IFBLK | 0o600, size: 0 }, Flags { devices: true, compress: true }),
        };
        self.cookie.describe(source, stat, flags)
    }

    /// Tells what comes out of `stream`, as file(1) does at the end of a pipe: `… | file -s -`.
    ///
    /// An ELF file of which more comes than libmagic looks at is kept in a temporary file.
    pub fn describe_stream(&mut self, stream: &mut dyn Read) -> Result<BString> {
        let mut beginning = Vec::new();
        (&mut *stream).take(LOOKED_AT).read_to_end(&mut beginning)?;
        let stat = Stat { mode: S_IFIFO | 0o600, size: 0 };
        let flags = Flags { devices: true, compress: false };
        // file(1) copies what it can't seek in to a file, for ELF alone.
        if beginning.len() as u64 == LOOKED_AT && is_elf(&beginning) {
            let spooled = Spooled::new(&beginning, stream)?;
            return self.cookie.describe(&spooled, stat, flags);
        }
        self.cookie.describe(&beginning, stat, flags)
    }
}

/// ELF's magic, and that of its forerunner OLF.
fn is_elf(beginning: &[u8]) -> bool {
    matches!(beginning, [0x7f, b'E' | b'O', b'L', b'F', ..])
}

/// A stream that was written to a temporary file without a name.
struct Spooled {
    file: File,
    length: u64,
}

impl Spooled {
    fn new(beginning: &[u8], rest: &mut dyn Read) -> Result<Self> {
        let mut file = tempfile::tempfile()?;
        file.write_all(beginning)?;
        let copied = io::copy(&mut rest.take(MAX_SPOOLED), &mut file)?;
        if copied == MAX_SPOOLED {
            return Err(Error::unsupported("file: an ELF file of more than 4 GiB in a compressed one"));
        }
        Ok(Spooled { file, length: copied.saturating_add(beginning.len() as u64) })
    }
}

impl ReadAt for Spooled {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, mut buf: &mut [u8], mut offset: u64) -> Result<usize> {
        let wanted = buf.len();
        while !buf.is_empty() {
            match self.file.read_at(buf, offset)? {
                0 => break,
                count => {
                    offset = offset.saturating_add(count as u64);
                    buf = buf.get_mut(count..).unwrap_or_default();
                }
            }
        }
        Ok(wanted.saturating_sub(buf.len()))
    }
}

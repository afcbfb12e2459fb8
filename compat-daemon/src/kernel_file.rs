//! Files that the kernel has open, as the engine reads them.

use std::fs::File;
use std::os::unix::fs::FileExt;

use glassbox_io::{Extent, ExtentKind, ReadAt, Result};
use rustix::fs::SeekFrom;

/// A regular file or a block device.
pub struct KernelFile {
    file: File,
    length: u64,
}

impl KernelFile {
    /// What is open as `file`.
    pub fn new(file: File) -> Result<Self> {
        // Of a block device, stat tells no length.
        let length = rustix::fs::seek(&file, SeekFrom::End(0)).map_err(std::io::Error::from)?;
        Ok(KernelFile { file, length })
    }
}

impl ReadAt for KernelFile {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let mut done = 0;
        while done < buf.len() {
            match self.file.read_at(&mut buf[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(done)
    }

    fn extent_at(&self, offset: u64) -> Result<Extent> {
        let rest = self.length.saturating_sub(offset);
        let data = match rustix::fs::seek(&self.file, SeekFrom::Data(offset)) {
            Ok(data) => data,
            // Nothing but a hole from here on.
            Err(rustix::io::Errno::NXIO) => return Ok(Extent { length: rest, kind: ExtentKind::Hole }),
            // A device, or a filesystem that doesn't know of holes.
            Err(_) => return Ok(Extent { length: rest, kind: ExtentKind::Data }),
        };
        if data > offset {
            return Ok(Extent { length: (data - offset).min(rest), kind: ExtentKind::Hole });
        }
        let hole = rustix::fs::seek(&self.file, SeekFrom::Hole(offset)).map_err(std::io::Error::from)?;
        Ok(Extent { length: hole.saturating_sub(offset).clamp(1.min(rest), rest), kind: ExtentKind::Data })
    }
}

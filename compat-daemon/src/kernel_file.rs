//! Files that the kernel has open, as the engine reads them.

use std::fs::File;
use std::os::unix::fs::FileExt;

use glassbox_formats::file_extent;
use glassbox_io::{Extent, ReadAt, Result};
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
        Ok(file_extent(&self.file, self.length, offset))
    }
}

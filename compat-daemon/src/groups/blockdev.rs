//! The group `blockdev`: what the kernel thinks of a block device.

use std::fs::{File, OpenOptions};

use bstr::{BStr, ByteSlice};
use glassbox_api::Blockdev;
use glassbox_io::{Error, Result, ResultExt};
use rustix::fs::SeekFrom;

use crate::daemon::device;
use crate::kernel_tree::os;
use crate::{Daemon, ioctl};

/// Opens a device, to read it or to tell its driver something.
pub fn open(name: &BStr) -> Result<File> {
    Ok(File::open(device(name)?.to_os_str_lossy())?)
}

/// Opens a device to write to it.
pub fn open_to_write(name: &BStr) -> Result<File> {
    Ok(OpenOptions::new().read(true).write(true).open(device(name)?.to_os_str_lossy())?)
}

/// Bytes of an open device.
pub fn length(device: &File) -> Result<u64> {
    rustix::fs::seek(device, SeekFrom::End(0)).map_err(os)
}

fn tell(name: &BStr, ioctl: impl FnOnce(&File) -> rustix::io::Result<()>) -> Result<()> {
    ioctl(&open(name)?).map_err(os).at_path(name)
}

impl Blockdev for Daemon {
    fn blkdiscard(&mut self, device: &BStr) -> Result<()> {
        let device = open_to_write(device)?;
        ioctl::discard(&device, 0, length(&device)?).map_err(os)
    }

    /// Linux doesn't tell any more, since 4.12: it says that they don't.
    fn blkdiscardzeroes(&mut self, device: &BStr) -> Result<bool> {
        open(device)?;
        Ok(false)
    }

    fn blockdev_flushbufs(&mut self, device: &BStr) -> Result<()> {
        tell(device, |device| ioctl::flush_buffers(device))
    }

    fn blockdev_getbsz(&mut self, device: &BStr) -> Result<i32> {
        ioctl::block_size(open(device)?).map_err(os)
    }

    fn blockdev_getro(&mut self, device: &BStr) -> Result<bool> {
        ioctl::is_read_only(open(device)?).map_err(os)
    }

    fn blockdev_rereadpt(&mut self, device: &BStr) -> Result<()> {
        tell(device, |device| ioctl::reread_partitions(device))
    }

    /// As documented: "does nothing and has never done anything".
    fn blockdev_setbsz(&mut self, device: &BStr, _blocksize: i32) -> Result<()> {
        open(device).map(drop)
    }

    fn blockdev_setra(&mut self, device: &BStr, sectors: i32) -> Result<()> {
        let sectors = usize::try_from(sectors).map_err(|_| Error::usage("sectors: must not be negative"))?;
        tell(device, |device| ioctl::set_read_ahead(device, sectors))
    }

    fn blockdev_setro(&mut self, device: &BStr) -> Result<()> {
        tell(device, |device| ioctl::set_read_only(device, true))
    }

    fn blockdev_setrw(&mut self, device: &BStr) -> Result<()> {
        tell(device, |device| ioctl::set_read_only(device, false))
    }
}

//! The group `blockdev`: devices as a whole.

use bstr::{BStr, BString};
use glassbox_api::Blockdev;
use glassbox_io::{ReadAt, Result};

use super::InProcess;
use crate::device_name::DiskName;
use crate::replay::Change;

/// Linux's unit of sizes, whatever the device's sectors are.
const SECTOR: u64 = 512;
/// The block size of a device on which no filesystem has set another: a page.
const PAGE: i32 = 4096;

impl Blockdev for InProcess {
    fn list_devices(&mut self) -> Result<Vec<BString>> {
        Ok(self.disks.all().iter().map(|disk| disk.name.into()).collect())
    }

    fn is_whole_device(&mut self, device: &BStr) -> Result<bool> {
        Ok(matches!(self.device(device)?.disk, Some(DiskName { partition: None, .. })))
    }

    fn blockdev_getsize64(&mut self, device: &BStr) -> Result<i64> {
        Ok(self.device_source(device)?.len() as i64)
    }

    fn blockdev_getsz(&mut self, device: &BStr) -> Result<i64> {
        Ok((self.device_source(device)?.len() / SECTOR) as i64)
    }

    fn blockdev_getss(&mut self, device: &BStr) -> Result<i32> {
        Ok(self.device(device)?.block_size as i32)
    }

    fn blockdev_getbsz(&mut self, device: &BStr) -> Result<i32> {
        let device = self.device(device)?;
        // Mounting a filesystem gives its device the filesystem's block size.
        let mounted = self.vfs.mounts().iter().find(|mount| mount.device == device.name);
        Ok(match mounted {
            Some(mount) => mount.filesystem.statvfs()?.bsize as i32,
            None => PAGE,
        })
    }

    fn blockdev_getro(&mut self, device: &BStr) -> Result<bool> {
        let device = self.device(device)?;
        Ok(self.read_only_devices.contains(&device.name))
    }

    fn blockdev_setro(&mut self, device: &BStr) -> Result<()> {
        let device = self.device(device)?;
        self.read_only_devices.insert(device.name);
        self.remember(Change::Lasting);
        Ok(())
    }

    fn blockdev_setrw(&mut self, device: &BStr) -> Result<()> {
        let device = self.device(device)?;
        self.read_only_devices.remove(&device.name);
        self.remember(Change::Lasting);
        Ok(())
    }

    fn blockdev_setra(&mut self, device: &BStr, _sectors: i32) -> Result<()> {
        // Read-ahead is a hint to a kernel.
        self.device(device).map(drop)
    }

    fn blockdev_flushbufs(&mut self, device: &BStr) -> Result<()> {
        self.device(device).map(drop)
    }

    fn blockdev_rereadpt(&mut self, device: &BStr) -> Result<()> {
        self.device(device).map(drop)
    }
}

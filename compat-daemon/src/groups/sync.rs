//! The group `sync`: what was written reaches the disks.

use std::fs::{self, File};

use glassbox_api::Syncing;
use glassbox_io::Result;

use crate::kernel_tree::os;
use crate::{Daemon, disk_names};

impl Syncing for Daemon {
    fn sync(&mut self) -> Result<()> {
        sync_disks()
    }

    fn drop_caches(&mut self, whattodrop: i32) -> Result<()> {
        rustix::fs::sync();
        Ok(fs::write("/proc/sys/vm/drop_caches", format!("{whattodrop}\n"))?)
    }
}

/// Writes everything back, and fails if a disk couldn't take it: sync(2) alone doesn't tell.
pub fn sync_disks() -> Result<()> {
    rustix::fs::sync();
    for name in disk_names::attached()? {
        let device = format!("/dev/{name}");
        let disk = File::open(&device)?;
        rustix::fs::fsync(disk).map_err(|errno| os(errno).at_path(&device))?;
    }
    Ok(())
}

//! The group `sync`: what was written reaches the disks.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use bstr::{BStr, ByteSlice};
use glassbox_api::Syncing;
use glassbox_io::{Error, Result};

use crate::kernel_tree::os;
use crate::{Daemon, disk_names, init, mounts, stacked};

/// A folder for each block device, disks and partitions alike.
const DEVICES: &str = "/sys/class/block";

impl Syncing for Daemon {
    fn sync(&mut self) -> Result<()> {
        sync_disks()
    }

    fn drop_caches(&mut self, whattodrop: i32) -> Result<()> {
        rustix::fs::sync();
        Ok(fs::write("/proc/sys/vm/drop_caches", format!("{whattodrop}\n"))?)
    }
}

/// Writes everything back, and fails if a disk couldn't take it: sync(2) alone doesn't tell. The kernel tells of each failure
/// once, to whoever asks first; where it keeps it depends on what was written to, a filesystem or a device.
pub fn sync_disks() -> Result<()> {
    rustix::fs::sync();
    sync_filesystems()?;
    let mut devices: Vec<_> = fs::read_dir(DEVICES)?.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    // A loop device without a file, or an array that was stopped, has no size; that, opened, would come to life again.
    let has_contents =
        |name: &OsStr| stacked::attribute(&Path::new(DEVICES).join(name), "size").is_some_and(|size| size != "0");
    devices.retain(|name| name.to_str().is_some_and(|text| !init::is_root_disk(text)) && has_contents(name));
    for name in devices {
        let device = Path::new("/dev").join(name);
        // It may be gone by now.
        let Ok(opened) = File::open(&device) else { continue };
        rustix::fs::fsync(opened).map_err(|errno| lost(errno, device.as_os_str().as_bytes().as_bstr()))?;
    }
    Ok(())
}

/// The same for the guest's filesystems, which tell no more once they are unmounted.
pub fn sync_filesystems() -> Result<()> {
    for mount in mounts::of_guest()? {
        let opened = File::open(Path::new(OsStr::from_bytes(&mount.place())))?;
        rustix::fs::syncfs(opened).map_err(|errno| lost(errno, mount.source.as_ref()))?;
    }
    Ok(())
}

fn lost(errno: rustix::io::Errno, device: &BStr) -> Error {
    let error = os(errno);
    let message = format!("{}: something that was written before is not on the disk", error.message());
    Error::os_with(error.errno(), message).at_path(disk_names::callers_name(device))
}

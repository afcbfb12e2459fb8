//! The group `inspection`: what the kernel has to do before the engine looks.

use bstr::BString;
use glassbox_api::{FilesystemDetect, Inspection, Mounting};
use glassbox_io::Result;

use crate::Daemon;

impl Inspection for Daemon {
    /// The engine reads the devices; what is written to mounted filesystems isn't all there, so they are unmounted first.
    fn inspect_os(&mut self) -> Result<Vec<BString>> {
        self.umount_all()?;
        // With the subvolumes of btrfs, where distributions have their roots: only the kernel's tools list them.
        let filesystems = self.list_filesystems()?;
        self.engine()?.inspect_filesystems(filesystems)
    }
}

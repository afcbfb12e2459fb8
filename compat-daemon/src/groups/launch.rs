//! The group `launch`: the last call before the appliance is switched off.

use glassbox_api::{Launching, Mounting};
use glassbox_io::Result;

use super::sync::sync_disks;
use crate::Daemon;

impl Launching for Daemon {
    fn internal_autosync(&mut self) -> Result<()> {
        // What is still in use stays mounted; what was written to it reaches the disk all the same.
        let unmounted = self.umount_all();
        sync_disks()?;
        unmounted
    }
}

//! The group `launch`: what the daemon's side does when a handle is closed.

use glassbox_api::Launching;
use glassbox_io::Result;

use super::InProcess;

impl Launching for InProcess {
    /// Nothing was written, so there is nothing to write back.
    fn internal_autosync(&mut self) -> Result<()> {
        self.listings.clear();
        self.vfs.unmount_all();
        Ok(())
    }
}

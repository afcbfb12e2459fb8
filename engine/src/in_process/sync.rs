//! The group `sync`: nothing is ever written here, so there is nothing to wait for.

use glassbox_api::Syncing;
use glassbox_io::Result;

use super::InProcess;

impl Syncing for InProcess {
    fn sync(&mut self) -> Result<()> {
        Ok(())
    }

    fn drop_caches(&mut self, _whattodrop: i32) -> Result<()> {
        Ok(())
    }
}

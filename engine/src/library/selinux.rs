//! The group `selinux`: a setting that has no effect any more, as in libguestfs.

use glassbox_api::Selinux;
use glassbox_io::Result;

use super::Library;

impl Selinux for Library<'_> {
    fn set_selinux(&mut self, selinux: bool) -> Result<()> {
        self.0.session.settings.selinux = selinux;
        Ok(())
    }

    fn get_selinux(&mut self) -> Result<bool> {
        Ok(self.0.session.settings.selinux)
    }
}

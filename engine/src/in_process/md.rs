//! The group `md`: Linux's software RAID.

use bstr::BString;
use glassbox_api::Md;
use glassbox_io::Result;

use super::InProcess;

impl Md for InProcess {
    /// No arrays where no device is a member of one. Assembling them isn't done here.
    fn list_md_devices(&mut self) -> Result<Vec<BString>> {
        self.disks.check_arrays()?;
        Ok(Vec::new())
    }
}

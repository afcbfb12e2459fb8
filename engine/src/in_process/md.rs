//! The group `md`: Linux's software RAID.

use bstr::BString;
use glassbox_api::Md;
use glassbox_filesystems::detect::detect;
use glassbox_io::{Error, Result};

use super::InProcess;

impl Md for InProcess {
    /// No arrays where no device is a member of one. Assembling them isn't done here.
    fn list_md_devices(&mut self) -> Result<Vec<BString>> {
        for device in self.disks.plain()? {
            if detect(&device.source)?.is_some_and(|found| found.kind == "linux_raid_member") {
                return Err(Error::unsupported("Linux software RAID").at_path(device.name));
            }
        }
        Ok(Vec::new())
    }
}

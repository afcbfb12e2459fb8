//! The group `drives`.

use glassbox_api::Drives;
use glassbox_io::Result;

use super::InProcess;

impl Drives for InProcess {
    fn nr_devices(&mut self) -> Result<i32> {
        Ok(self.disks.all().len() as i32)
    }
}

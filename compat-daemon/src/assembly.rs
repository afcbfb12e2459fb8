//! What disks hold together: arrays are assembled and volume groups activated as soon as their disks are there.

use bstr::BString;
use glassbox_api::FilesystemDetect;
use glassbox_io::Result;

use crate::Daemon;
use crate::disk_names;
use crate::lvm::lvm;
use crate::tool::Tool;

/// Members of arrays, as detection names them.
const ARRAY_MEMBER: &str = "linux_raid_member";
const BTRFS: &str = "btrfs";
/// Physical volumes.
const PHYSICAL_VOLUME: &str = "LVM2_member";

impl Daemon {
    /// Assembles and activates what came with disks that were not there before. What can't be assembled is told on the
    /// console: its members are there all the same.
    pub(crate) fn assemble_new_disks(&mut self) -> Result<()> {
        let disks = disk_names::attached()?;
        if self.assembled == disks {
            return Ok(());
        }
        self.view.forget();
        if self.holds(ARRAY_MEMBER)? {
            self.view.release();
            // Whole arrays first, so that none is begun without a member that is about to be found.
            tell(Tool::new("mdadm").args(["-As", "--auto=yes", "--no-degraded"]).done());
            tell(Tool::new("mdadm").args(["-As", "--auto=yes", "--run"]).done());
            self.view.forget();
        }
        if self.holds(PHYSICAL_VOLUME)? {
            self.view.release();
            tell(lvm("vgchange").and_then(|vgchange| vgchange.args(["-a", "ay"]).done()));
            self.view.forget();
        }
        if self.holds(BTRFS)? {
            // A filesystem on several devices is found by any of them once the kernel knows all.
            tell(Tool::new("btrfs").args(["device", "scan"]).done());
        }
        self.assembled = disks;
        Ok(())
    }

    /// Whether any device is a part of something larger, of this kind.
    fn holds(&mut self, kind: &str) -> Result<bool> {
        let engine = self.view.engine(true)?;
        let mut devices = Vec::<BString>::new();
        {
            let blockdev: &mut dyn glassbox_api::Blockdev = engine;
            devices.extend(blockdev.list_devices()?);
        }
        {
            let partitions: &mut dyn glassbox_api::Partitions = engine;
            devices.extend(partitions.list_partitions()?);
        }
        devices.extend(crate::stacked::find()?.into_iter().map(|(found, _)| found.name));
        Ok(devices.iter().any(|device| engine.vfs_type(device.as_ref()).is_ok_and(|found| found == kind)))
    }
}

/// `mdadm` ends with an error where there is nothing to assemble.
fn tell(result: Result<()>) {
    if let Err(error) = result {
        eprintln!("guestfsd: {error}");
    }
}

//! What disks hold together: arrays are assembled and volume groups activated as soon as their disks are there.

use std::collections::BTreeSet;

use bstr::{BStr, BString};
use glassbox_api::{Blockdev, FilesystemDetect, Partitions};
use glassbox_io::Result;

use crate::lvm::lvm;
use crate::tool::Tool;
use crate::{Daemon, disk_names, stacked};

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
        let mut kinds = self.kinds()?;
        if kinds.contains(BStr::new(ARRAY_MEMBER)) {
            self.view.release();
            // Whole arrays first, so that none is begun without a member that is about to be found.
            tell(Tool::new("mdadm").args(["-As", "--auto=yes", "--no-degraded"]).done());
            tell(Tool::new("mdadm").args(["-As", "--auto=yes", "--run"]).done());
            kinds = self.kinds()?;
        }
        if kinds.contains(BStr::new(PHYSICAL_VOLUME)) {
            self.view.release();
            tell(lvm("vgchange").and_then(|vgchange| vgchange.args(["-a", "ay"]).done()));
            kinds = self.kinds()?;
        }
        if kinds.contains(BStr::new(BTRFS)) {
            // A filesystem on several devices is found by any of them once the kernel knows all.
            tell(Tool::new("btrfs").args(["device", "scan"]).done());
        }
        self.assembled = disks;
        Ok(())
    }

    /// What all devices hold that there are now, as detection names it.
    fn kinds(&mut self) -> Result<BTreeSet<BString>> {
        let engine = self.engine()?;
        let mut devices = engine.list_devices()?;
        devices.extend(engine.list_partitions()?);
        devices.extend(stacked::find()?.into_iter().map(|(found, _)| found.name));
        Ok(devices.iter().filter_map(|device| engine.vfs_type(device.as_ref()).ok()).collect())
    }
}

/// `mdadm` ends with an error where there is nothing to assemble.
fn tell(result: Result<()>) {
    if let Err(error) = result {
        eprintln!("guestfsd: {error}");
    }
}

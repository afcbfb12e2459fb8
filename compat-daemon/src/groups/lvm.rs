//! The group `lvm`: physical volumes, volume groups and logical volumes, changed by LVM's own commands.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::Lvm;
use glassbox_engine::KernelDeviceKind;
use glassbox_io::{Error, Result};

use crate::daemon::{self, device};
use crate::lvm::{lvm, set_filter};
use crate::{Daemon, stacked};

fn percentage(percent: i32) -> Result<i32> {
    match percent {
        0..=100 => Ok(percent),
        _ => Err(Error::usage(format!("percentage must be [0..100] (was {percent})"))),
    }
}

fn switch(activate: bool) -> [&'static str; 2] {
    ["-a", if activate { "y" } else { "n" }]
}

/// The only column of a report.
fn column(command: &str, name: &str) -> Result<Vec<BString>> {
    let report = lvm(command)?.args(["-o", name, "--noheadings"]).run()?;
    Ok(report.lines().map(|line| line.trim().into()).filter(|name: &BString| !name.is_empty()).collect())
}

/// A name that LVM could take for an option is none.
fn name(text: &BStr) -> Result<&BStr> {
    match text.starts_with(b"-") {
        false => Ok(text),
        true => Err(Error::usage(format!("{text}: a name can't begin with a hyphen"))),
    }
}

/// Switches all volumes off, lets LVM see other devices, and switches on what it finds there.
fn refilter(devices: Option<&[BString]>) -> Result<()> {
    lvm("vgchange")?.args(switch(false)).done()?;
    set_filter(devices)?;
    lvm("vgchange")?.args(switch(true)).done()
}

impl Lvm for Daemon {
    fn pvcreate(&mut self, name: &BStr) -> Result<()> {
        lvm("pvcreate")?.args(["--yes", "--force"]).arg(device(name)?).done()
    }

    fn pvremove(&mut self, name: &BStr) -> Result<()> {
        lvm("pvremove")?.args(["--yes", "-ff"]).arg(device(name)?).done()
    }

    fn pvresize(&mut self, name: &BStr) -> Result<()> {
        lvm("pvresize")?.arg(device(name)?).done()
    }

    fn pvresize_size(&mut self, name: &BStr, size: i64) -> Result<()> {
        lvm("pvresize")?.args(["--yes", "--setphysicalvolumesize"]).arg(format!("{size}b")).arg(device(name)?).done()
    }

    fn pvchange_uuid(&mut self, name: &BStr) -> Result<()> {
        lvm("pvchange")?.arg("-u").arg(device(name)?).done()
    }

    fn pvchange_uuid_all(&mut self) -> Result<()> {
        lvm("pvchange")?.args(["-u", "-a"]).done()
    }

    fn vgcreate(&mut self, volgroup: &BStr, physvols: &[&BStr]) -> Result<()> {
        lvm("vgcreate")?.arg(name(volgroup)?).args(daemon::devices(physvols)?).done()
    }

    fn vgremove(&mut self, vgname: &BStr) -> Result<()> {
        lvm("vgremove")?.arg("-f").arg(name(vgname)?).done()
    }

    fn vgrename(&mut self, volgroup: &BStr, newvolgroup: &BStr) -> Result<()> {
        lvm("vgrename")?.arg(name(volgroup)?).arg(name(newvolgroup)?).done()
    }

    fn vgchange_uuid(&mut self, vg: &BStr) -> Result<()> {
        lvm("vgchange")?.arg("-u").arg(name(vg)?).done()
    }

    fn vgchange_uuid_all(&mut self) -> Result<()> {
        lvm("vgchange")?.arg("-u").done()
    }

    fn vg_activate(&mut self, activate: bool, volgroups: &[&BStr]) -> Result<()> {
        let groups = volgroups.iter().map(|group| name(group)).collect::<Result<Vec<&BStr>>>()?;
        lvm("vgchange")?.args(switch(activate)).args(groups).done()
    }

    fn vg_activate_all(&mut self, activate: bool) -> Result<()> {
        self.vg_activate(activate, &[])
    }

    fn lvcreate(&mut self, logvol: &BStr, volgroup: &BStr, mbytes: i32) -> Result<()> {
        let lvcreate = lvm("lvcreate")?.args(["--yes", "-L"]).arg(mbytes.to_string());
        lvcreate.arg("-n").arg(logvol).arg(name(volgroup)?).done()
    }

    fn lvcreate_free(&mut self, logvol: &BStr, volgroup: &BStr, percent: i32) -> Result<()> {
        let share = format!("{}%FREE", percentage(percent)?);
        lvm("lvcreate")?.args(["--yes", "-l", &share]).arg("-n").arg(logvol).arg(name(volgroup)?).done()
    }

    fn lvresize(&mut self, name: &BStr, mbytes: i32) -> Result<()> {
        lvm("lvresize")?.args(["--force", "-L"]).arg(mbytes.to_string()).arg(device_as_given(name)?).done()
    }

    fn lvresize_free(&mut self, lv: &BStr, percent: i32) -> Result<()> {
        let share = format!("+{}%FREE", percentage(percent)?);
        lvm("lvresize")?.args(["-l", &share]).arg(device_as_given(lv)?).done()
    }

    fn lvrename(&mut self, logvol: &BStr, newlogvol: &BStr) -> Result<()> {
        lvm("lvrename")?.arg(name(logvol)?).arg(name(newlogvol)?).done()
    }

    fn lvremove(&mut self, name: &BStr) -> Result<()> {
        lvm("lvremove")?.arg("-f").arg(device_as_given(name)?).done()
    }

    fn lvm_remove_all(&mut self) -> Result<()> {
        for group in column("vgs", "vg_name")? {
            lvm("vgremove")?.arg("-f").arg(group).done()?;
        }
        for volume in column("pvs", "pv_name")? {
            lvm("pvremove")?.args(["--yes", "-f"]).arg(volume).done()?;
        }
        Ok(())
    }

    fn lvm_set_filter(&mut self, devices: &[&BStr]) -> Result<()> {
        refilter(Some(&daemon::devices(devices)?))?;
        self.engine()?.lvm_set_filter(devices)
    }

    fn lvm_clear_filter(&mut self) -> Result<()> {
        refilter(None)?;
        self.engine()?.lvm_clear_filter()
    }

    /// LVM looks at all devices whenever it runs, so there is nothing to rebuild.
    fn vgscan(&mut self) -> Result<()> {
        self.lvm_scan(false)
    }

    fn lvm_scan(&mut self, activate: bool) -> Result<()> {
        if activate { self.vg_activate(true, &[]) } else { lvm("vgscan")?.done() }
    }

    fn list_dm_devices(&mut self) -> Result<Vec<BString>> {
        let mapped = stacked::find()?.into_iter().map(|(found, _)| found);
        Ok(mapped.filter(|found| found.kind == KernelDeviceKind::Mapped).map(|found| found.name).collect())
    }
}

/// LVM knows its volumes by their own names alone. A group's directory, which `lvremove` takes for all its volumes, is no
/// device.
fn device_as_given(name: &BStr) -> Result<BString> {
    match name.starts_with(b"/dev/") {
        true => Ok(name.to_owned()),
        false => Err(Error::usage(format!("{name}: not a device"))),
    }
}

//! The group `lvm`: physical volumes, volume groups and logical volumes.

use bstr::{BStr, BString};
use glassbox_api::Lvm;
use glassbox_api::structs::{LvmLv, LvmPv, LvmVg};
use glassbox_io::{Errno, Error, Result};
use glassbox_partitions::lvm::{self, CopyPercent, LvmUuid};

use super::InProcess;
use super::mount::is_subvolume;
use crate::replay::Change;

/// What LVM2 calls its own format, the only one that is left.
const FORMAT: &str = "lvm2";

impl InProcess {
    /// The group and the volume that a device's name means.
    fn logical_volume(&self, name: &BStr) -> Result<(&lvm::VolumeGroup, &lvm::LogicalVolume)> {
        let found = self.disks.lvm()?.find(name);
        found.ok_or_else(|| Error::os(Errno::ENOENT).at_path(name))
    }

    fn activate(&mut self, groups: &[BString], activate: bool) {
        self.remember(Change::Lasting);
        for group in groups {
            match activate {
                true => self.disks.inactive_groups.remove(group),
                false => self.disks.inactive_groups.insert(group.clone()),
            };
        }
    }

    fn group_names(&self) -> Result<Vec<BString>> {
        Ok(self.disks.lvm()?.groups().iter().map(|group| group.name.clone()).collect())
    }
}

/// A UUID as the structs have it.
fn compact(uuid: &LvmUuid) -> [u8; 32] {
    uuid.compact().as_bytes().try_into().unwrap_or([0; 32])
}

impl Lvm for InProcess {
    fn pvs(&mut self) -> Result<Vec<BString>> {
        let reports = self.disks.lvm()?.pv_reports().into_iter();
        // What a group lacks has no name, and isn't listed.
        let mut names: Vec<BString> = reports.map(|report| report.name).filter(|name| name.starts_with(b"/")).collect();
        names.sort_unstable();
        Ok(names)
    }

    fn vgs(&mut self) -> Result<Vec<BString>> {
        self.group_names()
    }

    fn lvs(&mut self) -> Result<Vec<BString>> {
        // Also those of groups that were deactivated: this tells what there is, not what can be mounted now.
        let volumes = self.disks.lvm()?.active_volumes();
        Ok(volumes.map(|(group, volume)| lvm::device_path(group, volume)).collect())
    }

    fn pvs_full(&mut self) -> Result<Vec<LvmPv>> {
        let reports = self.disks.lvm()?.pv_reports();
        Ok(reports
            .into_iter()
            .map(|report| LvmPv {
                pv_name: report.name,
                pv_uuid: compact(&report.uuid),
                pv_fmt: FORMAT.into(),
                pv_size: report.size,
                dev_size: report.device_size,
                pv_free: report.free,
                pv_used: report.used,
                pv_attr: report.attributes.into(),
                pv_pe_count: report.extent_count as i64,
                pv_pe_alloc_count: report.allocated_extents as i64,
                pv_tags: report.tags,
                pe_start: report.extents_start,
                pv_mda_count: report.metadata_areas as i64,
                pv_mda_free: report.metadata_free,
            })
            .collect())
    }

    fn vgs_full(&mut self) -> Result<Vec<LvmVg>> {
        let reports = self.disks.lvm()?.vg_reports();
        Ok(reports
            .into_iter()
            .map(|report| LvmVg {
                vg_name: report.name,
                vg_uuid: compact(&report.uuid),
                vg_fmt: FORMAT.into(),
                vg_attr: report.attributes.into(),
                vg_size: report.size,
                vg_free: report.free,
                vg_sysid: report.system_id,
                vg_extent_size: report.extent_size,
                vg_extent_count: report.extent_count as i64,
                vg_free_count: report.free_count as i64,
                max_lv: report.max_lv as i64,
                max_pv: report.max_pv as i64,
                pv_count: report.pv_count as i64,
                lv_count: report.lv_count as i64,
                snap_count: report.snapshot_count as i64,
                vg_seqno: report.seqno as i64,
                vg_tags: report.tags,
                vg_mda_count: report.metadata_areas as i64,
                vg_mda_free: report.metadata_free,
            })
            .collect())
    }

    fn lvs_full(&mut self) -> Result<Vec<LvmLv>> {
        let reports = self.disks.lvm()?.lv_reports()?;
        reports
            .into_iter()
            .map(|report| {
                let copy_percent = match report.copy_percent {
                    CopyPercent::None => None,
                    CopyPercent::Full => Some(100.0),
                    CopyPercent::Changing => {
                        return Err(Error::unsupported("LVM2: how far a mirror is in sync").at_path(&report.name));
                    }
                };
                Ok(LvmLv {
                    lv_name: report.name,
                    lv_uuid: compact(&report.uuid),
                    lv_attr: report.attributes.into(),
                    lv_major: report.major,
                    lv_minor: report.minor,
                    lv_kernel_major: report.kernel_major,
                    lv_kernel_minor: report.kernel_minor,
                    lv_size: report.size,
                    seg_count: report.segment_count as i64,
                    // Snapshots and moves are *unsupported* before they come here.
                    origin: BString::default(),
                    snap_percent: None,
                    copy_percent,
                    move_pv: BString::default(),
                    lv_tags: report.tags,
                    mirror_log: report.mirror_log,
                    modules: report.modules,
                })
            })
            .collect()
    }

    fn lvuuid(&mut self, device: &BStr) -> Result<BString> {
        Ok(self.logical_volume(device)?.1.uuid.to_string().into())
    }

    fn vguuid(&mut self, vgname: &BStr) -> Result<BString> {
        Ok(self.disks.lvm()?.group(vgname)?.uuid.to_string().into())
    }

    fn pvuuid(&mut self, device: &BStr) -> Result<BString> {
        let name = self.device(device)?.name;
        let reports = self.disks.lvm()?.pv_reports();
        let found = reports.iter().find(|report| report.name == name);
        let found = found.ok_or_else(|| Error::os_with(Errno::ENOENT, "not a physical volume").at_path(device))?;
        Ok(found.uuid.to_string().into())
    }

    fn vglvuuids(&mut self, vgname: &BStr) -> Result<Vec<BString>> {
        let volumes = &self.disks.lvm()?.group(vgname)?.logical_volumes;
        Ok(volumes.iter().filter(|volume| volume.is_visible()).map(|volume| volume.uuid.to_string().into()).collect())
    }

    /// The text as it is on the disks. vgcfgbackup writes the same settings, with comments, and says when and where it did;
    /// vgcfgrestore takes both.
    fn vgmeta(&mut self, vgname: &BStr) -> Result<Vec<u8>> {
        let lvm = self.disks.lvm()?;
        Ok(lvm.metadata(lvm.group(vgname)?).to_vec())
    }

    fn vgpvuuids(&mut self, vgname: &BStr) -> Result<Vec<BString>> {
        let volumes = &self.disks.lvm()?.group(vgname)?.physical_volumes;
        Ok(volumes.iter().map(|volume| volume.uuid.to_string().into()).collect())
    }

    fn is_lv(&mut self, mountable: &BStr) -> Result<bool> {
        Ok(!is_subvolume(mountable) && self.disks.lvm()?.find(mountable).is_some())
    }

    fn lvm_canonical_lv_name(&mut self, lvname: &BStr) -> Result<BString> {
        let (group, volume) = self.logical_volume(lvname)?;
        Ok(lvm::device_path(group, volume))
    }

    fn list_dm_devices(&mut self) -> Result<Vec<BString>> {
        // Those of LVM2 are not listed, and nothing else makes any here.
        Ok(Vec::new())
    }

    fn vg_activate(&mut self, activate: bool, volgroups: &[&BStr]) -> Result<()> {
        let groups: Vec<BString> = match volgroups {
            [] => self.group_names()?,
            names => {
                let lvm = self.disks.lvm()?;
                names.iter().map(|name| lvm.group(name).map(|group| group.name.clone())).collect::<Result<_>>()?
            }
        };
        self.activate(&groups, activate);
        Ok(())
    }

    fn vg_activate_all(&mut self, activate: bool) -> Result<()> {
        self.vg_activate(activate, &[])
    }

    fn vgscan(&mut self) -> Result<()> {
        self.lvm_scan(false)
    }

    fn lvm_scan(&mut self, activate: bool) -> Result<()> {
        self.disks.forget_lvm();
        if activate { self.vg_activate_all(true) } else { Ok(()) }
    }

    fn lvm_set_filter(&mut self, devices: &[&BStr]) -> Result<()> {
        let names = devices.iter().map(|name| self.device(name).map(|device| device.name));
        let names = names.collect::<Result<_>>()?;
        self.disks.lvm_filter = Some(names);
        self.remember(Change::Lasting);
        self.lvm_scan(true)
    }

    fn lvm_clear_filter(&mut self) -> Result<()> {
        self.remember(Change::Lasting);
        self.disks.lvm_filter = None;
        self.lvm_scan(true)
    }
}

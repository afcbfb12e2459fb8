//! What `pvs`, `vgs` and `lvs` report: the facts of libguestfs's structs `lvm_pv`, `lvm_vg` and `lvm_lv`.

use std::collections::{HashMap, HashSet};

use bstr::BString;
use glassbox_io::{Error, ReadAt, Result};

use super::activation::Availability;
use super::metadata_area::MetadataArea;
use super::segment::SegmentMapping;
use super::uuid::LvmUuid;
use super::volume_group::{LogicalVolume, PhysicalVolume, VolumeGroup};
use super::{Device, Lvm};

/// The name that LVM2 gives to a physical volume that isn't there.
const MISSING_DEVICE: &str = "[unknown]";
/// The major number that device-mapper gets in libguestfs's appliance.
const DEVICE_MAPPER_MAJOR: i64 = 253;

/// A physical volume; sizes are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PvReport {
    /// The device's name, or `[unknown]` for a missing one.
    pub name: BString,
    /// Its UUID.
    pub uuid: LvmUuid,
    /// The group that it belongs to.
    pub group: Option<LvmUuid>,
    /// Bytes of its extents; of a volume in no group, of its device.
    pub size: u64,
    /// Bytes of its device; 0 if it is missing.
    pub device_size: u64,
    /// Bytes that no logical volume uses.
    pub free: u64,
    /// Bytes that logical volumes use.
    pub used: u64,
    /// Three letters: allocatable or used, exported, missing.
    pub attributes: String,
    /// Extents.
    pub extent_count: u64,
    /// Extents in use.
    pub allocated_extents: u64,
    /// Tags, with commas between them.
    pub tags: BString,
    /// Where the first extent begins.
    pub extents_start: u64,
    /// Metadata areas.
    pub metadata_areas: u64,
    /// Bytes that the metadata may grow by, in the fullest of them.
    pub metadata_free: u64,
}

/// A volume group; sizes are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VgReport {
    /// Its name.
    pub name: BString,
    /// Its UUID.
    pub uuid: LvmUuid,
    /// Six letters: writable, resizeable, exported, partial, allocation, clustered or shared.
    pub attributes: String,
    /// Bytes of all extents.
    pub size: u64,
    /// Bytes of free extents.
    pub free: u64,
    /// The system that owns it.
    pub system_id: BString,
    /// Bytes of an extent.
    pub extent_size: u64,
    /// Extents.
    pub extent_count: u64,
    /// Free extents.
    pub free_count: u64,
    /// At most so many logical volumes; 0 for any number.
    pub max_lv: u64,
    /// At most so many physical volumes; 0 for any number.
    pub max_pv: u64,
    /// Physical volumes, missing ones too.
    pub pv_count: u64,
    /// Visible logical volumes.
    pub lv_count: u64,
    /// Snapshots among them.
    pub snapshot_count: u64,
    /// Counts the changes of the metadata.
    pub seqno: u64,
    /// Tags, with commas between them.
    pub tags: BString,
    /// Metadata areas on the volumes that are there.
    pub metadata_areas: u64,
    /// Bytes that the metadata may grow by, in the fullest of them.
    pub metadata_free: u64,
}

/// A logical volume, as it is once Linux activated what it can.
#[derive(Clone, Debug, PartialEq)]
pub struct LvReport {
    /// Its name.
    pub name: BString,
    /// Its UUID.
    pub uuid: LvmUuid,
    /// Its group.
    pub group: LvmUuid,
    /// The ten letters of `lv_attr`.
    pub attributes: String,
    /// The major number that the administrator fixed, or -1.
    pub major: i64,
    /// The minor number that the administrator fixed, or -1.
    pub minor: i64,
    /// The major number that it has in libguestfs's appliance; -1 if it isn't active.
    pub kernel_major: i64,
    /// The minor number that it has if groups are activated in the order of their devices; -1 if it isn't active. In
    /// libguestfs's appliance that order changes from launch to launch.
    pub kernel_minor: i64,
    /// Bytes.
    pub size: u64,
    /// Segments.
    pub segment_count: u64,
    /// How much of it is in sync.
    pub copy_percent: CopyPercent,
    /// Tags, with commas between them.
    pub tags: BString,
    /// The volume with the mirror's log, in brackets because it is hidden.
    pub mirror_log: BString,
    /// The device-mapper targets that it needs besides the usual ones, with commas between them.
    pub modules: BString,
}

/// How much of a mirror or raid is in sync.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CopyPercent {
    /// It has no copies.
    None,
    /// All.
    Full,
    /// Only a running kernel could say: it synchronises while it runs.
    Changing,
}

impl Lvm {
    /// All physical volumes: by group and in its order, then those in no group.
    pub fn pv_reports(&self) -> Vec<PvReport> {
        let mut reports = Vec::new();
        for group in &self.groups {
            reports.extend(group.physical_volumes.iter().map(|volume| self.pv_report(group, volume)));
        }
        let in_groups: HashSet<_> = reports.iter().map(|report| report.uuid).collect();
        let orphans = self.devices.iter().filter(|device| !in_groups.contains(&device.header.uuid));
        reports.extend(orphans.map(orphan_report));
        reports
    }

    fn pv_report(&self, group: &VolumeGroup, volume: &PhysicalVolume) -> PvReport {
        let device = self.device_of(volume);
        let allocated = volume.allocated_extents;
        let letter = |set: bool, letter: char| if set { letter } else { '-' };
        let allocatable = if volume.flags.contains("ALLOCATABLE") { 'a' } else { 'u' };
        let exported = letter(group.flags.contains("EXPORTED"), 'x');
        let bytes = |extents: u64| extents.saturating_mul(group.extent_size);
        PvReport {
            name: device.map_or(MISSING_DEVICE.into(), |device| device.name.clone()),
            uuid: volume.uuid,
            group: Some(group.uuid),
            size: bytes(volume.extent_count),
            device_size: device.map_or(0, |device| device.source.len()),
            free: bytes(volume.extent_count.saturating_sub(allocated)),
            used: bytes(allocated),
            attributes: [allocatable, exported, letter(device.is_none(), 'm')].into_iter().collect(),
            extent_count: volume.extent_count,
            allocated_extents: allocated,
            tags: comma_separated(&volume.tags),
            extents_start: volume.extents_start,
            metadata_areas: device.map_or(0, |device| device.areas.len() as u64),
            metadata_free: device.map_or(0, metadata_free),
        }
    }

    /// A report of each group, by name.
    pub fn vg_reports(&self) -> Vec<VgReport> {
        self.groups.iter().map(|group| self.vg_report(group)).collect()
    }

    fn vg_report(&self, group: &VolumeGroup) -> VgReport {
        let sum = |of: &dyn Fn(&PhysicalVolume) -> u64| {
            group.physical_volumes.iter().fold(0u64, |sum, volume| sum.saturating_add(of(volume)))
        };
        let extent_count = sum(&|volume| volume.extent_count);
        let free_count = extent_count.saturating_sub(sum(&|volume| volume.allocated_extents));
        let devices = || group.physical_volumes.iter().filter_map(|volume| self.device_of(volume));
        let flag = |word: &str, letter: char| if group.flags.contains(word) { letter } else { '-' };
        let attributes = [
            if group.flags.contains("WRITE") { 'w' } else { 'r' },
            flag("RESIZEABLE", 'z'),
            flag("EXPORTED", 'x'),
            if self.missing(group).next().is_some() { 'p' } else { '-' },
            group.allocation.letter(),
            flag("CLUSTERED", 'c'),
        ];
        let snapshots = group.logical_volumes.iter().flat_map(|volume| &volume.segments);
        let snapshots = snapshots.filter(|segment| matches!(segment.mapping, SegmentMapping::Snapshot { .. }));
        VgReport {
            name: group.name.clone(),
            uuid: group.uuid,
            attributes: attributes.into_iter().collect(),
            size: extent_count.saturating_mul(group.extent_size),
            free: free_count.saturating_mul(group.extent_size),
            system_id: group.system_id.clone(),
            extent_size: group.extent_size,
            extent_count,
            free_count,
            max_lv: group.max_lv,
            max_pv: group.max_pv,
            pv_count: group.physical_volumes.len() as u64,
            lv_count: group.logical_volumes.iter().filter(|volume| volume.is_visible()).count() as u64,
            snapshot_count: snapshots.count() as u64,
            seqno: group.seqno,
            tags: comma_separated(&group.tags),
            metadata_areas: devices().fold(0, |sum, device| sum.saturating_add(device.areas.len() as u64)),
            metadata_free: devices().filter(|device| !device.areas.is_empty()).map(metadata_free).min().unwrap_or(0),
        }
    }

    /// The visible volumes: by group and in its order.
    ///
    /// # Errors
    /// *Unsupported* when a volume is of a kind whose state only the kernel knows (snapshots, thin volumes, caches …).
    pub fn lv_reports(&self) -> Result<Vec<LvReport>> {
        let minors = self.kernel_minors();
        let mut reports = Vec::new();
        for group in &self.groups {
            let mut availability = Availability::new(self, group);
            for volume in group.logical_volumes.iter().filter(|volume| volume.is_visible()) {
                let report = lv_report(group, volume, minors.get(&volume.uuid), &mut availability);
                reports.push(report.map_err(|error| error.at_path(super::device_path(group, volume)))?);
            }
        }
        Ok(reports)
    }

    /// The minor number of each active volume: Linux counts from 0, group by group in the order in which their
    /// devices are found, and a volume comes after those that it is made of.
    fn kernel_minors(&self) -> HashMap<LvmUuid, i64> {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|group| {
            let devices = group.physical_volumes.iter().filter_map(|volume| self.by_uuid.get(&volume.uuid));
            devices.min().copied().unwrap_or(usize::MAX)
        });
        let mut minors = HashMap::new();
        for group in groups {
            let mut told = HashSet::new();
            let mut availability = Availability::new(self, group);
            for volume in group.logical_volumes.iter().filter(|volume| availability.is_active(volume)) {
                group.volumes_below(&volume.name, &mut told, &mut |volume| {
                    let next = i64::try_from(minors.len()).unwrap_or(i64::MAX);
                    minors.entry(volume.uuid).or_insert(next);
                });
            }
        }
        minors
    }
}

fn lv_report<'a>(
    group: &'a VolumeGroup,
    volume: &'a LogicalVolume,
    minor: Option<&i64>,
    availability: &mut Availability<'a>,
) -> Result<LvReport> {
    let kind = Kind::of(group, volume, availability)?;
    let fixed = |number: Option<u64>| number.and_then(|number| i64::try_from(number).ok()).unwrap_or(-1);
    let flag = |word: &str, letter: char| if volume.flags.contains(word) { letter } else { '-' };
    let allocation = volume.allocation.letter();
    let attributes = [
        match kind.letter {
            letter @ ('m' | 'r') if volume.flags.contains("NOTSYNCED") => letter.to_ascii_uppercase(),
            letter => letter,
        },
        if volume.flags.contains("WRITE") { 'w' } else { 'r' },
        if volume.flags.contains("LOCKED") { allocation.to_ascii_uppercase() } else { allocation },
        flag("FIXED_MINOR", 'm'),
        if minor.is_some() { 'a' } else { '-' },
        '-',
        kind.target,
        '-',
        if availability.is_partial(&volume.name) { 'p' } else { '-' },
        flag("ACTIVATION_SKIP", 'k'),
    ];
    Ok(LvReport {
        name: volume.name.clone(),
        uuid: volume.uuid,
        group: group.uuid,
        attributes: attributes.into_iter().collect(),
        major: fixed(volume.fixed_device.0),
        minor: fixed(volume.fixed_device.1),
        kernel_major: if minor.is_some() { DEVICE_MAPPER_MAJOR } else { -1 },
        kernel_minor: minor.copied().unwrap_or(-1),
        size: volume.extent_count().saturating_mul(group.extent_size),
        segment_count: volume.segment_count() as u64,
        copy_percent: kind.copy_percent,
        tags: comma_separated(&volume.tags),
        mirror_log: kind.mirror_log.map(|log| format!("[{log}]").into()).unwrap_or_default(),
        modules: kind.module.into(),
    })
}

/// What a volume's kind decides in its report.
struct Kind<'a> {
    letter: char,
    target: char,
    module: &'static str,
    copy_percent: CopyPercent,
    mirror_log: Option<&'a BString>,
}

impl<'a> Kind<'a> {
    fn of(group: &VolumeGroup, volume: &'a LogicalVolume, availability: &mut Availability<'a>) -> Result<Self> {
        let mut kind = Kind { letter: '-', target: '-', module: "", copy_percent: CopyPercent::None, mirror_log: None };
        if group.snapshot_part(&volume.name).is_some() {
            return Err(Error::unsupported("LVM2: the state of a snapshot"));
        }
        // LVM2 goes by the first segment, too.
        match volume.segments.first().map(|segment| &segment.mapping) {
            None | Some(SegmentMapping::Striped { .. }) => {}
            Some(SegmentMapping::Zero) => (kind.letter, kind.target, kind.module) = ('v', 'v', "zero"),
            Some(SegmentMapping::Error) => (kind.letter, kind.target, kind.module) = ('v', 'v', "error"),
            Some(SegmentMapping::Mirror { log, .. }) => {
                (kind.letter, kind.target, kind.module) = ('m', 'm', "mirror");
                (kind.copy_percent, kind.mirror_log) = (CopyPercent::Changing, log.as_ref());
            }
            Some(SegmentMapping::Raid { legs, .. }) => {
                (kind.letter, kind.target, kind.module) = ('r', 'r', "raid");
                let synced = availability.is_synced(legs)?;
                kind.copy_percent = if synced { CopyPercent::Full } else { CopyPercent::Changing };
            }
            Some(SegmentMapping::Other { kind: raid, .. }) if raid == "raid0" || raid == "raid0_meta" => {
                (kind.letter, kind.target, kind.module) = ('r', 'r', "raid");
            }
            Some(SegmentMapping::Other { kind, .. }) => {
                return Err(Error::unsupported(format!("LVM2: the state of {kind}")));
            }
            Some(SegmentMapping::Snapshot { .. }) => {
                return Err(Error::unsupported("LVM2: the state of a snapshot"));
            }
        }
        Ok(kind)
    }
}

/// A physical volume that is in no group.
fn orphan_report(device: &Device) -> PvReport {
    let size = device.source.len();
    PvReport {
        name: device.name.clone(),
        uuid: device.header.uuid,
        group: None,
        size,
        device_size: size,
        free: size,
        used: 0,
        attributes: "---".into(),
        extent_count: 0,
        allocated_extents: 0,
        tags: BString::default(),
        extents_start: device.header.data_start,
        metadata_areas: device.areas.len() as u64,
        metadata_free: metadata_free(device),
    }
}

/// In the fullest of its areas; 0 without any.
fn metadata_free(device: &Device) -> u64 {
    device.areas.iter().map(MetadataArea::free).min().unwrap_or(0)
}

fn comma_separated(tags: &[BString]) -> BString {
    bstr::join(",", tags).into()
}

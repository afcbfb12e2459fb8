//! LVM2: the volume groups on a set of devices, and the logical volumes that can be read from them.
//!
//! Everything is found by content. Each physical volume has a label that says where its metadata areas are; each area
//! holds the whole group's description as text. The newest text wins, wherever it is.
//!
//! Linear and striped volumes, mirrors and raid1 are read; other segment types are *unsupported* by name.
//! A volume that needs a missing device fails when it is opened, by the names of both.
//!
//! The format has no specification. The references are `lib/format_text` of LVM2 and the `device-mapper` documents of
//! Linux for what the segments mean.

mod activation;
mod checksum;
mod label;
mod mapping;
mod metadata_area;
mod names;
mod raid_superblock;
mod report;
mod segment;
#[cfg(test)]
mod tests;
mod text;
mod uuid;
mod volume_group;

use std::collections::HashMap;

use bstr::{BString, ByteSlice};
use glassbox_io::{Cached, Errno, Error, ErrorKind, Result, Source};

pub use names::{device_path, mapper_path};
pub use report::{CopyPercent, LvReport, PvReport, VgReport};
pub use uuid::LvmUuid;
pub use volume_group::{Allocation, Flags, LogicalVolume, PhysicalVolume, VolumeGroup};

use activation::Availability;
use label::PvHeader;
use metadata_area::MetadataArea;

/// A device's label and metadata, read once in pages: enough for the pages that they lie in.
const SCAN_CACHE: usize = 1 << 20;

/// The physical volumes among some devices, and the groups that they make up.
pub struct Lvm {
    devices: Vec<Device>,
    by_uuid: HashMap<LvmUuid, usize>,
    groups: Vec<VolumeGroup>,
    problems: Vec<(BString, Error)>,
}

/// A physical volume that is there.
struct Device {
    name: BString,
    source: Source,
    header: PvHeader,
    areas: Vec<MetadataArea>,
}

impl Lvm {
    /// Looks for physical volumes on devices, given by the names that the reports shall have (`/dev/sda2`).
    /// Devices without a label are passed over.
    ///
    /// Damage doesn't end the scan, because other copies of the metadata may be whole: see [`Self::problems`].
    ///
    /// # Errors
    /// When the host fails to read.
    pub fn scan(devices: impl IntoIterator<Item = (BString, Source)>) -> Result<Self> {
        let mut lvm = Lvm { devices: Vec::new(), by_uuid: HashMap::new(), groups: Vec::new(), problems: Vec::new() };
        for (name, source) in devices {
            match PvHeader::read(&source) {
                Ok(Some(header)) => lvm.add_device(name, source, header)?,
                Ok(None) => {}
                Err(error) => lvm.note(&name, error)?,
            }
        }
        lvm.read_groups()?;
        Ok(lvm)
    }

    fn add_device(&mut self, name: BString, source: Source, header: PvHeader) -> Result<()> {
        if let Some(first) = self.by_uuid.get(&header.uuid).and_then(|&first| self.devices.get(first)) {
            // LVM2 refuses to choose between copies unless it knows the device from before. The first one it is.
            let message = format!("LVM2: the physical volume {} is on {} too", header.uuid, first.name);
            return self.note(&name, Error::corrupt(message));
        }
        let cached = Cached::new(source.clone(), SCAN_CACHE);
        let mut areas = Vec::new();
        for &(offset, size) in &header.metadata_areas {
            match MetadataArea::read(&cached, offset, size) {
                Ok(area) => areas.push(area),
                Err(error) => self.note(&name, error)?,
            }
        }
        self.by_uuid.insert(header.uuid, self.devices.len());
        self.devices.push(Device { name, source, header, areas });
        Ok(())
    }

    /// Chooses the newest description of each group.
    fn read_groups(&mut self) -> Result<()> {
        // Every area of a group has the same text, normally: parse each text once. An ignored area's may be old.
        let mut texts: Vec<(BString, &[u8])> = Vec::new();
        for device in &self.devices {
            for text in device.areas.iter().filter(|area| !area.ignored).filter_map(|area| area.text.as_deref()) {
                if !texts.iter().any(|(_, known)| *known == text) {
                    texts.push((device.name.clone(), text));
                }
            }
        }
        let mut groups: Vec<VolumeGroup> = Vec::new();
        let mut damaged = Vec::new();
        for (device, text) in texts {
            let group = match VolumeGroup::parse(text) {
                Ok(group) => group,
                Err(error) => {
                    damaged.push((device, error));
                    continue;
                }
            };
            match groups.iter_mut().find(|known| known.uuid == group.uuid) {
                Some(known) if known.seqno >= group.seqno => {}
                Some(known) => *known = group,
                None => groups.push(group),
            }
        }
        groups.sort_by(|a, b| a.name.cmp(&b.name).then(a.uuid.cmp(&b.uuid)));
        self.groups = groups;
        damaged.into_iter().try_for_each(|(device, error)| self.note(&device, error))
    }

    /// Keeps what is wrong with a device; a failure of the host ends the scan.
    fn note(&mut self, device: &BString, error: Error) -> Result<()> {
        if error.kind() == ErrorKind::Io {
            return Err(error.at_path(device.as_slice()));
        }
        self.problems.push((device.clone(), error));
        Ok(())
    }

    /// What was wrong, by device: damaged labels, areas and texts, and copies of physical volumes.
    pub fn problems(&self) -> &[(BString, Error)] {
        &self.problems
    }

    /// The groups, by name.
    pub fn groups(&self) -> &[VolumeGroup] {
        &self.groups
    }

    /// The group of this name.
    ///
    /// # Errors
    /// `ENOENT` if there is none, *corrupt* if there are two.
    pub fn group(&self, name: &[u8]) -> Result<&VolumeGroup> {
        let mut named = self.groups.iter().filter(|group| group.name == name);
        let (first, second) = (named.next(), named.next());
        match (first, second) {
            (Some(group), None) => Ok(group),
            (None, _) => {
                Err(Error::os_with(Errno::ENOENT, format!("LVM2: there is no volume group {}", name.as_bstr())))
            }
            (Some(_), Some(_)) => {
                Err(Error::corrupt(format!("LVM2: two volume groups have the name {}", name.as_bstr())))
            }
        }
    }

    /// The text in force that describes `group`, as it is on the devices; empty if none can be read any more.
    pub fn metadata(&self, group: &VolumeGroup) -> &[u8] {
        let areas = self.devices.iter().flat_map(|device| &device.areas).filter(|area| !area.ignored);
        let describes = |text: &&[u8]| {
            VolumeGroup::parse(text).is_ok_and(|other| (other.uuid, other.seqno) == (group.uuid, group.seqno))
        };
        let text = areas.filter_map(|area| area.text.as_deref()).find(describes).unwrap_or_default();
        // A NUL ends it.
        text.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    /// The physical volumes of `group` that are on none of the devices.
    pub fn missing<'a>(&'a self, group: &'a VolumeGroup) -> impl Iterator<Item = &'a PhysicalVolume> {
        group.physical_volumes.iter().filter(|volume| self.device_of(volume).is_none())
    }

    /// The volumes that libguestfs lists: visible ones that Linux activates when it finds the groups, because they have
    /// all that they need and the group isn't exported; pools are left out. By group and name.
    pub fn active_volumes(&self) -> impl Iterator<Item = (&VolumeGroup, &LogicalVolume)> {
        self.groups.iter().flat_map(|group| {
            let mut availability = Availability::new(self, group);
            let mut volumes: Vec<_> =
                group.logical_volumes.iter().filter(|lv| !lv.is_pool() && availability.is_active(lv)).collect();
            volumes.sort_by(|a, b| a.name.cmp(&b.name));
            volumes.into_iter().map(move |volume| (group, volume))
        })
    }

    /// The visible volume that `path` names: `/dev/VG/LV` or `/dev/mapper/VG-LV`, canonical or not.
    pub fn find(&self, path: &[u8]) -> Option<(&VolumeGroup, &LogicalVolume)> {
        self.groups
            .iter()
            .flat_map(|group| group.logical_volumes.iter().map(move |volume| (group, volume)))
            .filter(|(_, volume)| volume.is_visible())
            .find(|(group, volume)| device_path(group, volume) == path || mapper_path(group, volume) == path)
    }

    /// The device on which `volume` is; `None` if that is missing, or came back after the group went on without it.
    fn device_of(&self, volume: &PhysicalVolume) -> Option<&Device> {
        if volume.flags.contains("MISSING") {
            return None;
        }
        self.devices.get(*self.by_uuid.get(&volume.uuid)?)
    }
}

//! From a logical volume to its bytes: the mapping that Linux's device mapper would be given.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bstr::BString;
use glassbox_io::{Errno, Error, ReadAt, Result, Source, Window};

use super::Lvm;
use super::mapping::{Mapping, Stripe, Target};
use super::raid_superblock::{RaidSuperblock, legs_in_sync};
use super::segment::{Area, RaidLeg, Segment, SegmentMapping};
use super::volume_group::{LogicalVolume, SnapshotPart, VolumeGroup};

/// Volumes on volumes. LVM2's deepest stack (a mirror that is being moved, say) has five.
const MAX_DEPTH: usize = 8;
/// The same for walks that visit each volume once: it protects the stack only.
const MAX_WALK_DEPTH: usize = 256;
/// Runs that one volume may consist of, all levels counted: a bound on the work for metadata that names the same
/// volume over and over. A volume of 8 MiB of metadata has fewer segments.
const MAX_RUNS: usize = 1 << 17;

/// One opening of a volume.
struct Opening<'a> {
    lvm: &'a Lvm,
    group: &'a VolumeGroup,
    runs: usize,
}

impl Lvm {
    /// The bytes of `volume`, one of `group`'s, visible or not.
    ///
    /// # Errors
    /// *Unsupported* for segment types that aren't read, by name; `ENXIO` when a physical volume is missing; *corrupt*
    /// when the metadata contradicts itself.
    pub fn open(&self, group: &VolumeGroup, volume: &LogicalVolume) -> Result<Source> {
        let mut opening = Opening { lvm: self, group, runs: 0 };
        let mapping = opening.volume(volume, 0);
        Ok(Arc::new(mapping.map_err(|error| error.at_path(super::device_path(group, volume)))?))
    }
}

/// Which volumes of a group have the devices that they need.
pub(super) struct Availability<'a> {
    lvm: &'a Lvm,
    group: &'a VolumeGroup,
    /// What was found out, by name: volumes can name each other many times.
    lacking: HashMap<&'a BString, bool>,
    partial: HashMap<&'a BString, bool>,
    runs: usize,
}

impl<'a> Availability<'a> {
    pub fn new(lvm: &'a Lvm, group: &'a VolumeGroup) -> Self {
        Availability { lvm, group, lacking: HashMap::new(), partial: HashMap::new(), runs: 0 }
    }

    /// Whether the volume of this name is on a physical volume that is missing, wholly or in part.
    pub fn is_partial(&mut self, name: &'a BString) -> bool {
        self.lacks_any(name, 0)
    }

    fn lacks_any(&mut self, name: &'a BString, depth: usize) -> bool {
        if let Some(&known) = self.partial.get(name) {
            return known;
        }
        if depth > MAX_WALK_DEPTH {
            return true;
        }
        self.partial.insert(name, false);
        let depth = depth.saturating_add(1);
        let partial = match self.group.logical_volume(name) {
            Some(volume) => volume.segments.iter().flat_map(Segment::uses).any(|below| self.lacks_any(below, depth)),
            None => self.group.physical_volume(name).is_some_and(|volume| self.lvm.device_of(volume).is_none()),
        };
        self.partial.insert(name, partial);
        partial
    }

    /// Whether all legs of a raid that are there hold all its data.
    pub fn is_synced(&mut self, legs: &'a [RaidLeg]) -> Result<bool> {
        let mut opening = Opening { lvm: self.lvm, group: self.group, runs: self.runs };
        let in_sync = opening.legs_in_sync(legs, 0)?;
        self.runs = opening.runs;
        Ok(legs.iter().enumerate().all(|(index, leg)| in_sync.contains(&index) || self.is_partial(&leg.data)))
    }

    /// Whether Linux would activate `volume`.
    pub fn is_active(&mut self, volume: &'a LogicalVolume) -> bool {
        volume.is_visible()
            && !self.group.flags.contains("EXPORTED")
            && !volume.flags.contains("ACTIVATION_SKIP")
            && !self.lacks_devices(&volume.name, 0)
    }

    /// Whether a physical volume is missing that the volume of this name can't do without. A raid1 can do without all
    /// legs but one.
    fn lacks_devices(&mut self, name: &'a BString, depth: usize) -> bool {
        if let Some(&known) = self.lacking.get(name) {
            return known;
        }
        if depth > MAX_WALK_DEPTH {
            return true;
        }
        // A volume that is made of itself can't be made.
        self.lacking.insert(name, true);
        let depth = depth.saturating_add(1);
        let lacking = match self.group.logical_volume(name) {
            Some(volume) => volume.segments.iter().any(|segment| match &segment.mapping {
                SegmentMapping::Raid { kind, legs } if kind == "raid1" => {
                    legs.iter().all(|leg| self.lacks_devices(&leg.data, depth))
                }
                _ => segment.uses().into_iter().any(|below| self.lacks_devices(below, depth)),
            }),
            None => self.group.physical_volume(name).is_none_or(|volume| self.lvm.device_of(volume).is_none()),
        };
        self.lacking.insert(name, lacking);
        lacking
    }
}

impl Opening<'_> {
    fn volume(&mut self, volume: &LogicalVolume, depth: usize) -> Result<Mapping> {
        if depth > MAX_DEPTH {
            return Err(Error::corrupt(format!("LVM2: volumes are stacked more than {MAX_DEPTH} deep")));
        }
        match self.group.snapshot_part(&volume.name) {
            Some(SnapshotPart::Store) => return Err(Error::unsupported("LVM2: snapshot")),
            Some(SnapshotPart::MergingOrigin) => {
                return Err(Error::unsupported("LVM2: origin of a merging snapshot"));
            }
            Some(SnapshotPart::Origin) | None => {}
        }
        let mut mapping = Mapping::default();
        for segment in &volume.segments {
            self.runs = self.runs.saturating_add(1);
            if self.runs > MAX_RUNS {
                return Err(Error::corrupt(format!("LVM2: {} has more than {MAX_RUNS} runs", volume.name)));
            }
            let length = self.bytes(segment.count)?;
            mapping.push(length, self.target(segment, length, depth)?)?;
        }
        Ok(mapping)
    }

    fn target(&mut self, segment: &Segment, length: u64, depth: usize) -> Result<Target> {
        match &segment.mapping {
            SegmentMapping::Striped { areas, chunk_size } => self.striped(segment, areas, *chunk_size, depth),
            SegmentMapping::Mirror { legs, .. } => {
                // The first leg is the one that is always in sync: the others are copied from it.
                let leg = legs.first().ok_or_else(|| Error::corrupt("LVM2: a mirror without legs"))?;
                Ok(Target::Linear(self.area(leg, length, depth)?))
            }
            SegmentMapping::Raid { kind, legs } if kind == "raid1" => self.raid1(legs, length, depth),
            SegmentMapping::Zero => Ok(Target::Zero),
            SegmentMapping::Error => Ok(Target::Error),
            SegmentMapping::Snapshot { .. } => Err(Error::unsupported("LVM2: snapshot")),
            SegmentMapping::Raid { kind, .. } | SegmentMapping::Other { kind, .. } => {
                Err(Error::unsupported(format!("LVM2: {kind}")))
            }
        }
    }

    fn striped(&mut self, segment: &Segment, areas: &[Area], chunk: u64, depth: usize) -> Result<Target> {
        let count = areas.len() as u64;
        let each = self.bytes(segment.area_count())?;
        if let [area] = areas {
            return Ok(Target::Linear(self.area(area, each, depth)?));
        }
        if segment.count.checked_rem(count) != Some(0) || each.checked_rem(chunk) != Some(0) {
            return Err(Error::corrupt(format!(
                "LVM2: {} extents don't make {count} stripes in chunks of {chunk} bytes",
                segment.count
            )));
        }
        let stripes = areas.iter().map(|area| self.area(area, each, depth)).collect::<Result<_>>()?;
        Ok(Target::Striped { stripes, chunk })
    }

    fn raid1(&mut self, legs: &[RaidLeg], length: u64, depth: usize) -> Result<Target> {
        let mut missing = None;
        for leg in self.legs_in_sync(legs, depth)?.into_iter().filter_map(|index| legs.get(index)) {
            let start = Area { name: leg.data.clone(), start: 0 };
            match self.area(&start, length, depth) {
                Ok(stripe) => return Ok(Target::Linear(stripe)),
                Err(error) if is_missing(&error) => missing = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(missing.unwrap_or_else(|| Error::corrupt("LVM2: no leg of the raid1 is in sync")))
    }

    /// The legs that hold all data, best first.
    fn legs_in_sync(&mut self, legs: &[RaidLeg], depth: usize) -> Result<Vec<usize>> {
        let mut superblocks = Vec::new();
        for leg in legs {
            let metadata = leg.metadata.as_ref().map(|name| self.named(name, depth));
            superblocks.push(match metadata {
                Some(Ok(metadata)) => RaidSuperblock::read(&metadata)?,
                Some(Err(error)) if is_missing(&error) => None,
                Some(Err(error)) => return Err(error),
                None => None,
            });
        }
        Ok(legs_in_sync(&superblocks))
    }

    /// `length` bytes of the volume, physical or logical, that `area` names.
    fn area(&mut self, area: &Area, length: u64, depth: usize) -> Result<Stripe> {
        let start = self.bytes(area.start)?;
        let group = self.group;
        if let Some(volume) = group.physical_volume(&area.name) {
            let end = self.bytes(volume.extent_count)?;
            if start.checked_add(length).is_none_or(|used| used > end) {
                return Err(Error::corrupt(format!("LVM2: a segment reaches past the end of {}", area.name)));
            }
            let device = self.lvm.device_of(volume).ok_or_else(|| self.missing(volume.uuid.to_string(), &area.name))?;
            let offset = volume.extents_start.checked_add(start);
            let offset = offset.ok_or_else(|| Error::corrupt("LVM2: extents begin past 2^64"))?;
            return Ok(Stripe { source: device.source.clone(), offset });
        }
        let below = self.named(&area.name, depth)?;
        if start.checked_add(length).is_none_or(|used| used > below.len()) {
            return Err(Error::corrupt(format!("LVM2: a segment reaches past the end of {}", area.name)));
        }
        Ok(Stripe { source: Arc::new(Window::new(below, start, length)?), offset: 0 })
    }

    /// The logical volume of this name, for one above it.
    fn named(&mut self, name: &BString, depth: usize) -> Result<Mapping> {
        let volume = self.group.logical_volume(name);
        let volume = volume.ok_or_else(|| Error::corrupt(format!("LVM2: there is no volume {name}")))?;
        self.volume(volume, depth.saturating_add(1))
    }

    fn bytes(&self, extents: u64) -> Result<u64> {
        let bytes = extents.checked_mul(self.group.extent_size);
        bytes.ok_or_else(|| Error::corrupt(format!("LVM2: {extents} extents are more than 2^64 bytes")))
    }

    fn missing(&self, uuid: String, key: &BString) -> Error {
        let group = &self.group.name;
        let message = format!("LVM2: the physical volume {key} ({uuid}) of volume group {group} is missing");
        Error::os_with(Errno::ENXIO, message)
    }
}

fn is_missing(error: &Error) -> bool {
    error.errno() == Errno::ENXIO
}

impl VolumeGroup {
    /// Tells the names of all volumes below the one of this name, and its own last: lower ones first, and none that
    /// is among `told`.
    pub(super) fn volumes_below<'a>(
        &'a self,
        name: &'a BString,
        told: &mut HashSet<&'a BString>,
        tell: &mut dyn FnMut(&'a LogicalVolume),
    ) {
        self.tell_below(name, told, tell, 0);
    }

    fn tell_below<'a>(
        &'a self,
        name: &'a BString,
        told: &mut HashSet<&'a BString>,
        tell: &mut dyn FnMut(&'a LogicalVolume),
        depth: usize,
    ) {
        let Some(volume) = self.logical_volume(name) else { return };
        if depth > MAX_WALK_DEPTH || !told.insert(name) {
            return;
        }
        for below in volume.segments.iter().flat_map(Segment::uses) {
            self.tell_below(below, told, tell, depth.saturating_add(1));
        }
        tell(volume);
    }
}

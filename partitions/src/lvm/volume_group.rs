//! A volume group as its metadata describes it: physical volumes, logical volumes and their segments.

use std::collections::HashMap;

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Error, Result};

use super::label::SECTOR;
use super::segment::{Segment, SegmentMapping};
use super::text::Section;
use super::uuid::LvmUuid;

/// A volume group.
#[derive(Clone, Debug)]
pub struct VolumeGroup {
    /// Its name. Two groups on one machine may have the same; their UUIDs differ.
    pub name: BString,
    /// Its UUID.
    pub uuid: LvmUuid,
    /// Counts the changes of the metadata.
    pub seqno: u64,
    /// Bytes of an extent.
    pub extent_size: u64,
    /// `RESIZEABLE`, `READ`, `WRITE`, `EXPORTED` …
    pub flags: Flags,
    /// Tags.
    pub tags: Vec<BString>,
    /// At most so many logical volumes; 0 for any number.
    pub max_lv: u64,
    /// At most so many physical volumes; 0 for any number.
    pub max_pv: u64,
    /// The system that owns the group, or empty.
    pub system_id: BString,
    /// How extents are allocated.
    pub allocation: Allocation,
    /// All physical volumes, those that are missing too.
    pub physical_volumes: Vec<PhysicalVolume>,
    /// All logical volumes, hidden ones too, in the order of the metadata.
    pub logical_volumes: Vec<LogicalVolume>,
    index: Index,
}

/// Volumes by name: metadata can have tens of thousands, and each can name others.
#[derive(Clone, Debug, Default)]
struct Index {
    physical: HashMap<BString, usize>,
    logical: HashMap<BString, usize>,
    snapshots: HashMap<BString, SnapshotPart>,
}

/// What a volume is to a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SnapshotPart {
    /// Snapshots were made of it; its own bytes are its own.
    Origin,
    /// A snapshot is being written back to it: what it shows is not what it holds.
    MergingOrigin,
    /// It looks linear and holds exceptions; the volume that it shows is something else.
    Store,
}

/// A physical volume, as its group's metadata describes it.
#[derive(Clone, Debug)]
pub struct PhysicalVolume {
    /// Its UUID.
    pub uuid: LvmUuid,
    /// Where it was when the metadata was written last: a hint.
    pub device_hint: BString,
    /// Bytes of its device then; 0 if unknown.
    pub device_size: u64,
    /// Where its first extent begins, in bytes.
    pub extents_start: u64,
    /// How many extents it has.
    pub extent_count: u64,
    /// `ALLOCATABLE`, `MISSING` …
    pub flags: Flags,
    /// Tags.
    pub tags: Vec<BString>,
    pub(super) key: BString,
    /// Extents that logical volumes use.
    pub(super) allocated_extents: u64,
}

/// A logical volume.
#[derive(Clone, Debug)]
pub struct LogicalVolume {
    /// Its name.
    pub name: BString,
    /// Its UUID.
    pub uuid: LvmUuid,
    /// `READ`, `WRITE`, `VISIBLE`, `ACTIVATION_SKIP` …
    pub flags: Flags,
    /// Tags.
    pub tags: Vec<BString>,
    /// How extents are allocated.
    pub allocation: Allocation,
    /// Device numbers that the administrator fixed.
    pub fixed_device: (Option<u64>, Option<u64>),
    pub(super) segments: Vec<Segment>,
    visible: bool,
}

/// The words of a `status` and a `flags` list.
#[derive(Clone, Debug, Default)]
pub struct Flags(Vec<BString>);

impl Flags {
    /// Whether `word` is among them.
    pub fn contains(&self, word: &str) -> bool {
        self.0.iter().any(|flag| flag == word)
    }

    fn parse(section: &Section<'_>) -> Result<Self> {
        let words = [section.texts("status")?, section.texts("flags")?].concat();
        Ok(Flags(words.into_iter().map(BString::from).collect()))
    }
}

/// How extents are allocated (`alloc` in lvm(8)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allocation {
    /// As the group says.
    #[default]
    Inherit,
    /// In one piece.
    Contiguous,
    /// On the volumes that are used already.
    Cling,
    /// With common sense.
    Normal,
    /// Wherever there is room.
    Anywhere,
}

impl Allocation {
    /// The letter in attribute strings.
    pub fn letter(self) -> char {
        match self {
            Allocation::Inherit => 'i',
            Allocation::Contiguous => 'c',
            Allocation::Cling => 'l',
            Allocation::Normal => 'n',
            Allocation::Anywhere => 'a',
        }
    }

    fn parse(section: &Section<'_>, default: Allocation) -> Result<Self> {
        let Some(word) = section.optional_text("allocation_policy")? else { return Ok(default) };
        match word.as_bytes() {
            b"inherit" => Ok(Allocation::Inherit),
            b"contiguous" => Ok(Allocation::Contiguous),
            b"cling" | b"cling_by_tags" => Ok(Allocation::Cling),
            b"normal" => Ok(Allocation::Normal),
            b"anywhere" => Ok(Allocation::Anywhere),
            _ => Err(Error::corrupt(format!("LVM2: allocation policy {word}"))),
        }
    }
}

impl VolumeGroup {
    /// The group that a metadata area's text describes.
    pub(super) fn parse(text: &[u8]) -> Result<Self> {
        let root = Section::parse(text)?;
        let (name, group) = root.sections().next().ok_or_else(|| Error::corrupt("LVM2: the metadata has no group"))?;
        Self::from_section(name, group).map_err(|error| match error.is_unsupported() {
            true => error,
            false => Error::corrupt(format!("LVM2: volume group {name}")).caused_by(error),
        })
    }

    fn from_section(name: &BStr, group: &Section<'_>) -> Result<Self> {
        if let Some(format) = group.optional_text("format")?.filter(|format| *format != "lvm2") {
            return Err(Error::unsupported(format!("LVM2: metadata of format {format}")));
        }
        let extent_size = sectors(group.number("extent_size")?)?;
        if extent_size == 0 {
            return Err(Error::corrupt("LVM2: extents of no size"));
        }
        let of = |name: &str| group.section(name).into_iter().flat_map(Section::sections);
        let physical_volumes = of("physical_volumes").map(|(key, section)| PhysicalVolume::parse(key, section));
        let mut physical_volumes = physical_volumes.collect::<Result<Vec<_>>>()?;
        let logical_volumes = of("logical_volumes").map(|(name, section)| LogicalVolume::parse(name, section));
        let mut logical_volumes = logical_volumes.collect::<Result<Vec<_>>>()?;
        let index = Index::new(&physical_volumes, &logical_volumes);
        for volume in &mut logical_volumes {
            // The metadata has it the other way round: a snapshot is seen under the name of its store.
            let joins = volume.segments.iter().any(|part| matches!(part.mapping, SegmentMapping::Snapshot { .. }));
            let stores = index.snapshots.get(&volume.name) == Some(&SnapshotPart::Store);
            volume.visible = stores || volume.visible && !joins;
        }
        for segment in logical_volumes.iter().flat_map(|volume| &volume.segments) {
            for area in segment.areas() {
                let volume = index.physical.get(&area.name).and_then(|&index| physical_volumes.get_mut(index));
                if let Some(volume) = volume {
                    volume.allocated_extents = volume.allocated_extents.saturating_add(segment.area_count());
                }
            }
        }
        Ok(VolumeGroup {
            name: name.into(),
            uuid: LvmUuid::parse(group.text("id")?)?,
            seqno: group.number("seqno")?,
            extent_size,
            flags: Flags::parse(group)?,
            tags: tags(group)?,
            max_lv: group.optional_number("max_lv")?.unwrap_or(0),
            max_pv: group.optional_number("max_pv")?.unwrap_or(0),
            system_id: group.optional_text("system_id")?.unwrap_or_default().into(),
            allocation: Allocation::parse(group, Allocation::Normal)?,
            physical_volumes,
            logical_volumes,
            index,
        })
    }

    /// The logical volume of this name.
    pub fn logical_volume(&self, name: &[u8]) -> Option<&LogicalVolume> {
        self.logical_volumes.get(*self.index.logical.get(name.as_bstr())?)
    }

    /// The physical volume with this key of the metadata (`pv0`).
    pub(super) fn physical_volume(&self, key: &[u8]) -> Option<&PhysicalVolume> {
        self.physical_volumes.get(*self.index.physical.get(key.as_bstr())?)
    }

    /// What the logical volume of this name is to a snapshot.
    pub(super) fn snapshot_part(&self, name: &[u8]) -> Option<SnapshotPart> {
        self.index.snapshots.get(name.as_bstr()).copied()
    }
}

impl Index {
    fn new(physical: &[PhysicalVolume], logical: &[LogicalVolume]) -> Self {
        let mut snapshots = HashMap::new();
        for segment in logical.iter().flat_map(|volume| &volume.segments) {
            if let SegmentMapping::Snapshot { origin, cow, merging } = &segment.mapping {
                let part = if *merging { SnapshotPart::MergingOrigin } else { SnapshotPart::Origin };
                let known = snapshots.entry(origin.clone()).or_insert(part);
                if *merging {
                    *known = part;
                }
                snapshots.insert(cow.clone(), SnapshotPart::Store);
            }
        }
        Index {
            physical: physical.iter().map(|volume| volume.key.clone()).zip(0..).collect(),
            logical: logical.iter().map(|volume| volume.name.clone()).zip(0..).collect(),
            snapshots,
        }
    }
}

impl PhysicalVolume {
    fn parse(key: &BStr, section: &Section<'_>) -> Result<Self> {
        Ok(PhysicalVolume {
            uuid: LvmUuid::parse(section.text("id")?)?,
            device_hint: section.optional_text("device")?.unwrap_or_default().into(),
            device_size: sectors(section.optional_number("dev_size")?.unwrap_or(0))?,
            extents_start: sectors(section.number("pe_start")?)?,
            extent_count: section.number("pe_count")?,
            flags: Flags::parse(section)?,
            tags: tags(section)?,
            key: key.into(),
            allocated_extents: 0,
        })
    }
}

impl LogicalVolume {
    fn parse(name: &BStr, section: &Section<'_>) -> Result<Self> {
        let segments = section.sections().map(|(_, segment)| Segment::parse(segment));
        let mut segments = segments.collect::<Result<Vec<_>>>()?;
        segments.sort_by_key(|segment| segment.start);
        let mut next = 0u64;
        for segment in &segments {
            if segment.start != next || segment.count == 0 {
                return Err(Error::corrupt(format!("LVM2: the segments of {name} are not one after the other")));
            }
            next = next.checked_add(segment.count).ok_or_else(|| Error::corrupt("LVM2: too many extents"))?;
        }
        let flags = Flags::parse(section)?;
        Ok(LogicalVolume {
            name: name.into(),
            uuid: LvmUuid::parse(section.text("id")?)?,
            visible: flags.contains("VISIBLE"),
            flags,
            tags: tags(section)?,
            allocation: Allocation::parse(section, Allocation::Inherit)?,
            fixed_device: (section.optional_number("major")?, section.optional_number("minor")?),
            segments,
        })
    }

    /// Extents that it consists of.
    pub fn extent_count(&self) -> u64 {
        self.segments.last().map_or(0, |segment| segment.start.saturating_add(segment.count))
    }

    /// How many segments it has.
    pub fn segment_count(&self) -> usize {
        self.segments.len()
    }

    /// Whether it only provides room for others: `lvs` shows it, and nothing can be stored in it.
    pub fn is_pool(&self) -> bool {
        let pool = |segment: &Segment| match &segment.mapping {
            SegmentMapping::Other { kind, .. } => matches!(kind.as_slice(), b"thin-pool" | b"cache-pool" | b"vdo-pool"),
            _ => false,
        };
        self.segments.first().is_some_and(pool)
    }

    /// Whether it is a volume of its own, not a part of another.
    pub fn is_visible(&self) -> bool {
        self.visible
    }
}

fn tags(section: &Section<'_>) -> Result<Vec<BString>> {
    Ok(section.texts("tags")?.into_iter().map(BString::from).collect())
}

/// A count of sectors, in bytes.
pub(super) fn sectors(count: u64) -> Result<u64> {
    count.checked_mul(SECTOR).ok_or_else(|| Error::corrupt(format!("LVM2: {count} sectors")))
}

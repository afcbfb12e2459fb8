//! A segment: a run of a logical volume's extents, and how they map to others below.

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Error, Result};

use super::text::{Section, Value, wrong};
use super::volume_group::sectors;

/// Stripes, mirror legs or raid images of one segment. LVM2 allows 128 stripes (`MAX_STRIPES`) and fewer of others.
const MAX_AREAS: usize = 128;

/// A run of extents.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// First extent in the logical volume.
    pub start: u64,
    /// Extents of the logical volume.
    pub count: u64,
    pub mapping: SegmentMapping,
}

/// How the run is made.
#[derive(Clone, Debug)]
pub(super) enum SegmentMapping {
    /// Chunks in turn on each area; with one area it is linear.
    Striped { areas: Vec<Area>, chunk_size: u64 },
    /// `mirror`: copies; the first leads. `log` is the volume that says what is in sync.
    Mirror { legs: Vec<Area>, log: Option<BString> },
    /// `raid1`, `raid5` …: legs, each with a metadata volume (unless it was taken away). Copies in a `raid1`.
    Raid { kind: BString, legs: Vec<RaidLeg> },
    /// Zeros.
    Zero,
    /// Every read fails.
    Error,
    /// A store of exceptions: `cow` holds what of `origin` was overwritten. `merging` when it is being written back.
    Snapshot { origin: BString, cow: BString, merging: bool },
    /// Anything else, by its name in the metadata.
    Other { kind: BString, uses: Vec<BString> },
}

/// Where extents come from.
#[derive(Clone, Debug)]
pub(super) struct Area {
    /// A physical volume (`pv0`) or a logical one.
    pub name: BString,
    /// First extent there.
    pub start: u64,
}

/// A leg of a raid.
#[derive(Clone, Debug)]
pub(super) struct RaidLeg {
    pub metadata: Option<BString>,
    pub data: BString,
}

impl Segment {
    pub fn parse(section: &Section<'_>) -> Result<Self> {
        let kind = section.text("type")?;
        let mapping = match kind.as_bytes() {
            b"striped" | b"linear" => {
                let areas = areas(section, "stripes")?;
                let chunk_size = match areas.len() {
                    1 => 0,
                    _ => sectors(section.number("stripe_size")?)?,
                };
                SegmentMapping::Striped { areas, chunk_size }
            }
            b"mirror" => {
                let log = section.optional_text("mirror_log")?.map(BString::from);
                SegmentMapping::Mirror { legs: areas(section, "mirrors")?, log }
            }
            // Their metadata volumes, if they have any, say nothing: nothing is redundant.
            b"raid0" | b"raid0_meta" => other(kind, section)?,
            raid if raid.starts_with(b"raid") => SegmentMapping::Raid { kind: kind.into(), legs: raid_legs(section)? },
            b"zero" => SegmentMapping::Zero,
            b"error" => SegmentMapping::Error,
            b"snapshot" => {
                let merging = section.optional_text("merging_store")?;
                let cow = match merging {
                    Some(cow) => cow,
                    None => section.text("cow_store")?,
                };
                let origin = section.text("origin")?.into();
                SegmentMapping::Snapshot { origin, cow: cow.into(), merging: merging.is_some() }
            }
            _ => other(kind, section)?,
        };
        Ok(Segment { start: section.number("start_extent")?, count: section.number("extent_count")?, mapping })
    }

    /// The logical (or physical) volumes that it needs, as far as they are known.
    pub fn uses(&self) -> Vec<&BString> {
        match &self.mapping {
            SegmentMapping::Striped { areas: legs, .. } => legs.iter().map(|area| &area.name).collect(),
            SegmentMapping::Mirror { legs, log } => legs.iter().map(|area| &area.name).chain(log).collect(),
            SegmentMapping::Raid { legs, .. } => {
                legs.iter().flat_map(|leg| leg.metadata.iter().chain([&leg.data])).collect()
            }
            SegmentMapping::Snapshot { origin, cow, .. } => vec![origin, cow],
            SegmentMapping::Other { uses, .. } => uses.iter().collect(),
            SegmentMapping::Zero | SegmentMapping::Error => Vec::new(),
        }
    }

    /// Extents on each area of this segment.
    pub fn area_count(&self) -> u64 {
        match &self.mapping {
            SegmentMapping::Striped { areas, .. } => self.count.checked_div(areas.len() as u64).unwrap_or(0),
            _ => self.count,
        }
    }

    /// The areas that are given with a start: those that can be on physical volumes.
    pub fn areas(&self) -> &[Area] {
        match &self.mapping {
            SegmentMapping::Striped { areas, .. } => areas,
            SegmentMapping::Mirror { legs, .. } => legs,
            _ => &[],
        }
    }
}

/// Pairs of a name and an extent.
fn areas(section: &Section<'_>, list: &str) -> Result<Vec<Area>> {
    let values = section.list(list);
    let pairs = values.chunks_exact(2);
    if values.is_empty() || !pairs.remainder().is_empty() || pairs.len() > MAX_AREAS {
        return Err(Error::corrupt(format!("LVM2: {list} has {} values", values.len())));
    }
    let areas = pairs.map(|pair| match pair {
        [Value::Text(name), Value::Number(start)] => {
            let start = u64::try_from(*start).map_err(|_| wrong(list))?;
            Ok(Area { name: name.as_bstr().into(), start })
        }
        _ => Err(wrong(list)),
    });
    areas.collect()
}

/// Pairs of a metadata and a data volume, or data volumes alone.
fn raid_legs(section: &Section<'_>) -> Result<Vec<RaidLeg>> {
    let names = section.texts("raids")?;
    let count = section.number("device_count")?;
    let legs: Vec<_> = match names.len() as u64 {
        length if length == count.saturating_mul(2) => names
            .chunks_exact(2)
            .filter_map(|pair| match pair {
                [metadata, data] => Some(RaidLeg { metadata: Some((*metadata).into()), data: (*data).into() }),
                _ => None,
            })
            .collect(),
        length if length == count => names.iter().map(|&data| RaidLeg { metadata: None, data: data.into() }).collect(),
        length => return Err(Error::corrupt(format!("LVM2: {length} volumes for a raid of {count} devices"))),
    };
    if legs.is_empty() || legs.len() > MAX_AREAS {
        return Err(Error::corrupt(format!("LVM2: a raid of {} devices", legs.len())));
    }
    Ok(legs)
}

/// A segment of an unread kind, with the volumes that it names.
fn other(kind: &BStr, section: &Section<'_>) -> Result<SegmentMapping> {
    let single = ["metadata", "pool", "thin_pool", "origin", "external_origin", "cache_pool", "data", "writecache"];
    let mut below: Vec<BString> = Vec::new();
    for key in single {
        below.extend(section.optional_text(key).ok().flatten().map(BString::from));
    }
    for list in ["raids", "raid0_lvs", "stripes", "mirrors"] {
        below.extend(section.list(list).iter().filter_map(|value| match value {
            Value::Text(name) => Some(name.as_bstr().into()),
            _ => None,
        }));
    }
    Ok(SegmentMapping::Other { kind: kind.into(), uses: below })
}

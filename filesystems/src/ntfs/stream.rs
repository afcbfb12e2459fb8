//! The value of an attribute as bytes: resident, in runs with holes, or compressed.

use std::sync::{Arc, Mutex, PoisonError};

use glassbox_io::{Error, Extent, ExtentKind, ReadAt, Result, Source};

use super::attribute::{Attribute, Form, Sizes};
use super::boot_sector::BootSector;
use super::lznt1;
use super::runs::{Run, RunList};
use super::volume::Volume;

/// The value of one attribute. Runs are decoded once, when it is made.
pub(crate) struct Stream {
    sizes: Sizes,
    storage: Storage,
}

enum Storage {
    Resident(Vec<u8>),
    Runs {
        runs: RunList,
        cluster_size: u64,
        /// Clusters in a compression unit, if the value is compressed.
        compression_unit: Option<u64>,
    },
}

impl Stream {
    /// The value of `attribute`, as far as its first extent has it.
    pub fn first_extent(attribute: &Attribute<'_>, boot: &BootSector) -> Result<Self> {
        if attribute.is_encrypted() {
            return Err(Error::unsupported("ntfs: encrypted file (EFS)"));
        }
        let sizes = attribute.sizes()?;
        let storage = match attribute.form {
            Form::Resident(value) => Storage::Resident(value.to_vec()),
            Form::NonResident { .. } => {
                let mut runs = RunList::default();
                attribute.decode_runs(&mut runs, boot.clusters)?;
                let compression_unit = attribute.compression_unit(boot.cluster_size)?;
                Storage::Runs { runs, cluster_size: boot.cluster_size, compression_unit }
            }
        };
        Ok(Stream { sizes, storage })
    }

    /// Adds a further extent of the same attribute.
    pub fn extend(&mut self, attribute: &Attribute<'_>, boot: &BootSector) -> Result<()> {
        match &mut self.storage {
            Storage::Runs { runs, .. } => attribute.decode_runs(runs, boot.clusters),
            Storage::Resident(_) => Err(Error::corrupt("ntfs: a resident attribute has a further extent")),
        }
    }

    /// *Corrupt* if runs are missing for what should have been written: wrong zeros would be read instead.
    pub fn check(&self) -> Result<()> {
        if let Storage::Runs { runs, cluster_size, .. } = &self.storage {
            let have = runs.end().saturating_mul(*cluster_size);
            let needed = self.sizes.initialized.min(self.sizes.data);
            if have < needed {
                return Err(Error::corrupt(format!("ntfs: an attribute has runs for {have} of its {needed} bytes")));
            }
        }
        Ok(())
    }

    /// The length in bytes.
    pub fn len(&self) -> u64 {
        self.sizes.data
    }

    /// Bytes that were written.
    pub fn initialized(&self) -> u64 {
        self.sizes.initialized.min(self.sizes.data)
    }

    /// All sizes.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// Whether any of it lies in clusters of its own: not in its record, and not only in holes.
    pub fn has_clusters(&self) -> bool {
        matches!(&self.storage, Storage::Runs { runs, .. } if runs.from(0).iter().any(|run| run.lcn.is_some()))
    }

    /// Fills `buf` with metadata, through the cache of `volume`; *corrupt* if the value ends before.
    pub fn read_cached(&self, volume: &Volume, buf: &mut [u8], offset: u64) -> Result<()> {
        let count = self.read(&volume.metadata, None, buf, offset)?;
        if count < buf.len() {
            return Err(Error::corrupt(format!("ntfs: {} bytes at {offset} of {}", buf.len(), self.len())));
        }
        Ok(())
    }

    /// Fills `buf` from `offset` up to the end of the value.
    fn read(&self, source: &dyn ReadAt, last_unit: Option<&LastUnit>, buf: &mut [u8], offset: u64) -> Result<usize> {
        let left = usize::try_from(self.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = left.min(buf.len());
        let Some(buf) = buf.get_mut(..count) else { return Ok(0) };
        // Past the initialized size nothing was written: whatever the clusters hold, it reads as zeros.
        let written = usize::try_from(self.initialized().saturating_sub(offset)).unwrap_or(usize::MAX);
        let (written, zeros) = buf.split_at_mut_checked(written.min(count)).unwrap_or_default();
        zeros.fill(0);
        match &self.storage {
            Storage::Resident(value) => value.read_at(written, offset).map(drop)?,
            Storage::Runs { runs, cluster_size, compression_unit: None } => {
                read_runs(source, runs, *cluster_size, written, offset)?;
            }
            Storage::Runs { runs, cluster_size, compression_unit: Some(unit) } => {
                let units = Units { source, runs, cluster_size: *cluster_size, clusters: *unit };
                units.read(last_unit, written, offset)?;
            }
        }
        Ok(count)
    }

    /// The run of like bytes at `offset`.
    fn extent_at(&self, offset: u64) -> Extent {
        let left = self.len().saturating_sub(offset);
        if left == 0 {
            return Extent { length: 0, kind: ExtentKind::Hole };
        }
        let written = self.initialized().saturating_sub(offset);
        if written == 0 {
            return Extent { length: left, kind: ExtentKind::Hole };
        }
        let Storage::Runs { runs, cluster_size, compression_unit } = &self.storage else {
            return Extent { length: left, kind: ExtentKind::Data };
        };
        // A compression unit ends with a hole when it is compressed; only a unit that is one hole reads as zeros.
        let unit = compression_unit.unwrap_or(1).saturating_mul(*cluster_size);
        let is_data = |run: &Run| match (run.lcn, compression_unit) {
            (Some(_), _) => true,
            (None, None) => false,
            (None, Some(unit)) => run.length < *unit,
        };
        let vcn = offset.checked_div(*cluster_size).unwrap_or(0);
        let runs = runs.from(vcn);
        let Some(first) = runs.first() else { return Extent { length: left, kind: ExtentKind::Data } };
        let mut kind = if is_data(first) { ExtentKind::Data } else { ExtentKind::Hole };
        let same = runs.iter().take_while(|run| is_data(run) == (kind == ExtentKind::Data));
        let mut end = same.last().map_or(0, |run| run.vcn.saturating_add(run.length)).saturating_mul(*cluster_size);
        if compression_unit.is_some() {
            // Holes shrink to whole units, data grows to them.
            match kind {
                ExtentKind::Data => end = end.checked_next_multiple_of(unit).unwrap_or(u64::MAX),
                ExtentKind::Hole => {
                    let start =
                        first.vcn.saturating_mul(*cluster_size).checked_next_multiple_of(unit).unwrap_or(u64::MAX);
                    if offset < start {
                        (kind, end) = (ExtentKind::Data, start);
                    } else {
                        end = end.saturating_sub(end.checked_rem(unit).unwrap_or(0));
                    }
                    if end <= offset {
                        (kind, end) = (ExtentKind::Data, end.saturating_add(unit));
                    }
                }
            }
        }
        let length = end.saturating_sub(offset).min(left);
        match kind {
            ExtentKind::Data => Extent { length: length.min(written), kind },
            // What follows the initialized part is a hole as well.
            ExtentKind::Hole if length >= written => Extent { length: left, kind },
            ExtentKind::Hole => Extent { length, kind },
        }
    }
}

/// Fills `buf` from `offset` of what `runs` map. Each run is one read of the source, straight into `buf`; holes, and
/// what lies past the last run, are zeros.
fn read_runs(source: &dyn ReadAt, runs: &RunList, cluster_size: u64, buf: &mut [u8], offset: u64) -> Result<()> {
    let mut rest = buf;
    let mut at = offset;
    for run in runs.from(offset.checked_div(cluster_size).unwrap_or(0)) {
        if rest.is_empty() {
            break;
        }
        let within = at.saturating_sub(run.vcn.saturating_mul(cluster_size));
        let left = run.length.saturating_mul(cluster_size).saturating_sub(within);
        if left == 0 {
            continue;
        }
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
        let (here, after) = rest.split_at_mut_checked(count).unwrap_or_default();
        match run.lcn {
            Some(lcn) => source.read_exact_at(here, lcn.saturating_mul(cluster_size).saturating_add(within))?,
            None => here.fill(0),
        }
        at = at.saturating_add(count as u64);
        rest = after;
    }
    rest.fill(0);
    Ok(())
}

/// The compression unit that was decompressed last: small sequential reads hit it again and again.
type LastUnit = Mutex<Option<(u64, Arc<[u8]>)>>;

/// The compression units of a value.
struct Units<'a> {
    source: &'a dyn ReadAt,
    runs: &'a RunList,
    cluster_size: u64,
    /// Clusters per unit.
    clusters: u64,
}

impl Units<'_> {
    fn read(&self, last_unit: Option<&LastUnit>, buf: &mut [u8], offset: u64) -> Result<()> {
        let unit_size = usize::try_from(self.clusters.saturating_mul(self.cluster_size)).unwrap_or(usize::MAX);
        let mut rest = buf;
        let mut at = offset;
        while !rest.is_empty() {
            let unit = at.checked_div(unit_size as u64).unwrap_or(0);
            let within = usize::try_from(at.checked_rem(unit_size as u64).unwrap_or(0)).unwrap_or(0);
            let count = unit_size.saturating_sub(within).min(rest.len());
            let (here, after) = rest.split_at_mut_checked(count).unwrap_or_default();
            rest = after;
            at = at.saturating_add(count as u64);
            if count == unit_size {
                self.read_unit(unit, here)?;
                continue;
            }
            let bytes = self.cached_unit(last_unit, unit, unit_size)?;
            if let Some(from) = bytes.get(within..).and_then(|bytes| bytes.get(..count)) {
                here.copy_from_slice(from);
            }
        }
        Ok(())
    }

    fn cached_unit(&self, last_unit: Option<&LastUnit>, unit: u64, size: usize) -> Result<Arc<[u8]>> {
        if let Some(last) = last_unit {
            match &*last.lock().unwrap_or_else(PoisonError::into_inner) {
                Some((number, bytes)) if *number == unit => return Ok(bytes.clone()),
                _ => {}
            }
        }
        let mut bytes = vec![0; size];
        self.read_unit(unit, &mut bytes)?;
        let bytes: Arc<[u8]> = bytes.into();
        if let Some(last) = last_unit {
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some((unit, bytes.clone()));
        }
        Ok(bytes)
    }

    /// Reads unit number `unit` whole into `out`.
    fn read_unit(&self, unit: u64, out: &mut [u8]) -> Result<()> {
        let first = unit.saturating_mul(self.clusters);
        let end = first.saturating_add(self.clusters);
        // Data, then at most one hole: all data is stored plainly, no data is a hole, else it is compressed.
        let mut stored = 0u64;
        for run in self.runs.from(first) {
            let from = run.vcn.max(first);
            let to = run.vcn.saturating_add(run.length).min(end);
            if from >= to {
                if run.vcn >= end {
                    break;
                }
                continue;
            }
            if run.lcn.is_some() {
                if from != first.saturating_add(stored) {
                    return Err(Error::corrupt("ntfs: a compression unit has data behind its hole"));
                }
                stored = stored.saturating_add(to.saturating_sub(from));
            }
        }
        let offset = first.saturating_mul(self.cluster_size);
        if stored == 0 {
            out.fill(0);
            return Ok(());
        }
        if stored >= self.clusters {
            return read_runs(self.source, self.runs, self.cluster_size, out, offset);
        }
        let size = usize::try_from(stored.saturating_mul(self.cluster_size)).unwrap_or(usize::MAX);
        let mut compressed = vec![0; size.min(out.len())];
        read_runs(self.source, self.runs, self.cluster_size, &mut compressed, offset)?;
        lznt1::decompress(&compressed, out)
    }
}

/// An opened stream, as the caller reads it.
pub(crate) struct OpenStream<'a> {
    source: &'a Source,
    stream: Stream,
    last_unit: LastUnit,
}

impl<'a> OpenStream<'a> {
    /// Reads `stream` from `source`.
    pub fn new(source: &'a Source, stream: Stream) -> Self {
        OpenStream { source, stream, last_unit: Mutex::new(None) }
    }
}

impl ReadAt for OpenStream<'_> {
    fn len(&self) -> u64 {
        self.stream.len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        self.stream.read(self.source, Some(&self.last_unit), buf, offset)
    }

    fn extent_at(&self, offset: u64) -> Result<Extent> {
        Ok(self.stream.extent_at(offset))
    }
}

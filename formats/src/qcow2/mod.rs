//! qcow2, versions 2 and 3, for reading; and empty images.
//!
//! The specification is QEMU's `docs/interop/qcow2.txt`. An image is a sequence of clusters; a two-level table says for
//! each cluster of the disk where it is in the file. Files, in the order in which a reader meets them:
//!
//! | file | structure |
//! |---|---|
//! | `header.rs`, `features.rs` | the header, its extensions, the incompatible features |
//! | `geometry.rs` | how an offset is split into table indexes |
//! | `l1.rs`, `l2.rs` | an entry of either table |
//! | `tables.rs` | the walk, which joins clusters to runs |
//! | `compressed.rs` | compressed clusters |
//! | `snapshot.rs` | the snapshot table |
//! | `create.rs` | an image without data |
//!
//! Reference counts, bitmaps and snapshots say nothing about what the disk holds; they aren't read, and may be wrong.

mod compressed;
mod create;
mod features;
mod geometry;
mod header;
mod l1;
mod l2;
mod snapshot;
mod tables;

use glassbox_io::{Cached, Error, Extent, ExtentKind, ReadAt, Result, Source};

use self::compressed::CompressedClusters;
pub use self::create::{Empty, Plan, create};
pub use self::header::{BackingFile, Compression, DataFile, Encryption, Header};
use self::l1::L1Table;
use self::l2::Mapping;
pub use self::snapshot::Snapshot;
use self::tables::{Run, Tables};

/// Bytes of tables that are kept. With clusters of 64 KiB this maps 32 GiB of disk.
const TABLE_CACHE: usize = 4 << 20;

/// Runs that are joined to one extent at most; see `extent_at`.
const MAX_RUNS: usize = 64;

/// A qcow2 image, open for reading: the disk, with what shows through from its backing file.
pub struct Qcow2 {
    tables: Tables,
    header: Header,
    /// The image, or its external data file.
    data: Source,
    backing: Option<Source>,
    compressed: CompressedClusters,
}

impl Qcow2 {
    /// The header of `image`, by which to know what else has to be opened.
    pub fn read_header(image: &dyn ReadAt) -> Result<Header> {
        Header::read(image)
    }

    /// Opens `image`. `open_files` gets its header and opens the files that it names, each with the meaning of
    /// [`Header::data_file`] and [`Header::backing_file`]; whether that is wise is the caller's decision.
    ///
    /// A backing file may be shorter than the disk; zeros follow it.
    pub fn open(image: Source, open_files: impl FnOnce(&Header) -> Result<NamedFiles>) -> Result<Qcow2> {
        let cached = Cached::new(image.clone(), TABLE_CACHE);
        let header = Header::read(&cached)?;
        match header.encryption {
            None => {}
            Some(Encryption::Aes) => return Err(Error::unsupported("qcow2: AES encryption")),
            Some(Encryption::Luks) => return Err(Error::unsupported("qcow2: LUKS encryption")),
        }
        let named = open_files(&header)?;
        let data = match (&header.data_file, named.data_file) {
            (None, _) => image,
            (Some(_), Some(file)) => file,
            (Some(_), None) => return Err(Error::usage("qcow2: the external data file is missing")),
        };
        if header.backing_file.is_some() && named.backing_file.is_none() {
            return Err(Error::usage("qcow2: the backing file is missing"));
        }
        Ok(Qcow2 {
            tables: Tables {
                image: cached,
                geometry: header.geometry,
                l1: L1Table { offset: header.l1_offset, entries: header.l1_entries },
            },
            compressed: CompressedClusters::new(header.compression, header.cluster_size()),
            header,
            data,
            backing: named.backing_file,
        })
    }

    /// What the header says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The internal snapshots.
    pub fn snapshots(&self) -> Result<Vec<Snapshot>> {
        snapshot::list(&self.tables.image, self.header.snapshots_offset, self.header.snapshot_count)
    }

    /// The run at `offset`, of at most `limit` bytes. What is unallocated and has no backing file behind it is zero.
    fn run_at(&self, offset: u64, limit: u64) -> Result<Run> {
        let mut run = self.tables.run_at(offset, limit)?;
        if run.mapping == Mapping::Unallocated {
            let backed = self.backing.as_ref().map_or(0, |backing| backing.len()).saturating_sub(offset);
            if backed == 0 {
                run.mapping = Mapping::Zero;
            } else {
                run.length = run.length.min(backed);
            }
        }
        Ok(run)
    }

    /// Fills `buf` from a run that begins at `offset` and is at least as long.
    fn read_run(&self, mapping: Mapping, offset: u64, buf: &mut [u8]) -> Result<()> {
        match mapping {
            Mapping::Zero => buf.fill(0),
            Mapping::Data(host) => self.read_data(host, buf)?,
            Mapping::Compressed { stream, within } => {
                self.compressed.read(self.tables.image.inner(), stream, within, buf)?;
            }
            Mapping::Unallocated => {
                let count = match &self.backing {
                    Some(backing) => backing.read_at(buf, offset)?,
                    None => 0,
                };
                if let Some(rest) = buf.get_mut(count..) {
                    rest.fill(0);
                }
            }
        }
        Ok(())
    }

    fn read_data(&self, host: u64, buf: &mut [u8]) -> Result<()> {
        let count = self.data.read_at(buf, host)?;
        if count == buf.len() {
            return Ok(());
        }
        // Writers needn't fill the last cluster, and then it ends in zeros. But a cluster that lies wholly past the end
        // was cut off: zeros would be wrong data.
        let end = host.saturating_add(buf.len() as u64);
        let file_end = self.data.len();
        if end > file_end.checked_next_multiple_of(self.header.cluster_size()).unwrap_or(file_end) {
            return Err(Error::corrupt("qcow2: a cluster lies past the end of the file").at_offset(host));
        }
        if let Some(rest) = buf.get_mut(count..) {
            rest.fill(0);
        }
        Ok(())
    }

    /// The extent at the start of a run: a cluster that is allocated may yet be a hole of the file.
    fn extent_of(&self, run: Run, offset: u64) -> Result<Extent> {
        let (extent, kind) = match run.mapping {
            Mapping::Zero => (None, ExtentKind::Hole),
            Mapping::Compressed { .. } => (None, ExtentKind::Data),
            Mapping::Data(host) => (Some(self.data.extent_at(host)?), ExtentKind::Data),
            Mapping::Unallocated => match &self.backing {
                Some(backing) => (Some(backing.extent_at(offset)?), ExtentKind::Data),
                None => (None, ExtentKind::Hole),
            },
        };
        Ok(match extent {
            // Length 0 is the end of the file below; reading tells whether that is an error.
            Some(extent) if extent.length > 0 => Extent { length: extent.length.min(run.length), kind: extent.kind },
            _ => Extent { length: run.length, kind },
        })
    }
}

impl ReadAt for Qcow2 {
    fn len(&self) -> u64 {
        self.header.virtual_size
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let left = usize::try_from(self.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buf.len().min(left);
        let mut rest = buf.get_mut(..wanted).unwrap_or_default();
        let mut at = offset;
        while !rest.is_empty() {
            let run = self.run_at(at, rest.len() as u64)?;
            let length = usize::try_from(run.length).unwrap_or(usize::MAX).min(rest.len());
            let (part, after) = rest.split_at_mut(length);
            self.read_run(run.mapping, at, part)?;
            at = at.saturating_add(run.length);
            rest = after;
        }
        Ok(wanted)
    }

    /// Extents are joined up to a limit, so a long one may come in parts.
    fn extent_at(&self, offset: u64) -> Result<Extent> {
        let mut found: Option<Extent> = None;
        let mut at = offset;
        for _ in 0..MAX_RUNS {
            let left = self.len().saturating_sub(at);
            if left == 0 {
                break;
            }
            let run = match (self.run_at(at, left), found) {
                (Ok(run), _) => run,
                (Err(error), None) => return Err(error),
                // It stands behind the extent in question.
                (Err(_), Some(_)) => break,
            };
            // One question to the backing file for each to us: more would multiply along a chain.
            let is_backed = run.mapping == Mapping::Unallocated;
            if is_backed && found.is_some() {
                break;
            }
            let extent = self.extent_of(run, at)?;
            match &mut found {
                None => found = Some(extent),
                Some(found) if found.kind == extent.kind => found.length = found.length.saturating_add(extent.length),
                Some(_) => break,
            }
            if is_backed || extent.length < run.length {
                break;
            }
            at = at.saturating_add(extent.length);
        }
        Ok(found.unwrap_or(Extent { length: 0, kind: ExtentKind::Hole }))
    }
}

/// The files that a header names, opened.
#[derive(Default)]
pub struct NamedFiles {
    /// The external data file, if there is one.
    pub data_file: Option<Source>,
    /// The disk of the backing file, if there is one.
    pub backing_file: Option<Source>,
}

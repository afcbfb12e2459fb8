//! The header, and the header extensions that follow it.
//!
//! Offsets and bits are those of QEMU's `docs/interop/qcow2.txt`, sections "Header", "Additional fields" and "Header
//! extensions". All numbers are big-endian.

use bstr::BString;
use glassbox_io::{Error, Fields, ReadAt, Result};

use super::features::{self, Feature};
use super::geometry::Geometry;

/// The first four bytes.
const MAGIC: &[u8] = b"QFI\xfb";

/// The length of version 2's header, which has no field for it.
const V2_LENGTH: u32 = 72;
/// The fields that every version 3 header has.
const V3_MIN_LENGTH: u32 = 104;
/// Those, and the compression type.
const KNOWN_LENGTH: usize = 112;

/// "Must not be less than 9"; QEMU takes at most 2 MiB, and so does everyone.
const CLUSTER_BITS: std::ops::RangeInclusive<u32> = 9..=21;
/// 64-bit reference counts are the widest.
const MAX_REFCOUNT_ORDER: u32 = 6;
/// Subclusters are at least a sector, and there are 32 in a cluster.
const MIN_EXTENDED_CLUSTER_BITS: u32 = 14;
/// "Must not be longer than 1023 bytes".
const MAX_BACKING_NAME: u32 = 1023;
/// QEMU's limit for a backing format's name.
const MAX_BACKING_FORMAT: u32 = 15;
/// A file name on Linux is no longer (PATH_MAX).
const MAX_DATA_FILE_NAME: u32 = 4096;
/// QEMU's QCOW_MAX_L1_SIZE: enough for 2 PiB with the default cluster size.
const MAX_L1_BYTES: u64 = 32 << 20;

/// Types of header extensions.
mod extension {
    pub const END: u32 = 0;
    pub const BACKING_FORMAT: u32 = 0xe279_2aca;
    pub const FEATURE_NAMES: u32 = 0x6803_f857;
    pub const DATA_FILE: u32 = 0x4441_5441;
}

/// What the header says, checked.
#[derive(Clone, Debug)]
pub struct Header {
    /// 2 or 3.
    pub version: u32,
    /// The size of the virtual disk in bytes, in whole sectors.
    pub virtual_size: u64,
    /// The image that shows where this one holds nothing.
    pub backing_file: Option<BackingFile>,
    /// The file that holds the clusters, if it isn't the image itself.
    pub data_file: Option<DataFile>,
    /// How clusters are encrypted. Such an image has a size and a backing file, and can't be read.
    pub encryption: Option<Encryption>,
    /// How compressed clusters are compressed.
    pub compression: Compression,
    /// The VM did not close the image: reference counts may be wrong. Nothing that is read here depends on them.
    pub dirty: bool,
    /// QEMU found the metadata contradictory and won't write any more. It reads on, and so do we: each entry that is
    /// used is checked.
    pub marked_corrupt: bool,
    pub(super) geometry: Geometry,
    pub(super) l1_offset: u64,
    pub(super) l1_entries: u64,
    pub(super) snapshots_offset: u64,
    pub(super) snapshot_count: u32,
}

/// A backing file as the header names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackingFile {
    /// A path, relative to the image's folder, or one of QEMU's other forms: `file:…`, `json:{…}`, `nbd://…`.
    pub name: BString,
    /// The format's name, if the header says one.
    pub format: Option<BString>,
}

/// An external data file as the header names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// A path; `None` if the header leaves it to the user.
    pub name: Option<BString>,
    /// Whether each cluster is in the data file where it is on the disk.
    pub raw: bool,
}

/// How clusters are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// AES-128-CBC, the broken old way.
    Aes,
    /// LUKS.
    Luks,
}

/// How compressed clusters are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Deflate, without zlib's header.
    Deflate,
    /// Zstandard.
    Zstd,
}

impl Header {
    /// Reads the header from the start of `image`.
    pub(super) fn read(image: &dyn ReadAt) -> Result<Header> {
        let mut bytes = [0; KNOWN_LENGTH];
        let count = image.read_at(&mut bytes, 0)?;
        let fields = Fields::new(bytes.get(..count).unwrap_or_default());
        if fields.slice(0, MAGIC.len())? != MAGIC {
            return Err(Error::corrupt("not a qcow2 image: the magic number is missing").at_offset(0));
        }
        let version = fields.be32(4)?;
        let (incompatible, autoclear, refcount_order, header_length) = match version {
            2 => (0, 0, 4, V2_LENGTH),
            3 => (fields.be64(72)?, fields.be64(88)?, fields.be32(96)?, fields.be32(100)?),
            _ => return Err(Error::unsupported(format!("qcow2: version {version}"))),
        };

        let cluster_bits = fields.be32(20)?;
        if !CLUSTER_BITS.contains(&cluster_bits) {
            return Err(corrupt(format!("clusters of 2^{cluster_bits} bytes (9 to 21 are allowed)"), 20));
        }
        let cluster_size = 1u64.wrapping_shl(cluster_bits);
        if refcount_order > MAX_REFCOUNT_ORDER {
            return Err(corrupt(format!("reference counts of 2^{refcount_order} bits"), 96));
        }
        if version == 3 && (header_length < V3_MIN_LENGTH || u64::from(header_length) > cluster_size) {
            return Err(corrupt(format!("a header of {header_length} bytes"), 100));
        }

        let backing_offset = fields.be64(8)?;
        let backing_length = fields.be32(16)?;
        if backing_offset > cluster_size {
            return Err(corrupt("the backing file's name lies outside the first cluster", 8));
        }
        let extensions_end = if backing_offset == 0 { cluster_size } else { backing_offset };
        let extensions = Extensions::read(image, u64::from(header_length), extensions_end, cluster_size)?;

        if let Some(unknown) = features::unknown(incompatible) {
            return Err(Error::unsupported(format!("qcow2: {}", extensions.feature_name(unknown))));
        }
        let has = |feature: Feature| incompatible & feature.mask() != 0;

        let data_file = has(Feature::EXTERNAL_DATA_FILE).then(|| DataFile {
            name: extensions.data_file.clone(),
            raw: autoclear & features::RAW_EXTERNAL_DATA != 0,
        });
        // "Present only if header_length ≥ 112" in effect: the byte at 104, then padding.
        let compression_type = if u64::from(header_length) > u64::from(V3_MIN_LENGTH) { fields.u8(104)? } else { 0 };
        if has(Feature::COMPRESSION_TYPE) != (compression_type != 0) {
            return Err(corrupt("the compression type and its feature bit contradict each other", 104));
        }
        let compression = match compression_type {
            0 => Compression::Deflate,
            1 => Compression::Zstd,
            other => return Err(Error::unsupported(format!("qcow2: compression type {other}"))),
        };
        if has(Feature::EXTENDED_L2) && cluster_bits < MIN_EXTENDED_CLUSTER_BITS {
            return Err(corrupt("subclusters smaller than 512 bytes", 20));
        }

        let encryption = match fields.be32(32)? {
            0 => None,
            1 => Some(Encryption::Aes),
            2 => Some(Encryption::Luks),
            other => return Err(Error::unsupported(format!("qcow2: encryption method {other}"))),
        };

        let backing_file = match backing_offset {
            0 => None,
            offset => {
                if backing_length > MAX_BACKING_NAME || offset.saturating_add(u64::from(backing_length)) > cluster_size
                {
                    return Err(corrupt(format!("a backing file's name of {backing_length} bytes"), 16));
                }
                let name = read_text(image, offset, backing_length)?;
                (!name.is_empty()).then_some(BackingFile { name, format: extensions.backing_format })
            }
        };

        let geometry = Geometry::new(version, cluster_bits, has(Feature::EXTENDED_L2), data_file.as_ref());
        // QEMU counts disks in sectors and drops the rest.
        let virtual_size = fields.be64(24)? & !(crate::raw::SECTOR - 1);
        let l1_entries = u64::from(fields.be32(36)?);
        let l1_offset = fields.be64(40)?;
        if i64::try_from(virtual_size).is_err() {
            return Err(corrupt("a disk of more than 2^63 bytes", 24));
        }
        if l1_entries < geometry.l1_entries_for(virtual_size) {
            return Err(corrupt(format!("an L1 table of {l1_entries} entries is too small for the disk"), 36));
        }
        let l1_bytes = l1_entries.saturating_mul(8);
        if l1_bytes > MAX_L1_BYTES {
            return Err(corrupt(format!("an L1 table of {l1_entries} entries"), 36));
        }
        if l1_entries > 0 && !geometry.is_aligned(l1_offset) {
            return Err(corrupt("the L1 table isn't aligned to a cluster", 40));
        }
        if l1_offset.checked_add(l1_bytes).is_none_or(|end| l1_entries > 0 && end > image.len()) {
            return Err(corrupt("the L1 table lies past the end of the file", 40));
        }

        Ok(Header {
            version,
            virtual_size,
            backing_file,
            data_file,
            encryption,
            compression,
            dirty: has(Feature::DIRTY),
            marked_corrupt: has(Feature::CORRUPT),
            geometry,
            l1_offset,
            l1_entries,
            snapshots_offset: fields.be64(64)?,
            snapshot_count: fields.be32(60)?,
        })
    }

    /// The size of a cluster, the unit of allocation, in bytes: 512 to 2 MiB.
    pub fn cluster_size(&self) -> u64 {
        self.geometry.cluster_size()
    }
}

/// The header extensions that matter to a reader. Others (bitmaps, the encryption header) are skipped.
#[derive(Default)]
struct Extensions {
    backing_format: Option<BString>,
    data_file: Option<BString>,
    feature_names: Vec<u8>,
}

impl Extensions {
    /// Reads those between `start` and `end`. They are in the first cluster, which bounds their number.
    fn read(image: &dyn ReadAt, start: u64, end: u64, cluster_size: u64) -> Result<Extensions> {
        let mut found = Extensions::default();
        let mut at = start;
        while at < end {
            let mut head = [0; 8];
            if image.read_at(&mut head, at)? < head.len() {
                // An image without extensions need not be as long as a cluster.
                break;
            }
            let (kind, length) = (Fields::new(&head).be32(0)?, Fields::new(&head).be32(4)?);
            if kind == extension::END {
                break;
            }
            let data = at.saturating_add(head.len() as u64);
            if data.saturating_add(u64::from(length)) > end.min(cluster_size) {
                return Err(corrupt(format!("a header extension of {length} bytes"), at));
            }
            let limited = |limit: u32, what: &str| match length <= limit {
                true => read_text(image, data, length),
                false => Err(corrupt(format!("{what} of {length} bytes"), at)),
            };
            match kind {
                extension::BACKING_FORMAT => {
                    let name = limited(MAX_BACKING_FORMAT, "a backing format's name")?;
                    found.backing_format = (!name.is_empty()).then_some(name);
                }
                extension::DATA_FILE => {
                    let name = limited(MAX_DATA_FILE_NAME, "a data file's name")?;
                    found.data_file = (!name.is_empty()).then_some(name);
                }
                extension::FEATURE_NAMES => {
                    let length = length.min(features::MAX_NAME_TABLE);
                    found.feature_names = read_text(image, data, length)?.into();
                }
                _ => {}
            }
            // "Padding to round up the header extension size to the next multiple of 8."
            at = data.saturating_add(u64::from(length).next_multiple_of(8));
        }
        Ok(found)
    }

    fn feature_name(&self, feature: Feature) -> String {
        features::name(&self.feature_names, feature)
    }
}

/// `length` bytes of text; the caller has bounded them.
fn read_text(image: &dyn ReadAt, offset: u64, length: u32) -> Result<BString> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    image.read_exact_at(&mut bytes, offset)?;
    Ok(bytes.into())
}

fn corrupt(what: impl Into<String>, offset: u64) -> Error {
    Error::corrupt(format!("qcow2: {}", what.into())).at_offset(offset)
}

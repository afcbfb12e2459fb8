//! The header, and the header extensions that follow it.
//!
//! Offsets and bits are those of QEMU's `docs/interop/qcow2.txt`, sections "Header", "Additional fields" and "Header
//! extensions". All numbers are big-endian.

use bstr::BString;
use glassbox_io::{Error, Fields, ReadAt, Result};

use super::features::{self, Feature};
use super::geometry::Geometry;

/// The first four bytes.
pub(super) const MAGIC: &[u8] = b"QFI\xfb";

/// The length of version 2's header, which has no field for it.
pub(super) const V2_LENGTH: u32 = 72;
/// The fields that every version 3 header has.
pub(super) const V3_MIN_LENGTH: u32 = 104;
/// Those, and the compression type.
const KNOWN_LENGTH: usize = 112;

/// "Must not be less than 9"; QEMU takes at most 2 MiB, and so does everyone.
pub(super) const CLUSTER_BITS: std::ops::RangeInclusive<u32> = 9..=21;
/// 64-bit reference counts are the widest.
const MAX_REFCOUNT_ORDER: u32 = 6;
/// Subclusters are at least a sector, and there are 32 in a cluster.
const MIN_EXTENDED_CLUSTER_BITS: u32 = 14;
/// "Must not be longer than 1023 bytes".
pub(super) const MAX_BACKING_NAME: u32 = 1023;
/// QEMU's limit for a backing format's name.
pub(super) const MAX_BACKING_FORMAT: u32 = 15;
/// A file name on Linux is no longer (PATH_MAX).
const MAX_DATA_FILE_NAME: u32 = 4096;
/// QEMU's QCOW_MAX_L1_SIZE: enough for 2 PiB with the default cluster size.
pub(super) const MAX_L1_BYTES: u64 = 32 << 20;

/// Types of header extensions.
pub(super) mod extension {
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

#[cfg(test)]
mod tests {
    use super::*;
    use glassbox_io::ErrorKind;

    /// An image of version 3 without data: clusters of 64 KiB, a disk of 1 GiB, its L1 table in the second cluster.
    fn image() -> Vec<u8> {
        let mut bytes = vec![0; 0x10000 + 16];
        put(&mut bytes, 0, MAGIC);
        put(&mut bytes, 4, &3u32.to_be_bytes());
        put(&mut bytes, 20, &16u32.to_be_bytes());
        put(&mut bytes, 24, &(1u64 << 30).to_be_bytes());
        put(&mut bytes, 36, &2u32.to_be_bytes());
        put(&mut bytes, 40, &0x10000u64.to_be_bytes());
        put(&mut bytes, 96, &4u32.to_be_bytes());
        put(&mut bytes, 100, &112u32.to_be_bytes());
        bytes
    }

    fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
        bytes[at..at + value.len()].copy_from_slice(value);
    }

    fn extension(kind: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = [kind.to_be_bytes(), (data.len() as u32).to_be_bytes()].concat();
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    fn read(patches: &[(usize, &[u8])]) -> Result<Header> {
        let mut bytes = image();
        for (at, value) in patches {
            put(&mut bytes, *at, value);
        }
        Header::read(&bytes)
    }

    #[test]
    fn a_header_is_read_with_its_extensions() {
        let header = read(&[]).unwrap();
        assert_eq!((header.version, header.virtual_size, header.cluster_size()), (3, 1 << 30, 65536));
        assert_eq!((&header.backing_file, &header.data_file, header.encryption), (&None, &None, None));
        assert!(!header.dirty && !header.marked_corrupt);

        let extensions = [
            extension(0x2385_2875, b"a bitmap directory, skipped"),
            extension(extension::BACKING_FORMAT, b"raw"),
            extension(extension::DATA_FILE, b"/data"),
            extension(extension::END, b""),
        ]
        .concat();
        let header = read(&[
            (8, &0x800u64.to_be_bytes()),
            (16, &9u32.to_be_bytes()),
            (0x800, b"../b\xe4se.x (what follows the name)"),
            // Dirty, corrupt, a data file.
            (72, &0b111u64.to_be_bytes()),
            (88, &0b10u64.to_be_bytes()),
            (112, &extensions),
        ])
        .unwrap();
        let backing = BackingFile { name: b"../b\xe4se.x".into(), format: Some("raw".into()) };
        assert_eq!(header.backing_file, Some(backing));
        assert_eq!(header.data_file, Some(DataFile { name: Some("/data".into()), raw: true }));
        assert!(header.dirty && header.marked_corrupt);
    }

    #[test]
    fn version_2_has_no_feature_bits() {
        let header = read(&[(4, &2u32.to_be_bytes()), (72, &[0xff; 8]), (72, &[0; 40])]).unwrap();
        assert_eq!((header.version, header.dirty), (2, false));
        // Where version 3 has its features, version 2 has extensions.
        let format = extension(extension::BACKING_FORMAT, b"qcow2");
        let header = read(&[
            (4, &2u32.to_be_bytes()),
            (8, &0x800u64.to_be_bytes()),
            (16, &1u32.to_be_bytes()),
            (0x800, b"b"),
            (72, &format),
            (72 + format.len(), &[0; 24]),
        ])
        .unwrap();
        assert_eq!(header.backing_file.unwrap().format.unwrap(), "qcow2");
    }

    #[test]
    fn a_size_is_in_whole_sectors() {
        assert_eq!(read(&[(24, &1023u64.to_be_bytes())]).unwrap().virtual_size, 512);
    }

    #[test]
    fn what_is_absurd_is_corrupt_by_name() {
        for (at, value, what) in [
            (0, &b"QFI\xfa"[..], "magic"),
            (20, &8u32.to_be_bytes(), "2^8"),
            (20, &22u32.to_be_bytes(), "2^22"),
            (20, &u32::MAX.to_be_bytes(), "clusters"),
            (96, &7u32.to_be_bytes(), "reference counts"),
            (100, &103u32.to_be_bytes(), "header of 103"),
            (100, &65537u32.to_be_bytes(), "header of 65537"),
            (8, &65537u64.to_be_bytes(), "name lies outside"),
            (24, &(1u64 << 40).to_be_bytes(), "too small"),
            (24, &u64::MAX.to_be_bytes(), "2^63"),
            (36, &1u32.to_be_bytes(), "too small"),
            (36, &3u32.to_be_bytes(), "past the end"),
            (36, &u32::MAX.to_be_bytes(), "L1 table of 4294967295"),
            (40, &0x10200u64.to_be_bytes(), "aligned"),
            (40, &0x20000u64.to_be_bytes(), "past the end"),
            (40, &(u64::MAX << 16).to_be_bytes(), "past the end"),
            (112, &extension(extension::BACKING_FORMAT, b"a name of 16 byt"), "backing format"),
            (112, &[0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff], "extension of 4294967295"),
            (104, &[1], "contradict"),
            (79, &[0b1000], "contradict"),
        ] {
            let error = read(&[(at, value)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{what}: {error}");
            assert!(error.to_string().contains(what), "{what}: {error}");
        }
        let long = read(&[(8, &0x800u64.to_be_bytes()), (16, &1024u32.to_be_bytes())]).unwrap_err();
        assert!(long.to_string().contains("name of 1024"), "{long}");
        let small = read(&[(20, &13u32.to_be_bytes()), (79, &[0b10000])]).unwrap_err();
        assert!(small.to_string().contains("subclusters"), "{small}");
        for length in 0..104 {
            assert_eq!(Header::read(&image()[..length].to_vec()).unwrap_err().kind(), ErrorKind::Corrupt);
        }
    }

    #[test]
    fn what_is_new_is_unsupported_by_name() {
        let mut name = [0; 48];
        name[1] = 9;
        name[2..10].copy_from_slice(b"teleport");
        let names = extension(extension::FEATURE_NAMES, &name);
        for (patches, what) in [
            (&[(4, &4u32.to_be_bytes()[..])][..], "version 4"),
            (&[(72, &(1u64 << 9).to_be_bytes())], "bit 9"),
            (&[(72, &(1u64 << 9).to_be_bytes()), (112, &names)], "\"teleport\""),
            (&[(79, &[0b1000]), (104, &[2])], "compression type 2"),
            (&[(32, &3u32.to_be_bytes())], "encryption method 3"),
        ] {
            let error = read(patches).unwrap_err();
            assert!(error.is_unsupported() && error.to_string().contains(what), "{what}: {error}");
        }
        // These are told when the image is opened, not when it is asked for its size.
        assert_eq!(read(&[(35, &[1])]).unwrap().encryption, Some(Encryption::Aes));
        assert_eq!(read(&[(35, &[2])]).unwrap().encryption, Some(Encryption::Luks));
    }
}

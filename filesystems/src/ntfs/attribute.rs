//! An attribute record: the header that every attribute of a file record has.

use glassbox_io::{Error, Fields, Result};

use super::runs::RunList;

/// Attribute types, as `$AttrDef` numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AttributeType(pub u32);

impl AttributeType {
    pub const STANDARD_INFORMATION: Self = AttributeType(0x10);
    pub const ATTRIBUTE_LIST: Self = AttributeType(0x20);
    pub const FILE_NAME: Self = AttributeType(0x30);
    pub const OBJECT_ID: Self = AttributeType(0x40);
    pub const SECURITY_DESCRIPTOR: Self = AttributeType(0x50);
    pub const VOLUME_NAME: Self = AttributeType(0x60);
    pub const DATA: Self = AttributeType(0x80);
    pub const INDEX_ROOT: Self = AttributeType(0x90);
    pub const INDEX_ALLOCATION: Self = AttributeType(0xa0);
    pub const BITMAP: Self = AttributeType(0xb0);
    pub const REPARSE_POINT: Self = AttributeType(0xc0);
    pub const EA: Self = AttributeType(0xe0);
    /// Ends the attributes of a file record.
    pub const END: Self = AttributeType(0xffff_ffff);
}

/// The flag bits of an attribute: compressed with LZNT1 (the mask holds the algorithm's number), encrypted, sparse.
const COMPRESSION_MASK: u16 = 0x00ff;
const COMPRESSED_LZNT1: u16 = 0x0001;
const ENCRYPTED: u16 = 0x4000;
const SPARSE: u16 = 0x8000;

/// The largest compression unit that is decompressed. Windows uses 16 clusters of at most 4 KiB; this leaves room
/// for 64 KiB clusters and bounds what one read allocates.
const MAX_COMPRESSION_UNIT: u64 = 1 << 20;

/// A view of one attribute record.
#[derive(Clone, Copy)]
pub(crate) struct Attribute<'a> {
    pub kind: AttributeType,
    record: Fields<'a>,
    /// UTF-16LE; empty for an unnamed attribute.
    pub name: &'a [u8],
    flags: u16,
    /// Unique within the file record; an attribute list refers to it.
    pub instance: u16,
    pub form: Form<'a>,
}

/// Where the value is.
#[derive(Clone, Copy)]
pub(crate) enum Form<'a> {
    /// In the file record.
    Resident(&'a [u8]),
    /// In clusters.
    NonResident {
        lowest_vcn: u64,
        /// The mapping pairs of this extent of the attribute.
        mapping_pairs: &'a [u8],
    },
}

/// Sizes of a value, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Length of the value.
    pub data: u64,
    /// Bytes from here to the end of the value were never written and read as zeros.
    pub initialized: u64,
    /// What the value takes on the volume; without holes if it is sparse or compressed.
    pub allocated: u64,
}

impl<'a> Attribute<'a> {
    /// Parses the attribute record at the start of `bytes`; `None` where the attributes end.
    pub fn parse(bytes: Fields<'a>) -> Result<Option<(Self, usize)>> {
        let kind = AttributeType(bytes.le32(0)?);
        if kind == AttributeType::END {
            return Ok(None);
        }
        let length = usize::try_from(bytes.le32(4)?).unwrap_or(usize::MAX);
        if length < 24 {
            return Err(Error::corrupt(format!("ntfs: an attribute record of {length} bytes")));
        }
        let record = bytes.at(0, length)?;
        let name_length = usize::from(record.u8(9)?).saturating_mul(2);
        let name = if name_length == 0 { &[][..] } else { record.slice(usize::from(record.le16(10)?), name_length)? };
        let form = if record.u8(8)? == 0 {
            let length = usize::try_from(record.le32(16)?).unwrap_or(usize::MAX);
            Form::Resident(record.slice(usize::from(record.le16(20)?), length)?)
        } else {
            let mapping_pairs = record.from(usize::from(record.le16(32)?))?.bytes();
            Form::NonResident { lowest_vcn: record.le64(16)?, mapping_pairs }
        };
        let attribute = Attribute { kind, record, name, flags: record.le16(12)?, instance: record.le16(14)?, form };
        Ok(Some((attribute, length)))
    }

    /// Whether the value is encrypted with EFS.
    pub fn is_encrypted(&self) -> bool {
        self.flags & ENCRYPTED != 0
    }

    /// The resident value, or *corrupt*: some attributes are always resident.
    pub fn resident(&self) -> Result<&'a [u8]> {
        match self.form {
            Form::Resident(value) => Ok(value),
            Form::NonResident { .. } => {
                Err(Error::corrupt(format!("ntfs: an attribute of type {:#x} is not resident", self.kind.0)))
            }
        }
    }

    /// The sizes. Only the first extent of a non-resident attribute has them.
    pub fn sizes(&self) -> Result<Sizes> {
        match self.form {
            Form::Resident(value) => {
                let data = value.len() as u64;
                // Resident values are padded to 8 bytes; ntfs-3g counts that as allocated.
                Ok(Sizes { data, initialized: data, allocated: data.next_multiple_of(8) })
            }
            Form::NonResident { .. } => {
                // The field is there only if the header is long enough for it.
                let packed = self.flags & (COMPRESSION_MASK | SPARSE) != 0 && self.record.le16(32)? >= 72;
                let allocated = self.record.le64(if packed { 64 } else { 40 })?;
                let sizes = Sizes { data: self.record.le64(48)?, initialized: self.record.le64(56)?, allocated };
                if i64::try_from(sizes.data).is_err() {
                    return Err(Error::corrupt("ntfs: an attribute's size is negative"));
                }
                Ok(sizes)
            }
        }
    }

    /// The clusters of a compression unit if the value is compressed, else `None`.
    pub fn compression_unit(&self, cluster_size: u64) -> Result<Option<u64>> {
        if self.flags & COMPRESSION_MASK == 0 || matches!(self.form, Form::Resident(_)) {
            return Ok(None);
        }
        if self.flags & COMPRESSION_MASK != COMPRESSED_LZNT1 {
            let algorithm = self.flags & COMPRESSION_MASK;
            return Err(Error::unsupported(format!("ntfs: compression algorithm {algorithm}")));
        }
        match self.record.u8(34)? {
            // Marked compressed, and stored plainly: the flag alone says what shall become of new data.
            0 => Ok(None),
            power => match 1u64.checked_shl(u32::from(power)) {
                Some(unit) if unit.saturating_mul(cluster_size) <= MAX_COMPRESSION_UNIT => Ok(Some(unit)),
                _ => Err(Error::corrupt(format!("ntfs: a compression unit of 2^{power} clusters"))),
            },
        }
    }

    /// Adds the runs of this extent to `runs`, which must end where this extent begins.
    pub fn decode_runs(&self, runs: &mut RunList, clusters: u64) -> Result<()> {
        match self.form {
            Form::Resident(_) => Err(Error::corrupt("ntfs: an extent of an attribute is resident")),
            Form::NonResident { lowest_vcn, mapping_pairs } => runs.extend(lowest_vcn, mapping_pairs, clusters),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resident_attribute_with_a_name() {
        let mut bytes = vec![0u8; 40];
        bytes[0] = 0x80;
        bytes[4] = 40;
        bytes[9] = 2;
        bytes[10] = 24;
        bytes[14] = 3;
        bytes[16] = 5;
        bytes[20] = 32;
        bytes[24..28].copy_from_slice(b"s\0t\0");
        bytes[32..37].copy_from_slice(b"value");
        let (attribute, length) = Attribute::parse(Fields::new(&bytes)).unwrap().unwrap();
        assert_eq!(
            (attribute.kind, attribute.name, attribute.instance, length),
            (AttributeType::DATA, &b"s\0t\0"[..], 3, 40)
        );
        assert_eq!(attribute.resident().unwrap(), b"value");
        assert_eq!(attribute.sizes().unwrap(), Sizes { data: 5, initialized: 5, allocated: 8 });
        bytes[16] = 9;
        assert!(Attribute::parse(Fields::new(&bytes)).is_err(), "the value reaches past the record");
    }

    #[test]
    fn the_end_marker_ends() {
        assert!(Attribute::parse(Fields::new(&[0xff; 4])).unwrap().is_none());
    }
}

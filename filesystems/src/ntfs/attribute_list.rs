//! `$ATTRIBUTE_LIST`: where the attributes of a file are that spilled out of its base record.

use glassbox_io::{Error, Fields, Result};

use super::attribute::AttributeType;
use super::file_record::FileReference;

/// NTFS itself allows no longer list.
pub(crate) const MAX_SIZE: u64 = 256 << 10;

/// The fixed part of an entry, before its name.
const ENTRY_HEADER: usize = 26;

/// One entry: an attribute, or one extent of it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its type.
    pub kind: AttributeType,
    /// Its name, UTF-16LE.
    pub name: Vec<u8>,
    /// The first virtual cluster of the extent; 0 for a resident attribute.
    pub lowest_vcn: u64,
    /// The file record that holds it.
    pub record: FileReference,
    /// Its instance number in that record.
    pub instance: u16,
}

/// Parses the value of an attribute list.
pub(crate) fn parse(value: &[u8]) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut rest = Fields::new(value);
    while rest.len() >= ENTRY_HEADER {
        let length = usize::from(rest.le16(4)?);
        if length < ENTRY_HEADER {
            return Err(Error::corrupt(format!("ntfs: an entry of {length} bytes in an attribute list")));
        }
        let entry = rest.at(0, length.min(rest.len()))?;
        let name_length = usize::from(entry.u8(6)?).saturating_mul(2);
        entries.push(Entry {
            kind: AttributeType(entry.le32(0)?),
            name: entry.slice(usize::from(entry.u8(7)?), name_length)?.to_vec(),
            lowest_vcn: entry.le64(8)?,
            record: FileReference(entry.le64(16)?),
            instance: entry.le16(24)?,
        });
        rest = match rest.from(length) {
            Ok(rest) => rest,
            Err(_) => break,
        };
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_with_and_without_names() {
        let mut value = vec![0u8; 32 + 40];
        value[0] = 0x10;
        value[4] = 32;
        value[7] = 26;
        value[16] = 64;
        value[32] = 0x80;
        value[36] = 40;
        value[38] = 2;
        value[39] = 26;
        value[40] = 9;
        value[48] = 65;
        value[56] = 4;
        value[58..62].copy_from_slice(b"a\0b\0");
        let entries = parse(&value).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!((entries[0].kind, entries[0].record.number()), (AttributeType::STANDARD_INFORMATION, 64));
        let entry = &entries[1];
        assert_eq!((entry.name.as_slice(), entry.lowest_vcn, entry.instance), (&b"a\0b\0"[..], 9, 4));
        value[36] = 3;
        assert!(parse(&value).is_err());
    }
}

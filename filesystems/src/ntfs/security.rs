//! Security descriptors: in `$Secure`, shared between files, or (before NTFS 3.0) in the file itself.

use std::cmp::Ordering;

use glassbox_io::{Error, Fields, Result};

use super::attribute::AttributeType;
use super::index::Index;
use super::inode::Inode;
use super::standard_information::StandardInformation;
use super::volume::{Volume, system_file};

/// The index of `$Secure` by ID, `$SII`, and the stream with the descriptors, `$SDS`.
const INDEX_BY_ID: &[u8] = b"$\0S\0I\0I\0";
const DESCRIPTORS: &[u8] = b"$\0S\0D\0S\0";

/// Before each descriptor: hash, ID, offset and length.
const HEADER: u32 = 20;
/// `$SDS` is written in blocks of this size, which no descriptor crosses.
const MAX_SIZE: u32 = 256 << 10;

/// The self-relative security descriptor of a file; `None` if it has none.
pub(crate) fn descriptor(volume: &Volume, inode: &Inode, information: &StandardInformation) -> Result<Option<Vec<u8>>> {
    match information.security_id {
        Some(id @ 1..) => shared_descriptor(volume, id),
        _ => inode.read_value(volume, AttributeType::SECURITY_DESCRIPTOR, b"", MAX_SIZE as usize),
    }
}

fn shared_descriptor(volume: &Volume, id: u32) -> Result<Option<Vec<u8>>> {
    let secure = Inode::open(volume, system_file::SECURE)?;
    let Some(index) = Index::open(volume, &secure, INDEX_BY_ID)? else { return Ok(None) };
    let compare = |key: &[u8]| -> Result<Ordering> { Ok(Fields::new(key).le32(0)?.cmp(&id)) };
    let place = index.lower_bound(&compare, |entry| {
        let data = Fields::new(entry.data()?);
        let is_equal = compare(entry.key()?)?.is_eq();
        Ok(is_equal.then_some((data.le64(8)?, data.le32(16)?)))
    })?;
    let Some((offset, size)) = place.flatten() else { return Ok(None) };
    let length = match size.checked_sub(HEADER) {
        Some(length) if size <= MAX_SIZE => length,
        _ => return Err(Error::corrupt(format!("ntfs: security descriptor {id} of {size} bytes"))),
    };
    let stream = secure.stream(volume, AttributeType::DATA, DESCRIPTORS)?;
    let stream = stream.ok_or_else(|| Error::corrupt("ntfs: $Secure has no descriptors"))?;
    let mut value = vec![0; usize::try_from(length).unwrap_or(0)];
    stream.read_cached(volume, &mut value, offset.saturating_add(HEADER.into()))?;
    Ok(Some(value))
}

//! `$OBJECT_ID`: the ID by which links to a file are followed, and the index of all of them.

use std::cmp::Ordering;

use glassbox_io::{Fields, Result};

use super::attribute::AttributeType;
use super::directory;
use super::index::Index;
use super::inode::Inode;
use super::volume::{Volume, system_file};

/// A GUID; the ID is one, and the IDs of its birth volume, birth object and domain follow.
const GUID: usize = 16;
const WITH_BIRTH: usize = 64;

/// The index of `$Extend/$ObjId`, `$O`.
const INDEX: &[u8] = b"$\0O\0";

/// The object ID with the IDs of its birth: in the attribute if all are there, else from the index.
pub(crate) fn value(volume: &Volume, inode: &Inode) -> Result<Option<Vec<u8>>> {
    let Some(mut value) = inode.read_value(volume, AttributeType::OBJECT_ID, b"", WITH_BIRTH)? else {
        return Ok(None);
    };
    if value.len() == GUID
        && let Some(birth) = birth(volume, &value)?
    {
        value.extend(birth);
    }
    Ok(Some(value))
}

fn birth(volume: &Volume, id: &[u8]) -> Result<Option<Vec<u8>>> {
    let extend = Inode::open(volume, system_file::EXTEND)?;
    let Some(number) = directory::lookup(volume, &extend, "$ObjId".into())? else { return Ok(None) };
    let file = Inode::open(volume, number)?;
    let Some(index) = Index::open(volume, &file, INDEX)? else { return Ok(None) };
    let compare = |key: &[u8]| -> Result<Ordering> { Ok(words(key)?.cmp(&words(id)?)) };
    let data = index.lower_bound(&compare, |entry| {
        let is_equal = compare(entry.key()?)?.is_eq();
        // A file reference precedes them.
        let birth = Fields::new(entry.data()?).slice(8, WITH_BIRTH.saturating_sub(GUID))?.to_vec();
        Ok(is_equal.then_some(birth))
    })?;
    Ok(data.flatten())
}

/// The index is sorted by the ID as four little-endian words (COLLATION_NTOFS_ULONGS).
fn words(id: &[u8]) -> Result<[u32; 4]> {
    let id = Fields::new(id);
    Ok([id.le32(0)?, id.le32(4)?, id.le32(8)?, id.le32(12)?])
}

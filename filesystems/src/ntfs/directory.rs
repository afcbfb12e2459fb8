//! A directory: the names in its index.

use std::ops::ControlFlow;

use bstr::{BStr, BString};
use glassbox_io::{Errno, Error, Result};

use super::file_name::FileName;
use super::index::{DIRECTORY_INDEX, Index};
use super::inode::Inode;
use super::utf16;
use super::volume::Volume;

/// NTFS's limit for a name, in UTF-16 units.
pub(crate) const MAX_NAME: usize = 255;

/// One name in a directory.
pub(crate) struct Name<'a> {
    pub bytes: &'a BStr,
    pub number: u64,
    /// The file's attributes as the index has them.
    pub attributes: u32,
}

/// Opens the index of names; `ENOTDIR` if the file isn't a directory.
fn open<'a>(volume: &'a Volume, inode: &Inode) -> Result<Index<'a>> {
    if !inode.record.is_directory() {
        return Err(Error::os(Errno::ENOTDIR));
    }
    Index::open(volume, inode, DIRECTORY_INDEX)?.ok_or_else(|| Error::corrupt("ntfs: a directory without an index"))
}

/// The number of the file called exactly `name`. DOS names are found as well, though they are not listed.
pub(crate) fn lookup(volume: &Volume, directory: &Inode, name: &BStr) -> Result<Option<u64>> {
    let Some(wanted) = wanted(name) else { return Ok(None) };
    let compare = |key: &[u8]| {
        let key = FileName::parse(key)?;
        Ok(volume.upcase.collate(utf16::units(key.name), wanted.iter().copied()))
    };
    let found = open(volume, directory)?.lower_bound(&compare, |entry| {
        let is_equal = compare(entry.key()?)?.is_eq();
        Ok(is_equal.then_some(entry.file()?.number()))
    })?;
    Ok(found.flatten())
}

/// The file whose name is `name` but for case, and its name as it is stored. Of several, the one that collates first.
pub(crate) fn lookup_ignoring_case(
    volume: &Volume,
    directory: &Inode,
    name: &[u16],
) -> Result<Option<(u64, Vec<u16>)>> {
    if name.is_empty() || name.len() > MAX_NAME {
        return Ok(None);
    }
    // Names that differ in case alone are neighbours: with the smallest units first, so does the search begin.
    let first: Vec<u16> = name.iter().map(|unit| volume.upcase.upper(*unit).min(*unit)).collect();
    let index = open(volume, directory)?;
    let compare = |key: &[u8]| {
        let key = FileName::parse(key)?;
        Ok(volume.upcase.collate(utf16::units(key.name), first.iter().copied()))
    };
    let found = index.lower_bound(&compare, |entry| {
        let key = FileName::parse(entry.key()?)?;
        let order = volume.upcase.compare_ignoring_case(utf16::units(key.name), first.iter().copied());
        let name: Vec<u16> = utf16::units(key.name).collect();
        Ok(order.is_eq().then_some((entry.file()?.number(), name)))
    })?;
    Ok(found.flatten())
}

/// As [`lookup_ignoring_case`], with names as bytes.
pub(crate) fn lookup_bytes_ignoring_case(
    volume: &Volume,
    directory: &Inode,
    name: &BStr,
) -> Result<Option<(u64, BString)>> {
    let Some(wanted) = wanted(name) else { return Ok(None) };
    let found = lookup_ignoring_case(volume, directory, &wanted)?;
    Ok(found.map(|(number, name)| (number, utf16::to_bytes(name))))
}

/// Shows `visit` each name but the DOS ones, in the order of the index.
pub(crate) fn read(
    volume: &Volume,
    directory: &Inode,
    visit: &mut dyn FnMut(Name<'_>) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut bytes = Vec::new();
    open(volume, directory)?.each(&mut |entry| {
        let name = FileName::parse(entry.key()?)?;
        if name.is_dos_only() {
            return Ok(ControlFlow::Continue(()));
        }
        bytes.clear();
        utf16::append(&mut bytes, utf16::units(name.name));
        visit(Name { bytes: bytes.as_slice().into(), number: entry.file()?.number(), attributes: name.attributes })
    })
}

/// The units of a name that can exist.
fn wanted(name: &BStr) -> Option<Vec<u16>> {
    utf16::from_bytes(name).filter(|units| (1..=MAX_NAME).contains(&units.len()))
}

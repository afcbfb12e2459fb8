//! What ntfs-3g shows as extended attributes: alternate data streams as `user.*`, and NTFS's own properties as
//! `system.ntfs_*`, which can be read but aren't listed.

use bstr::{BStr, BString};
use glassbox_io::{Errno, Error, Result};

use super::attribute::AttributeType;
use super::file_name::FileName;
use super::inode::Inode;
use super::standard_information::{StandardInformation, file_attributes};
use super::volume::Volume;
use super::{ea, object_id, reparse_point, security, utf16};

/// The prefix of a stream's name.
const USER: &[u8] = b"user.";

/// Linux passes no longer values (XATTR_SIZE_MAX); longer streams answer E2BIG.
const MAX_VALUE: u64 = 64 << 10;

/// The names of all streams of a file but the unnamed one, in UTF-16LE, in the order of its attributes.
pub(crate) fn stream_names(volume: &Volume, inode: &Inode) -> Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    inode.each_attribute(volume, AttributeType::DATA, &mut |attribute| {
        if !attribute.name.is_empty() {
            names.push(attribute.name.to_vec());
        }
        Ok(())
    })?;
    Ok(names)
}

/// The name of the attribute that shows a stream.
pub(crate) fn of_stream(name: &[u8]) -> BString {
    let mut bytes = USER.to_vec();
    utf16::append(&mut bytes, utf16::units(name));
    bytes.into()
}

/// The contents of the stream called `name` (UTF-16LE); E2BIG if no attribute can hold them.
pub(crate) fn stream_value(volume: &Volume, inode: &Inode, name: &[u8]) -> Result<Option<Vec<u8>>> {
    match inode.sizes(volume, AttributeType::DATA, name)? {
        Some(sizes) if sizes.data > MAX_VALUE => Err(Error::os(Errno::E2BIG)),
        _ => inode.read_value(volume, AttributeType::DATA, name, usize::try_from(MAX_VALUE).unwrap_or(usize::MAX)),
    }
}

/// The value of attribute `name`; `None` if the file hasn't got it.
pub(crate) fn value(volume: &Volume, inode: &Inode, name: &BStr) -> Result<Option<Vec<u8>>> {
    if let Some(stream) = name.strip_prefix(USER) {
        let Some(units) = utf16::from_bytes(stream).filter(|units| !units.is_empty()) else { return Ok(None) };
        let name: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        return stream_value(volume, inode, &name);
    }
    let Some(property) = name.strip_prefix(b"system.ntfs_") else { return Ok(None) };
    let information = inode.standard_information(volume)?;
    let times = [information.creation, information.data_change, information.access, information.record_change];
    match property {
        b"acl" => security::descriptor(volume, inode, &information),
        b"attrib" => Ok(Some(attributes(inode, &information).to_le_bytes().to_vec())),
        b"attrib_be" => Ok(Some(attributes(inode, &information).to_be_bytes().to_vec())),
        b"times" => Ok(Some(times.iter().flat_map(|time| time.0.to_le_bytes()).collect())),
        b"times_be" => Ok(Some(times.iter().flat_map(|time| time.0.to_be_bytes()).collect())),
        b"crtime" => Ok(Some(information.creation.0.to_le_bytes().to_vec())),
        b"crtime_be" => Ok(Some(information.creation.0.to_be_bytes().to_vec())),
        b"dos_name" => dos_name(volume, inode),
        b"object_id" => object_id::value(volume, inode),
        b"reparse_data" if information.has(file_attributes::REPARSE_POINT) => {
            inode.read_value(volume, AttributeType::REPARSE_POINT, b"", reparse_point::MAX_SIZE)
        }
        b"ea" => inode.read_value(volume, AttributeType::EA, b"", ea::MAX_SIZE),
        _ => Ok(None),
    }
}

/// The file attributes as Windows shows them.
fn attributes(inode: &Inode, information: &StandardInformation) -> u32 {
    let stored = information.attributes & !file_attributes::DIRECTORY;
    match (inode.record.is_directory(), stored) {
        (true, stored) => stored | file_attributes::DIRECTORY,
        (false, 0) => file_attributes::NORMAL,
        (false, stored) => stored,
    }
}

/// The 8.3 name.
fn dos_name(volume: &Volume, inode: &Inode) -> Result<Option<Vec<u8>>> {
    let mut found = None;
    inode.each_attribute(volume, AttributeType::FILE_NAME, &mut |attribute| {
        let name = FileName::parse(attribute.resident()?)?;
        if found.is_none() && name.is_dos() {
            found = Some(utf16::to_bytes(utf16::units(name.name)).into());
        }
        Ok(())
    })?;
    Ok(found)
}

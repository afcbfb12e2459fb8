//! Targets of junctions and Windows symbolic links, translated to Linux paths as ntfs-3g translates them.
//!
//! A path with a drive letter is looked for on this volume, without regard to case; if it isn't there, the target is
//! shown in `/.NTFS-3G`, where an administrator can place links for drives. A relative path keeps its shape and
//! takes the case of the names it passes.

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::Result;

use super::attribute::AttributeType;
use super::directory;
use super::file_name::FileName;
use super::inode::Inode;
use super::reparse_point::{ReparsePoint, SubstituteName, tag};
use super::standard_information::file_attributes;
use super::utf16;
use super::volume::{Volume, system_file};

const BACKSLASH: u16 = b'\\' as u16;
const SLASH: u16 = b'/' as u16;
const COLON: u16 = b':' as u16;
const DOT: u16 = b'.' as u16;
const QUESTION_MARK: u16 = b'?' as u16;

/// What a full path begins with (the object manager's directory of DOS devices): `\??\`.
const DOS_DEVICES: &[u16] = &[BACKSLASH, QUESTION_MARK, QUESTION_MARK, BACKSLASH];
/// What follows for a volume without a drive letter.
const VOLUME: &str = "Volume{";

/// The directory with an administrator's links for drives.
const DRIVE_LINKS: &str = ".NTFS-3G";

/// ntfs-3g goes no further than this many steps of a relative path.
const MAX_STEPS: usize = 31;

/// The Linux path that a junction or symbolic link shows; `None` if it has no target that can be shown.
/// Absolute targets are shown below `mount_point`.
pub(crate) fn resolve(
    volume: &Volume,
    inode: &Inode,
    reparse: &ReparsePoint,
    mount_point: &BStr,
) -> Result<Option<BString>> {
    let Some(SubstituteName { mut units, is_relative }) = reparse.substitute_name() else { return Ok(None) };
    let is_directory = inode.record.is_directory();
    let below_mount_point =
        |path: Option<BString>| path.map(|path| bstr::join("/", [mount_point, path.as_bstr()]).into());
    if reparse.tag == tag::MOUNT_POINT {
        let path = if is_directory { full_path(volume, &mut units, true)? } else { None };
        return Ok(below_mount_point(path));
    }
    match (units.first(), units.get(1)) {
        (Some(&BACKSLASH), Some(&(QUESTION_MARK | BACKSLASH))) if !is_relative => {
            Ok(below_mount_point(full_path(volume, &mut units, is_directory)?))
        }
        (Some(&BACKSLASH), Some(&(QUESTION_MARK | BACKSLASH))) => Ok(None),
        (Some(&BACKSLASH), _) | (_, Some(&COLON)) if is_relative => {
            Ok(below_mount_point(drive_path(volume, &mut units, is_directory)?))
        }
        (Some(&BACKSLASH), _) | (_, Some(&COLON)) => Ok(None),
        (Some(_), _) if is_relative => relative_path(volume, inode, units),
        _ => Ok(None),
    }
}

/// A path that begins with `\??\`, relative to the root of the mount.
fn full_path(volume: &Volume, path: &mut [u16], to_directory: bool) -> Result<Option<BString>> {
    let Some((prefix, path)) = path.split_at_mut_checked(DOS_DEVICES.len()) else { return Ok(None) };
    if prefix != DOS_DEVICES {
        return Ok(None);
    }
    if has_drive_letter(path) {
        return on_this_volume_or_drive(volume, path, to_directory).map(Some);
    }
    let is_volume = path.iter().copied().zip(VOLUME.encode_utf16()).filter(|(a, b)| a == b).count() == VOLUME.len();
    match path.split_last() {
        Some((&BACKSLASH, path)) if is_volume => Ok(Some(drive_link(path))),
        _ => Ok(None),
    }
}

/// A path of a symbolic link that begins with a drive letter or a backslash.
fn drive_path(volume: &Volume, path: &mut [u16], to_directory: bool) -> Result<Option<BString>> {
    if has_drive_letter(path) {
        return on_this_volume_or_drive(volume, path, to_directory).map(Some);
    }
    match path {
        [BACKSLASH, from_root @ ..] => {
            let is_there = search_from_root(volume, from_root, to_directory)?;
            Ok(is_there.then(|| utf16::to_bytes(from_root.iter().copied())))
        }
        _ => Ok(None),
    }
}

/// Whether `path` begins as `C:\` does.
fn has_drive_letter(path: &[u16]) -> bool {
    matches!(path, [1..=u16::MAX, COLON, BACKSLASH, ..])
}

/// The part of `path` behind its drive letter if it exists here, else the whole among the links for drives. That takes
/// the case of the names that were found all the same.
fn on_this_volume_or_drive(volume: &Volume, path: &mut [u16], to_directory: bool) -> Result<BString> {
    if let [letter, COLON, BACKSLASH, on_drive @ ..] = path
        && !on_drive.is_empty()
        && !has_drive_link(volume, *letter)?
        && search_from_root(volume, on_drive, to_directory)?
    {
        return Ok(utf16::to_bytes(on_drive.iter().copied()));
    }
    Ok(drive_link(path))
}

/// Where an administrator would link the drive or volume that `path` is on.
fn drive_link(path: &[u16]) -> BString {
    let mut shown = utf16::to_bytes(path.iter().map(|unit| if *unit == BACKSLASH { SLASH } else { *unit }));
    if let [letter, b':', ..] = shown.as_mut_slice() {
        letter.make_ascii_uppercase();
    }
    bstr::join("/", [DRIVE_LINKS.as_bytes(), &shown]).into()
}

/// Whether an administrator linked the drive called `letter`.
fn has_drive_link(volume: &Volume, letter: u16) -> Result<bool> {
    let root = Inode::open(volume, system_file::ROOT)?;
    let Some(links) = directory::lookup(volume, &root, DRIVE_LINKS.into())? else { return Ok(false) };
    let links = Inode::open(volume, links)?;
    let mut name = utf16::to_bytes([letter]);
    name.make_ascii_uppercase();
    name.push(b':');
    Ok(links.record.is_directory() && directory::lookup(volume, &links, name.as_bstr())?.is_some())
}

/// Whether the file is a reparse point, by its own flags.
fn is_reparse_point(volume: &Volume, inode: &Inode) -> Result<bool> {
    Ok(inode.standard_information(volume)?.has(file_attributes::REPARSE_POINT))
}

/// Opens the file called `path[start..end]` but for case, and gives that part of `path` its true case.
fn step(volume: &Volume, directory: &Inode, path: &mut [u16], start: usize, end: usize) -> Result<Option<Inode>> {
    let Some(name) = path.get_mut(start..end).filter(|_| directory.record.is_directory()) else { return Ok(None) };
    let Some((number, stored)) = directory::lookup_ignoring_case(volume, directory, name)? else { return Ok(None) };
    // Names that are equal but for case have equal lengths.
    name.copy_from_slice(stored.get(..name.len()).unwrap_or(name).to_vec().as_slice());
    Inode::open(volume, number).map(Some)
}

/// Where the component that begins at `start` ends.
fn component_end(path: &[u16], start: usize) -> usize {
    let rest = path.get(start..).unwrap_or_default();
    start.saturating_add(rest.iter().position(|unit| *unit == BACKSLASH).unwrap_or(rest.len()))
}

/// Turns the backslash at `at` around; returns where the next component begins.
fn pass_separator(path: &mut [u16], at: usize) -> usize {
    match path.get_mut(at) {
        Some(separator) => {
            *separator = SLASH;
            at.saturating_add(1)
        }
        None => at,
    }
}

/// Follows `path` from the root up to its end or to another reparse point, behind which it is left as it is; as far as
/// it goes, `path` becomes a Linux path. False if it isn't there, or if what it ends at isn't a directory where one is
/// wanted, or is where none is.
fn search_from_root(volume: &Volume, path: &mut [u16], to_directory: bool) -> Result<bool> {
    let mut here = Inode::open(volume, system_file::ROOT)?;
    let mut start = 0;
    loop {
        let end = component_end(path, start);
        let Some(next) = step(volume, &here, path, start, end)? else { return Ok(false) };
        here = next;
        start = pass_separator(path, end);
        let is_link = is_reparse_point(volume, &here)?;
        let is_directory = here.record.is_directory();
        if !is_directory || is_link || start >= path.len() {
            return Ok(is_link || is_directory == to_directory);
        }
    }
}

/// Follows `path` from the directory of `link`, as [`search_from_root`] does from the root.
fn relative_path(volume: &Volume, link: &Inode, path: Vec<u16>) -> Result<Option<BString>> {
    let mut path = path;
    let mut here = parent(volume, link)?;
    let mut start = 0usize;
    for _ in 0..MAX_STEPS {
        let Some(directory) = here.take() else { break };
        // ntfs-3g doesn't look at a last component of one character.
        if start.saturating_add(1) >= path.len() {
            break;
        }
        match path.get(start..).unwrap_or_default() {
            [DOT, BACKSLASH, ..] => {
                start = pass_separator(&mut path, start.saturating_add(1));
                here = Some(directory);
                continue;
            }
            [DOT, DOT, BACKSLASH, ..] => {
                start = pass_separator(&mut path, start.saturating_add(2));
                here = parent(volume, &directory)?;
                if here.is_none() {
                    return Ok(None);
                }
                continue;
            }
            _ => {}
        }
        let end = component_end(&path, start);
        let Some(next) = step(volume, &directory, &mut path, start, end)? else { return Ok(None) };
        let is_link = is_reparse_point(volume, &next)?;
        let is_last = end >= path.len();
        start = pass_separator(&mut path, end);
        if is_last && !is_link && next.record.is_directory() != link.record.is_directory() {
            return Ok(None);
        }
        if is_last || is_link {
            break;
        }
        here = Some(next);
    }
    Ok(Some(utf16::to_bytes(path)))
}

/// The directory that the first name of a file is in; the root has none.
fn parent(volume: &Volume, inode: &Inode) -> Result<Option<Inode>> {
    if inode.number == system_file::ROOT {
        return Ok(None);
    }
    let first = inode.with_attribute(volume, AttributeType::FILE_NAME, b"", |attribute| {
        FileName::parse(attribute.resident()?).map(|name| name.parent.number())
    })?;
    first.map(|number| Inode::open(volume, number)).transpose()
}

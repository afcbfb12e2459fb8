//! `c:\dir\file`: paths as Windows writes them.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::{FilesRead, Inspection, Mounting};
use glassbox_engine::Handle;
use glassbox_io::Error;

/// The drive that is meant if none is written.
const DEFAULT_DRIVE: u8 = b'c';

/// Why a path leads nowhere.
pub enum Unresolved {
    /// A call failed.
    Call(Error),
    /// There is no such drive.
    Drive(String),
}

impl From<Error> for Unresolved {
    fn from(error: Error) -> Self {
        Unresolved::Call(error)
    }
}

/// A path with `win:` in front, in the guest's terms; any other as it is.
pub fn resolve_marked(handle: &mut Handle, path: &BStr) -> Result<BString, Unresolved> {
    match path.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case(b"win:") => resolve(handle, &path[4..]),
        _ => Ok(path.to_owned()),
    }
}

/// A path as a user of the guest writes it: as Windows writes them, if the guest that was inspected is a Windows.
pub fn resolve_in_guest(handle: &mut Handle, path: &BStr) -> Result<BString, Unresolved> {
    for root in handle.inspect_get_roots().unwrap_or_default() {
        if handle.inspect_get_type(root.as_bstr())? == "windows" {
            return resolve(handle, path);
        }
    }
    Ok(path.to_owned())
}

fn resolve(handle: &mut Handle, path: &[u8]) -> Result<BString, Unresolved> {
    let (drive, rest) = split(path);
    let mut drives = Vec::new();
    for root in handle.inspect_get_roots().unwrap_or_default() {
        drives.extend(handle.inspect_get_drive_mappings(root.as_bstr())?);
    }
    if drives.is_empty() {
        return Err(Unresolved::Drive(
            "to use Windows drive letters, you must inspect the guest (\"-i\" option or run \"inspect-os\" command)"
                .into(),
        ));
    }
    let letter = char::from(drive);
    let device = drives
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(&[drive]))
        .map(|(_, device)| device)
        .ok_or_else(|| Unresolved::Drive(format!("drive '{letter}:' not found")))?;
    let mounted = handle
        .mountpoints()?
        .into_iter()
        .find(|(mounted, _)| mounted == device)
        .map(|(_, directory)| directory)
        .ok_or_else(|| Unresolved::Drive(format!("drive '{letter}:' is {device}, which is not mounted")))?;
    Ok(handle.case_sensitive_path(join(mounted.as_bstr(), rest).as_bstr())?)
}

/// The drive's letter, and the path behind it.
fn split(path: &[u8]) -> (u8, &[u8]) {
    match path {
        [letter, b':', rest @ ..] if letter.is_ascii_alphabetic() => (letter.to_ascii_lowercase(), rest),
        _ => (DEFAULT_DRIVE, path),
    }
}

fn join(directory: &BStr, path: &[u8]) -> BString {
    let mut joined = BString::from(directory.trim_end_with(|letter| letter == '/'));
    for name in path.split(|byte| matches!(byte, b'\\' | b'/')).filter(|name| !name.is_empty()) {
        joined.push(b'/');
        joined.extend_from_slice(name);
    }
    if joined.is_empty() {
        joined.push(b'/');
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drives_and_slashes() {
        assert_eq!(split(br"E:\foo"), (b'e', &br"\foo"[..]));
        assert_eq!(split(br"\foo"), (b'c', &br"\foo"[..]));
        assert_eq!(join("/".into(), br"\Windows\system32"), "/Windows/system32");
        assert_eq!(join("/e".into(), br"foo/bar\"), "/e/foo/bar");
        assert_eq!(join("/".into(), br"\"), "/");
    }
}

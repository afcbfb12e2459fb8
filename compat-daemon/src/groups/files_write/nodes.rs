//! Directories, devices, pipes and sockets made.

use bstr::{BStr, ByteSlice};
use glassbox_io::{Errno, Error, Result};
use rustix::fs::{FileType, Mode, OFlags, makedev};

use super::{PERMISSIONS, entry, mode};
use crate::kernel_tree::os;
use crate::sysroot;

/// What a new directory may be, less the mask of the process.
pub const NEW_DIRECTORY: Mode = Mode::from_raw_mode(0o777);

/// How large the parts of a device's number may be: Linux, include/linux/kdev_t.h.
const MAJOR_BITS: u32 = 12;
const MINOR_BITS: u32 = 20;

/// Makes a directory.
pub fn make_directory(path: &BStr, mode: Mode) -> Result<()> {
    let (directory, name) = entry(path, Errno::EEXIST)?;
    rustix::fs::mkdirat(directory, name.as_slice(), mode).map_err(|errno| os(errno).at_path(path))
}

/// Makes a directory, and those above it that aren't there.
pub fn make_directories(path: &BStr) -> Result<()> {
    let mut end = 0;
    while end < path.len() {
        end = path[end + 1..].find_byte(b'/').map_or(path.len(), |next| end + 1 + next);
        let prefix = path[..end].as_bstr();
        if prefix.ends_with(b"/") {
            continue;
        }
        match sysroot::open(prefix, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()) {
            Ok(_) => continue,
            Err(error) if error.errno() == Errno::ENOENT => {}
            // Only what the caller wants made is named so; further up the kernel's answer is right.
            Err(error) if error.errno() == Errno::ENOTDIR && end == path.len() => {
                return Err(not_a_directory(path));
            }
            Err(error) => return Err(Error::os(error.errno()).at_path(path)),
        }
        let (directory, name) = entry(prefix, Errno::EEXIST)?;
        match rustix::fs::mkdirat(directory, name.as_slice(), NEW_DIRECTORY) {
            Ok(()) => {}
            // A symbolic link that leads nowhere.
            Err(rustix::io::Errno::EXIST) => return Err(not_a_directory(path)),
            Err(errno) => return Err(os(errno).at_path(path)),
        }
    }
    Ok(())
}

fn not_a_directory(path: &BStr) -> Error {
    Error::os_with(Errno(0), "a part of the path is not a directory").at_path(path)
}

/// Makes a file of the kind that its mode says, as mknod(2).
pub fn make_any(path: &BStr, mode: i32, device: (i32, i32)) -> Result<()> {
    let permissions = self::mode(mode & PERMISSIONS, path)?;
    let kind = match mode & !PERMISSIONS {
        // Without a type it is a regular file.
        0 => FileType::RegularFile,
        _ => FileType::from_raw_mode(mode as u32),
    };
    if mode < 0 || kind == FileType::Unknown {
        return Err(Error::os(Errno::EINVAL).at_path(path));
    }
    make_node(path, kind, permissions, device)
}

/// A device's number, of a major and a minor one that Linux has.
fn device_number((major, minor): (i32, i32)) -> Option<u64> {
    let major = u32::try_from(major).ok().filter(|major| *major < 1 << MAJOR_BITS)?;
    let minor = u32::try_from(minor).ok().filter(|minor| *minor < 1 << MINOR_BITS)?;
    Some(makedev(major, minor))
}

/// Makes a file that isn't a regular one, or is empty.
fn make_node(path: &BStr, kind: FileType, mode: Mode, device: (i32, i32)) -> Result<()> {
    let device = device_number(device).ok_or_else(|| Error::os(Errno::EINVAL).at_path(path))?;
    let (directory, name) = entry(path, Errno::EEXIST)?;
    rustix::fs::mknodat(directory, name.as_slice(), kind, mode, device).map_err(|errno| os(errno).at_path(path))
}

/// As [`make_node`], where the call says what kind of file it is.
pub fn make_special(path: &BStr, kind: FileType, mode: i32, device: (i32, i32)) -> Result<()> {
    if mode & !PERMISSIONS != 0 {
        return Err(Error::usage(format!("{mode:o}: a mode has only permission bits here")));
    }
    make_node(path, kind, Mode::from_raw_mode(mode as u32), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_have_numbers_that_linux_has() {
        assert_eq!(device_number((8, 1)), Some(makedev(8, 1)));
        assert_eq!(device_number((4095, 1048575)), Some(makedev(4095, 1048575)));
        assert!([(-1, 1), (1, -1), (4096, 0), (0, 1048576)].into_iter().all(|parts| device_number(parts).is_none()));
    }
}

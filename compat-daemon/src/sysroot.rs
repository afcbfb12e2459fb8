//! The guest's files for the calls that change them.
//!
//! The guest's root is mounted on [`SYSROOT`]. The kernel resolves a guest's path as it would after chroot(2)
//! (`RESOLVE_IN_ROOT`, openat2(2)): no symbolic link and no `..` leads out of it.

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Errno, Error, Result, ResultExt};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};

use crate::daemon::device;
use crate::kernel_tree::os;

/// Where the guest's root is mounted.
pub const SYSROOT: &str = "/sysroot";

/// The guest's root directory, as it is mounted now.
pub fn root() -> Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, SYSROOT, flags, Mode::empty()).map_err(|errno| os(errno).at_path(SYSROOT))
}

/// Opens a file of the guest. `mode` counts with [`OFlags::CREATE`] alone.
pub fn open(path: &BStr, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    // The kernel refuses a mode where nothing is created.
    let mode = if flags.contains(OFlags::CREATE) { mode } else { Mode::empty() };
    rustix::fs::openat2(root()?, path.as_bytes(), flags | OFlags::CLOEXEC, mode, ResolveFlags::IN_ROOT)
        .map_err(|errno| os(errno).at_path(path))
}

/// Opens what a name is of: a block device, or a file of the guest.
pub fn open_device_or_file(name: &BStr, flags: OFlags, mode: Mode) -> Result<File> {
    if !name.starts_with(b"/dev/") {
        return open(name, flags, mode).map(File::from);
    }
    let device = device(name)?;
    // A device is there or isn't.
    let flags = flags.difference(OFlags::CREATE | OFlags::TRUNC) | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(CWD, device.as_bytes(), flags, Mode::empty());
    opened.map(File::from).map_err(|errno| os(errno).at_path(name))
}

/// The directory that holds a file, and the file's name in it: for calls that make, remove or rename it. The last part of
/// the path is not followed if it is a link. `EINVAL` for the root itself, `.` and `..`.
pub fn parent(path: &BStr) -> Result<(OwnedFd, BString)> {
    let trimmed = path.trim_end_with(|letter| letter == '/');
    let (directory, name) = match trimmed.rfind_byte(b'/') {
        Some(slash) => (&trimmed[..=slash], &trimmed[slash + 1..]),
        None => (&b"/"[..], trimmed),
    };
    if name.is_empty() || name == b"." || name == b".." {
        return Err(Error::os(Errno::EINVAL).at_path(path));
    }
    let directory = open(directory.as_bstr(), OFlags::PATH | OFlags::DIRECTORY, Mode::empty())
        .map_err(|error| Error::os(error.errno()).at_path(path))?;
    Ok((directory, name.into()))
}

/// A name for an open file that stays right whatever becomes of its path: for tools and calls that take paths.
pub fn magic_path(fd: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

/// Where a file of the guest is in the appliance, links resolved within the guest: for tools.
pub fn appliance_path(path: &BStr) -> Result<BString> {
    opened_path(path, OFlags::PATH)
}

/// The same of a directory; `ENOTDIR` if it is none.
pub fn appliance_directory(path: &BStr) -> Result<BString> {
    opened_path(path, OFlags::PATH | OFlags::DIRECTORY)
}

/// The same of a file that may be a link itself: the last name isn't followed.
pub fn appliance_path_of_link(path: &BStr) -> Result<BString> {
    opened_path(path, OFlags::PATH | OFlags::NOFOLLOW)
}

fn opened_path(path: &BStr, flags: OFlags) -> Result<BString> {
    place_of(&open(path, flags, Mode::empty())?).at_path(path)
}

/// Where an open file is in the appliance.
fn place_of(fd: &OwnedFd) -> Result<BString> {
    Ok(rustix::fs::readlink(magic_path(fd), Vec::new()).map_err(os)?.into_bytes().into())
}

/// Where a file that may not exist yet is in the appliance: its directory's links are resolved.
pub fn appliance_path_of_new(path: &BStr) -> Result<BString> {
    let (directory, name) = parent(path)?;
    Ok([place_of(&directory).at_path(path)?.as_slice(), b"/", &name].concat().into())
}

//! Names of files: links and renames.

use std::os::fd::OwnedFd;

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Errno, Error, Result};
use rustix::fs::{AtFlags, Mode, OFlags};

use super::entry;
use crate::kernel_tree::os;
use crate::sysroot;

/// The error of a call about two names.
fn about(errno: Errno, what: &str, one: &BStr, other: &BStr) -> Error {
    Error::os_with(errno, format!("{what}: {one}: {other}: {}", errno.message()))
}

/// Renames a file, on one filesystem.
pub fn rename(old: &BStr, new: &BStr) -> Result<()> {
    let failed = |errno: Errno| about(errno, "rename", old, new);
    let (from, name) = entry(old, Errno::EBUSY).map_err(|error| failed(error.errno()))?;
    let (to, new_name) = entry(new, Errno::EBUSY).map_err(|error| failed(error.errno()))?;
    rustix::fs::renameat(from, name.as_slice(), to, new_name.as_slice()).map_err(|errno| failed(os(errno).errno()))
}

/// Gives a file another name; `replace` takes that away from what has it. A symbolic link gets it itself.
pub fn hard(target: &BStr, link: &BStr, replace: bool) -> Result<()> {
    let failed = |errno: Errno| about(errno, "link", target, link);
    if !target.starts_with(b"/") {
        // It would be looked for in the appliance.
        return Err(failed(Errno::ENOENT));
    }
    let (from, name) = entry(target, Errno::EPERM).map_err(|error| failed(error.errno()))?;
    let (to, new_name) = entry(link, Errno::EEXIST).map_err(|error| failed(error.errno()))?;
    let make = || rustix::fs::linkat(&from, name.as_slice(), &to, new_name.as_slice(), AtFlags::empty());
    let made = match make() {
        Err(rustix::io::Errno::EXIST) if replace => {
            let stat = |directory: &OwnedFd, name: &[u8]| {
                let found = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::EMPTY_PATH);
                found.map(|stat| (stat.st_dev, stat.st_ino)).map_err(|errno| failed(os(errno).errno()))
            };
            if stat(&from, &name)? == stat(&to, &new_name)? {
                // Nothing is to be done; by its only name, the file would be lost.
                let is_itself = name == new_name && stat(&from, b"")? == stat(&to, b"")?;
                return if is_itself { Err(failed(Errno::EEXIST)) } else { Ok(()) };
            }
            // A directory stays, and the second attempt fails as the first.
            let _ = rustix::fs::unlinkat(&to, new_name.as_slice(), AtFlags::empty());
            make()
        }
        result => result,
    };
    made.map_err(|errno| failed(os(errno).errno()))
}

/// Makes a symbolic link; `replace` removes what has its name. Inside the directory `link`, if it is one, as ln(1).
pub fn symbolic(target: &BStr, link: &BStr, replace: bool) -> Result<()> {
    let what = if replace { "ln -sf" } else { "ln -s" };
    let failed = |errno: Errno| about(errno, what, target, link);
    let (directory, name) = match sysroot::open(link, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()) {
        Ok(directory) => (directory, last_name(target)),
        Err(_) => entry(link, Errno::EEXIST).map_err(|error| failed(error.errno()))?,
    };
    let make = || rustix::fs::symlinkat(target.as_bytes(), &directory, name.as_slice());
    let made = match make() {
        Err(rustix::io::Errno::EXIST) if replace => {
            rustix::fs::unlinkat(&directory, name.as_slice(), AtFlags::empty())
                .map_err(|errno| failed(os(errno).errno()))?;
            make()
        }
        result => result,
    };
    made.map_err(|errno| failed(os(errno).errno()))
}

/// The last name of a path, as basename(1).
pub fn last_name(path: &BStr) -> BString {
    let path = path.trim_end_with(|letter| letter == '/');
    path.rsplit_once_str("/").map_or(path, |(_, name)| name).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_names_are_those_of_basename() {
        for (path, name) in [("/a/b", "b"), ("/a/b//", "b"), ("b", "b"), ("/", ""), ("/a/.", ".")] {
            assert_eq!(last_name(path.into()), name, "{path}");
        }
    }
}

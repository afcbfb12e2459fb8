//! Whole trees removed, copied and moved.

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Errno, Error, Result};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};

use super::entry;
use super::links::last_name;
use crate::kernel_tree::os;
use crate::sysroot::{self, SYSROOT, magic_path};
use crate::tool::Tool;

/// Removes a file that is no directory.
pub fn remove_file(path: &BStr) -> Result<()> {
    let (directory, name) = entry(path, Errno::EISDIR)?;
    if path.ends_with(b"/") {
        // Only a directory's name may end so.
        let found = rustix::fs::statat(&directory, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW);
        let found = found.map_err(|errno| os(errno).at_path(path))?;
        if FileType::from_raw_mode(found.st_mode) != FileType::Directory {
            return Err(Error::os(Errno::ENOTDIR).at_path(path));
        }
    }
    rustix::fs::unlinkat(directory, name.as_slice(), AtFlags::empty()).map_err(|errno| os(errno).at_path(path))
}

/// Removes a file or a directory with all that is in it. What isn't there is no error.
pub fn remove(path: &BStr) -> Result<()> {
    if path.bytes().all(|letter| letter == b'/') {
        return Err(Error::usage("the root directory can't be removed"));
    }
    let (directory, name) = match sysroot::parent(path) {
        Ok(found) => found,
        Err(error) if error.errno() == Errno::ENOENT => return Ok(()),
        Err(error) if error.errno() == Errno::EINVAL => {
            return Err(Error::usage("'.' and '..' can't be removed").at_path(path));
        }
        Err(error) => return Err(error),
    };
    let found = match rustix::fs::statat(&directory, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => found,
        Err(rustix::io::Errno::NOENT) => return Ok(()),
        Err(errno) => return Err(os(errno).at_path(path)),
    };
    if FileType::from_raw_mode(found.st_mode) != FileType::Directory {
        return rustix::fs::unlinkat(directory, name.as_slice(), AtFlags::empty())
            .map_err(|errno| os(errno).at_path(path));
    }
    // The directory that holds it is open, so nothing on the way can be a link.
    let place = [magic_path(&directory).as_bytes(), b"/", name.as_slice()].concat();
    std::fs::remove_dir_all(place.to_os_str_lossy()).map_err(|error| Error::from(error).at_path(path))
}

/// `cp src dest`: a link is copied as what it leads to.
pub fn copy_file(src: &BStr, dest: &BStr) -> Result<()> {
    let from = sysroot::appliance_path(src).map_err(|error| no_source("cp", src, &error))?;
    run("cp", &[], &from, src, dest)
}

/// `cp` of a whole tree, whose links are copied as they are.
pub fn copy(options: &[&str], src: &BStr, dest: &BStr) -> Result<()> {
    let from = sysroot::appliance_path_of_link(src).map_err(|error| no_source("cp", src, &error))?;
    run("cp", options, &from, src, dest)
}

/// `mv src dest`.
pub fn move_to(src: &BStr, dest: &BStr) -> Result<()> {
    let from = sysroot::appliance_path_of_link(src).map_err(|error| no_source("mv", src, &error))?;
    run("mv", &[], &from, src, dest)
}

fn no_source(tool: &str, path: &BStr, error: &Error) -> Error {
    Error::os_with(Errno(0), format!("{tool}: cannot stat '{path}': {}", error.errno().message()))
}

/// Runs `cp` or `mv`. Where the file goes is decided here, because the tools would follow the guest's links in the
/// appliance: into a directory, or to the name itself.
fn run(tool: &'static str, options: &[&str], from: &BString, src: &BStr, dest: &BStr) -> Result<()> {
    let directory = sysroot::open(dest, OFlags::PATH | OFlags::DIRECTORY, Mode::empty());
    let dest = match directory {
        Ok(_) => inside(dest, last_name(src)),
        Err(_) => dest.to_owned(),
    };
    let dest = dest.as_bstr();
    let to = match tool {
        "mv" => sysroot::appliance_path_of_link(dest).or_else(|_| sysroot::appliance_path_of_new(dest))?,
        // What a link leads to is written to, if it is there.
        _ => sysroot::appliance_path(dest).or_else(|_| sysroot::appliance_path_of_new(dest))?,
    };
    Tool::new(tool)
        .args(options)
        .args(["-T", "--"])
        .arg(from)
        .arg(to)
        .done()
        .map_err(|error| Error::os_with(error.errno(), error.message().replace(SYSROOT, "")))
}

/// The name that a file of this name has in a directory.
fn inside(directory: &BStr, name: BString) -> BString {
    if name.is_empty() || name == "." {
        // A whole directory's contents.
        return directory.to_owned();
    }
    [directory.as_bytes(), b"/", name.as_slice()].concat().into()
}

//! Attributes of files, and how they are copied from one to another.

use std::os::fd::OwnedFd;

use bstr::BStr;
use glassbox_api::options::CopyAttributesOpts;
use glassbox_filesystems::Xattr;
use glassbox_io::{Result, ResultExt};
use rustix::fs::{AtFlags, Gid, Mode, Timespec, Uid, XattrFlags};

use super::{PERMISSIONS, target};
use crate::kernel_tree::os;
use crate::sysroot::magic_path;
use crate::xattrs;

/// What is to be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    mode: bool,
    ownership: bool,
    xattrs: bool,
}

impl Wanted {
    /// `all` stands for those that aren't named.
    pub fn new(opts: &CopyAttributesOpts) -> Self {
        let all = opts.all.unwrap_or(false);
        Wanted {
            mode: opts.mode.unwrap_or(all),
            ownership: opts.ownership.unwrap_or(all),
            xattrs: opts.xattributes.unwrap_or(all),
        }
    }
}

/// Copies attributes; those that the other file has alone are left to it.
pub fn copy(source: &BStr, destination: &BStr, wanted: Wanted) -> Result<()> {
    let from = target(source).during("stat")?;
    let to = target(destination).during("stat")?;
    let stat = rustix::fs::fstat(&from).map_err(os).at_path(source).during("stat")?;
    // The owner first: changing it takes set-user-ID away.
    if wanted.ownership {
        let (owner, group) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
        rustix::fs::chownat(&to, "", Some(owner), Some(group), AtFlags::EMPTY_PATH)
            .map_err(|errno| os(errno).at_path(destination).during("chown"))?;
    }
    if wanted.mode {
        let mode = Mode::from_raw_mode(stat.st_mode & PERMISSIONS as u32);
        rustix::fs::chmod(magic_path(&to), mode).map_err(|errno| os(errno).at_path(destination).during("chmod"))?;
    }
    if wanted.xattrs {
        copy_xattrs(source, &from, destination, &to)?;
    }
    Ok(())
}

fn copy_xattrs(source: &BStr, from: &OwnedFd, destination: &BStr, to: &OwnedFd) -> Result<()> {
    let to = magic_path(to);
    for Xattr { name, value } in xattrs::all(from).map_err(os).at_path(source).during("getxattr")? {
        rustix::fs::setxattr(&to, name.as_slice(), &value, XattrFlags::empty())
            .map_err(|errno| os(errno).at_path(destination).during("setxattr"))?;
    }
    Ok(())
}

/// Owner or group; -1 leaves it as it is.
fn changed(id: i32) -> Option<u32> {
    (id != -1).then_some(id as u32)
}

/// Changes owner and group.
pub fn chown(file: &OwnedFd, owner: i32, group: i32) -> rustix::io::Result<()> {
    let (owner, group) = (changed(owner).map(Uid::from_raw), changed(group).map(Gid::from_raw));
    rustix::fs::chownat(file, "", owner, group, AtFlags::EMPTY_PATH)
}

/// A time in the form of utimensat(2): -1 nanoseconds is now, -2 leaves it as it is.
pub fn timespec(seconds: i64, nanoseconds: i64) -> Timespec {
    let tv_nsec = match nanoseconds {
        -1 => rustix::fs::UTIME_NOW,
        -2 => rustix::fs::UTIME_OMIT,
        other => other,
    };
    Timespec { tv_sec: seconds, tv_nsec }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_stands_for_what_is_not_named() {
        let opts = CopyAttributesOpts { all: Some(true), mode: Some(false), ..CopyAttributesOpts::default() };
        assert_eq!(Wanted::new(&opts), Wanted { mode: false, ownership: true, xattrs: true });
        let none = Wanted::new(&CopyAttributesOpts::default());
        assert_eq!(none, Wanted { mode: false, ownership: false, xattrs: false });
    }
}

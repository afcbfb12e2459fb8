//! Extended attributes of open files, which may be open with `O_PATH`.

use std::os::fd::OwnedFd;

use bstr::{BStr, ByteSlice};
use glassbox_filesystems::Xattr;
use rustix::io::{Errno, Result};

use crate::sysroot::magic_path;

/// The longest list of names and the longest value (`XATTR_LIST_MAX`, `XATTR_SIZE_MAX`: linux/limits.h).
const LONGEST: usize = 64 << 10;

/// All of a file's; none where the filesystem has no such thing.
pub fn all(file: &OwnedFd) -> Result<Vec<Xattr>> {
    let path = magic_path(file);
    let mut buf = vec![0; LONGEST];
    let names = match rustix::fs::listxattr(&path, &mut buf) {
        Ok(length) => buf[..length].to_vec(),
        Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
        Err(errno) => return Err(errno),
    };
    let mut found = Vec::new();
    for name in names.split_str("\0").filter(|name| !name.is_empty()) {
        if let Some(value) = read(&path, name.as_bstr(), &mut buf)? {
            found.push(Xattr { name: name.into(), value: value.into() });
        }
    }
    Ok(found)
}

/// The value of the one of this name, if there is one.
pub fn one(file: &OwnedFd, name: &BStr) -> Result<Option<Vec<u8>>> {
    Ok(read(&magic_path(file), name, &mut vec![0; LONGEST])?.map(<[u8]>::to_vec))
}

fn read<'a>(path: &str, name: &BStr, buf: &'a mut [u8]) -> Result<Option<&'a [u8]>> {
    match rustix::fs::getxattr(path, name.as_bytes(), &mut *buf) {
        Ok(length) => Ok(buf.get(..length)),
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(None),
        Err(errno) => Err(errno),
    }
}

//! The group `xattr-acl`: extended attributes set and removed, also those that hold ACLs and capabilities.

mod acl;
mod capabilities;

use std::os::fd::OwnedFd;

use bstr::{BStr, ByteSlice};
use glassbox_api::XattrAcl;
use glassbox_io::{Errno, Error, Result, ResultExt};
use rustix::fs::{FileType, XattrFlags};

use super::files_write::{target, target_or_link};
use crate::Daemon;
use crate::kernel_tree::os;
use crate::sysroot::magic_path;

/// The attributes that the kernel keeps ACLs and capabilities in (acl(5), capabilities(7)).
const ACCESS_ACL: &str = "system.posix_acl_access";
const DEFAULT_ACL: &str = "system.posix_acl_default";
const CAPABILITY: &str = "security.capability";

/// The file at `path`, or the symbolic link itself.
fn file(path: &BStr, follow: bool) -> Result<OwnedFd> {
    if follow { target(path) } else { target_or_link(path) }
}

fn set(path: &BStr, follow: bool, name: &BStr, value: &BStr, length: i32) -> Result<()> {
    let value = usize::try_from(length).ok().and_then(|length| value.get(..length));
    let value = value.ok_or_else(|| Error::usage(format!("the value doesn't have {length} bytes")))?;
    let file = file(path, follow).during("setxattr")?;
    put(&file, name, value, path).during("setxattr")
}

fn put(file: &OwnedFd, name: &BStr, value: &[u8], path: &BStr) -> Result<()> {
    rustix::fs::setxattr(magic_path(file), name.as_bytes(), value, XattrFlags::empty()).map_err(os).at_path(path)
}

fn remove(path: &BStr, follow: bool, name: &BStr) -> Result<()> {
    let file = file(path, follow).during("removexattr")?;
    rustix::fs::removexattr(magic_path(&file), name.as_bytes())
        .map_err(|errno| os(errno).at_path(path).during("removexattr"))
}

impl XattrAcl for Daemon {
    fn setxattr(&mut self, xattr: &BStr, val: &BStr, vallen: i32, path: &BStr) -> Result<()> {
        set(path, true, xattr, val, vallen)
    }

    fn lsetxattr(&mut self, xattr: &BStr, val: &BStr, vallen: i32, path: &BStr) -> Result<()> {
        set(path, false, xattr, val, vallen)
    }

    fn removexattr(&mut self, xattr: &BStr, path: &BStr) -> Result<()> {
        remove(path, true, xattr)
    }

    fn lremovexattr(&mut self, xattr: &BStr, path: &BStr) -> Result<()> {
        remove(path, false, xattr)
    }

    fn acl_set_file(&mut self, path: &BStr, acltype: &BStr, acl: &BStr) -> Result<()> {
        let attribute = match acltype.as_bytes() {
            b"access" => ACCESS_ACL,
            b"default" => DEFAULT_ACL,
            _ => return Err(Error::usage(format!("invalid acltype parameter: {acltype}"))),
        };
        let value = acl::from_text(acl)?;
        put(&target(path)?, attribute.into(), &value, path)
    }

    fn acl_delete_def_file(&mut self, dir: &BStr) -> Result<()> {
        let file = target(dir)?;
        match rustix::fs::removexattr(magic_path(&file), DEFAULT_ACL) {
            Ok(()) | Err(rustix::io::Errno::NODATA) => Ok(()),
            Err(errno) => Err(os(errno).at_path(dir)),
        }
    }

    fn cap_set_file(&mut self, path: &BStr, cap: &BStr) -> Result<()> {
        let value = capabilities::from_text(cap)?.to_xattr().at_path(path)?;
        let file = target(path)?;
        let stat = rustix::fs::fstat(&file).map_err(|errno| os(errno).at_path(path))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            // The kernel would keep what means nothing.
            return Err(Error::os(Errno::EINVAL).at_path(path));
        }
        put(&file, CAPABILITY.into(), &value, path)
    }
}

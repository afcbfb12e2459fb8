//! The group `xattr-acl`: extended attributes, POSIX ACLs and file capabilities.

pub(super) mod acl;
mod capabilities;
pub mod posix_acl;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::XattrAcl;
use glassbox_api::structs::Xattr;
use glassbox_filesystems::{FileType, Filesystem, NodeId};
use glassbox_io::{Errno, Error, Result, ResultExt};

use super::InProcess;
use crate::vfs::Follow;
pub use capabilities::NAMES as CAPABILITIES;

impl InProcess {
    fn all_xattrs(&self, path: &BStr, follow: Follow) -> Result<Vec<Xattr>> {
        let found = self.locate(path, follow).during("listxattr")?;
        xattrs_of(found.filesystem.as_ref(), found.node).at_path(path).during("listxattr")
    }

    fn one_xattr(&self, path: &BStr, name: &BStr, follow: Follow) -> Result<Option<Vec<u8>>> {
        let found = self.locate(path, follow).during("getxattr")?;
        found.filesystem.xattr(found.node, name).at_path(path).during("getxattr")
    }

    fn required_xattr(&self, path: &BStr, name: &BStr, follow: Follow) -> Result<Vec<u8>> {
        let value = self.one_xattr(path, name, follow)?;
        value.ok_or_else(|| Error::os(Errno::ENODATA).during("getxattr"))
    }
}

/// The attributes of a file by name.
fn xattrs_of(filesystem: &dyn Filesystem, node: NodeId) -> Result<Vec<Xattr>> {
    let mut xattrs = filesystem.xattrs(node)?;
    xattrs.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(xattrs.into_iter().map(|xattr| Xattr { attrname: xattr.name, attrval: xattr.value }).collect())
}

impl XattrAcl for InProcess {
    fn getxattrs(&mut self, path: &BStr) -> Result<Vec<Xattr>> {
        self.all_xattrs(path, Follow::Always)
    }

    fn lgetxattrs(&mut self, path: &BStr) -> Result<Vec<Xattr>> {
        self.all_xattrs(path, Follow::NotLast)
    }

    fn getxattr(&mut self, path: &BStr, name: &BStr) -> Result<Vec<u8>> {
        self.required_xattr(path, name, Follow::Always)
    }

    fn lgetxattr(&mut self, path: &BStr, name: &BStr) -> Result<Vec<u8>> {
        self.required_xattr(path, name, Follow::NotLast)
    }

    /// For each name an entry without a name that tells the number of attributes, as text with a NUL, then those. A
    /// file that can't be read has an empty text there.
    fn internal_lxattrlist(&mut self, path: &BStr, names: &[&BStr]) -> Result<Vec<Xattr>> {
        let mut list = Vec::new();
        for file in self.files_in(path, names)? {
            let head = |value| Xattr { attrname: BString::default(), attrval: value };
            match file.and_then(|(mount, node)| xattrs_of(mount.filesystem.as_ref(), node).ok()) {
                Some(xattrs) => {
                    list.push(head(format!("{}\0", xattrs.len()).into_bytes()));
                    list.extend(xattrs);
                }
                None => list.push(head(Vec::new())),
            }
        }
        Ok(list)
    }

    fn acl_get_file(&mut self, path: &BStr, acltype: &BStr) -> Result<BString> {
        let found = self.locate(path, Follow::Always)?;
        let stat = found.stat()?;
        let (xattr, default) = match acltype.as_bytes() {
            b"access" => ("system.posix_acl_access", false),
            b"default" => ("system.posix_acl_default", true),
            _ => return Err(Error::usage(format!("invalid acltype parameter: {acltype}"))),
        };
        match found.filesystem.xattr(found.node, xattr.into()).at_path(path)? {
            Some(value) => acl::to_text(&value).at_path(path),
            None if default && stat.file_type() != FileType::Directory => Err(Error::os(Errno::EACCES).at_path(path)),
            None if default => Ok(BString::default()),
            // A file without an ACL has one that says the same as its permissions.
            None => Ok(acl::of_mode(stat.mode)),
        }
    }

    fn cap_get_file(&mut self, path: &BStr) -> Result<BString> {
        match self.one_xattr(path, "security.capability".into(), Follow::Always)? {
            Some(value) => capabilities::to_text(&value).at_path(path),
            None => Ok(BString::default()),
        }
    }
}

//! From a path to a file, as Linux's path_resolution(7) does it under chroot.

use bstr::{BStr, BString, ByteSlice};
use glassbox_filesystems::{FileType, NodeId};
use glassbox_io::{Errno, Error, Result};

use super::{Located, MountId, Vfs};

/// Linux's MAXSYMLINKS: as many links are followed in one path, then it is ELOOP.
const MAX_SYMLINKS: usize = 40;
/// Linux's PATH_MAX, the terminating NUL not counted. It holds for the path and for what links make of it.
const MAX_PATH: usize = 4095;
/// Linux's NAME_MAX.
const MAX_NAME: usize = 255;

/// Whether a symbolic link at the end of a path is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// As `stat`.
    Always,
    /// As `lstat`: the link itself is meant.
    NotLast,
}

/// The directories from the root to where the resolution stands: `..` goes back along them, so no filesystem has to
/// know parents.
struct Trail {
    steps: Vec<(MountId, NodeId, usize)>,
    path: BString,
}

impl Trail {
    fn push(&mut self, mount: MountId, node: NodeId, name: &BStr) {
        self.steps.push((mount, node, self.path.len()));
        self.path.push(b'/');
        self.path.extend_from_slice(name);
    }

    fn pop(&mut self) {
        if let Some((_, _, length)) = self.steps.pop() {
            self.path.truncate(length);
        }
    }

    fn clear(&mut self) {
        self.steps.clear();
        self.path.clear();
    }
}

impl Vfs {
    /// The file that `path` names. A path that doesn't begin with `/` begins at the root all the same.
    pub fn resolve(&self, path: &BStr, follow: Follow) -> Result<Located> {
        self.resolve_quietly(path, follow).map_err(|error| error.at_path(path))
    }

    fn resolve_quietly(&self, path: &BStr, follow: Follow) -> Result<Located> {
        let root = self.through_mounts(self.mounts[0].id, self.mounts[0].filesystem.root());
        let mut trail = Trail { steps: Vec::new(), path: BString::default() };
        let mut left = BString::from(path);
        let mut links = 0;
        loop {
            if left.len() > MAX_PATH {
                return Err(Error::os(Errno::ENAMETOOLONG));
            }
            let Some((name, rest)) = next_name(left.as_ref()) else { break };
            let (mount, node) = trail.steps.last().map_or(root, |(mount, node, _)| (*mount, *node));
            let filesystem = &self.get(mount).ok_or_else(|| Error::os(Errno::ENOENT))?.filesystem;
            match name.as_bytes() {
                b"." | b".." => {
                    if filesystem.stat(node)?.file_type() != FileType::Directory {
                        return Err(Error::os(Errno::ENOTDIR));
                    }
                    if name == ".." {
                        trail.pop();
                    }
                    left = rest.to_owned();
                    continue;
                }
                name if name.len() > MAX_NAME => return Err(Error::os(Errno::ENAMETOOLONG)),
                _ => {}
            }
            let child = filesystem.lookup(node, name)?.ok_or_else(|| Error::os(Errno::ENOENT))?;
            let (mount, child) = self.through_mounts(mount, child);
            let filesystem = &self.get(mount).ok_or_else(|| Error::os(Errno::ENOENT))?.filesystem;
            // What is left may be slashes alone: "link/" means what the link leads to, which must be a directory.
            let is_last = rest.is_empty();
            if !is_last || follow == Follow::Always {
                match filesystem.stat(child)?.file_type() {
                    FileType::Symlink => {
                        links += 1;
                        if links > MAX_SYMLINKS {
                            return Err(Error::os(Errno::ELOOP));
                        }
                        let mut target = filesystem.read_link(child)?;
                        if target.is_empty() {
                            return Err(Error::os(Errno::ENOENT));
                        }
                        if target.starts_with(b"/") {
                            trail.clear();
                        }
                        target.extend_from_slice(rest);
                        left = target;
                        continue;
                    }
                    FileType::Directory => {}
                    _ if !is_last => return Err(Error::os(Errno::ENOTDIR)),
                    _ => {}
                }
            }
            trail.push(mount, child, name);
            left = rest.to_owned();
        }
        let (mount, node) = trail.steps.last().map_or(root, |(mount, node, _)| (*mount, *node));
        let mount = self.get(mount).ok_or_else(|| Error::os(Errno::ENOENT))?;
        let path = if trail.path.is_empty() { "/".into() } else { trail.path };
        Ok(Located {
            mount: mount.id,
            filesystem: mount.filesystem.clone(),
            device_number: mount.device_number,
            node,
            path,
        })
    }
}

/// The first name of a path, and what follows it, its slash included; `None` if only slashes are left.
fn next_name(path: &BStr) -> Option<(&BStr, &BStr)> {
    let start = path.iter().position(|byte| *byte != b'/')?;
    let path = path[start..].as_bstr();
    let end = path.find_byte(b'/').unwrap_or(path.len());
    Some((path[..end].as_bstr(), path[end..].as_bstr()))
}

//! The mounted tree: filesystems on mount points, and paths resolved through them as Linux resolves them under a
//! changed root.
//!
//! Below everything is a [`Scaffold`], the empty root that `mkmountpoint` makes directories in. A mount covers a
//! directory of the mount below it. `..` never leads above the root and symbolic links never leave it.

mod resolve;
mod scaffold;
mod spelling;
mod walk;

use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};
use glassbox_filesystems::{FileType, Filesystem, NodeId, Stat};
use glassbox_io::{Errno, Error, Result};

pub use resolve::Follow;
pub use walk::{Step, Visit};

pub(crate) use scaffold::Scaffold;

/// Names one mount as long as it is mounted; never used again afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MountId(u32);

/// A mounted filesystem.
pub struct Mount {
    id: MountId,
    /// What was mounted, in its canonical form: `/dev/sda1`.
    pub device: BString,
    /// Where, as the caller sees it: `/`, `/boot`.
    pub path: BString,
    /// The directory that it covers; `None` for the scaffold.
    covers: Option<(MountId, NodeId)>,
    /// The filesystem.
    pub filesystem: Arc<dyn Filesystem>,
    /// `st_dev` of its files.
    pub device_number: u64,
    /// Whether it was mounted read-only; writes are refused either way in-process, with another error.
    pub read_only: bool,
}

/// A file somewhere in the mounted tree.
#[derive(Clone)]
pub struct Located {
    /// The mount it is on.
    pub mount: MountId,
    /// That mount's filesystem.
    pub filesystem: Arc<dyn Filesystem>,
    /// `st_dev` of its files.
    pub device_number: u64,
    /// The file.
    pub node: NodeId,
    /// Its path from the root, free of symbolic links, `.` and `..`.
    pub path: BString,
}

impl Located {
    /// What `lstat` tells of it.
    pub fn stat(&self) -> Result<Stat> {
        self.filesystem.stat(self.node).map_err(|error| error.at_path(&self.path))
    }

    /// Its type.
    pub fn file_type(&self) -> Result<FileType> {
        Ok(self.stat()?.file_type())
    }
}

/// All that is mounted.
pub struct Vfs {
    scaffold: Arc<Scaffold>,
    /// In the order of mounting, the scaffold first.
    mounts: Vec<Mount>,
    next: u32,
}

impl Default for Vfs {
    fn default() -> Self {
        let scaffold = Arc::new(Scaffold::default());
        let base = Mount {
            id: MountId(0),
            device: BString::default(),
            path: "/".into(),
            covers: None,
            filesystem: scaffold.clone(),
            device_number: 0,
            read_only: false,
        };
        Vfs { scaffold, mounts: vec![base], next: 1 }
    }
}

impl Vfs {
    /// Whether anything is mounted: calls on files are refused before.
    pub fn is_mounted(&self) -> bool {
        self.mounts.len() > 1
    }

    /// The mounts in the order of mounting.
    pub fn mounts(&self) -> &[Mount] {
        &self.mounts[1..]
    }

    /// Mounts `filesystem` on the directory `path`. `ENOENT` and `ENOTDIR` as mount(2).
    pub fn mount(
        &mut self,
        device: &BStr,
        path: &BStr,
        filesystem: Arc<dyn Filesystem>,
        device_number: u64,
        read_only: bool,
    ) -> Result<()> {
        let point = self.resolve(path, Follow::Always)?;
        if point.file_type()? != FileType::Directory {
            return Err(Error::os(Errno::ENOTDIR).at_path(path));
        }
        let id = MountId(self.next);
        self.next += 1;
        self.mounts.push(Mount {
            id,
            device: device.to_owned(),
            path: point.path,
            covers: Some((point.mount, point.node)),
            filesystem,
            device_number,
            read_only,
        });
        Ok(())
    }

    /// Unmounts what is mounted at the path or from the device that `what` names: the topmost mount where several
    /// are. `EINVAL` if nothing is, `EBUSY` if something is mounted below it and `lazy` isn't asked for.
    pub fn unmount(&mut self, what: &BStr, lazy: bool) -> Result<()> {
        let path = self.resolve(what, Follow::Always).map(|found| found.path).unwrap_or_else(|_| what.to_owned());
        let index = self
            .mounts
            .iter()
            .rposition(|mount| mount.covers.is_some() && (mount.path == path || mount.device == what))
            .ok_or_else(|| Error::os_with(Errno::EINVAL, "not mounted").at_path(what))?;
        let id = self.mounts[index].id;
        if self.is_covered(id) {
            if !lazy {
                return Err(Error::os_with(Errno::EBUSY, "target is busy").at_path(what));
            }
            self.detach(id);
            return Ok(());
        }
        self.mounts.remove(index);
        Ok(())
    }

    /// Changes whether the filesystem mounted at `path` may be written to. `EINVAL` if none is mounted there.
    pub fn remount(&mut self, path: &BStr, read_only: bool) -> Result<()> {
        let found = self.resolve(path, Follow::Always)?;
        let mount = self.mounts[1..].iter_mut().find(|mount| mount.id == found.mount && mount.path == found.path);
        let mount = mount.ok_or_else(|| Error::os(Errno::EINVAL).at_path(path))?;
        mount.read_only = read_only;
        Ok(())
    }

    /// Unmounts everything and forgets the directories that `mkmountpoint` made under mounts that are gone.
    pub fn unmount_all(&mut self) {
        self.mounts.truncate(1);
    }

    /// Makes an empty directory to mount on. Only where nothing is mounted yet: inside a filesystem it would be a
    /// write.
    pub fn make_mount_point(&mut self, path: &BStr) -> Result<()> {
        let (parent, name) = split_last(path).ok_or_else(|| Error::os(Errno::EEXIST).at_path(path))?;
        let parent = self.resolve(parent, Follow::Always)?;
        if parent.filesystem.lookup(parent.node, name)?.is_some() {
            return Err(Error::os(Errno::EEXIST).at_path(path));
        }
        if parent.mount != self.mounts[0].id {
            return Err(self.no_write(&parent, "making a directory inside a mounted filesystem").at_path(path));
        }
        self.scaffold.make(parent.node, name);
        Ok(())
    }

    /// Removes a directory that [`Self::make_mount_point`] made; it must be empty and nothing mounted on it.
    pub fn remove_mount_point(&mut self, path: &BStr) -> Result<()> {
        let found = self.resolve(path, Follow::Always)?;
        if found.node == found.filesystem.root() {
            return Err(Error::os(Errno::EBUSY).at_path(path));
        }
        if found.mount != self.mounts[0].id {
            return Err(self.no_write(&found, "removing a directory inside a mounted filesystem").at_path(path));
        }
        self.scaffold.remove(found.node).map_err(|error| error.at_path(path))
    }

    /// What is at `node` of the mount that `directory` is on, seen through mounts.
    pub fn seen(&self, directory: &Located, node: NodeId) -> Option<(&Mount, NodeId)> {
        let (mount, node) = self.through_mounts(directory.mount, node);
        Some((self.get(mount)?, node))
    }

    /// The file that `directory` has at `node` by this name.
    pub fn child(&self, directory: &Located, node: NodeId, name: &BStr) -> Option<Located> {
        let (mount, node) = self.seen(directory, node)?;
        let path = join(directory.path.as_ref(), name);
        let (filesystem, device_number) = (mount.filesystem.clone(), mount.device_number);
        Some(Located { mount: mount.id, filesystem, device_number, node, path })
    }

    /// Why a file can't be written to: its mount is read-only, or writing isn't done here.
    fn no_write(&self, file: &Located, what: &'static str) -> Error {
        match self.mount_of(file) {
            Some(mount) if mount.read_only => Error::os(Errno::EROFS),
            _ => Error::unsupported(what),
        }
    }

    /// The mount that a file is on.
    pub fn mount_of(&self, file: &Located) -> Option<&Mount> {
        self.get(file.mount)
    }

    fn get(&self, id: MountId) -> Option<&Mount> {
        // Few filesystems are mounted at a time; looking through them is quicker than hashing.
        self.mounts.iter().find(|mount| mount.id == id)
    }

    /// The root of what covers `node`, seen through mounts on mounts; `node` itself if nothing does.
    fn through_mounts(&self, mut mount: MountId, mut node: NodeId) -> (MountId, NodeId) {
        while let Some(upper) = self.mounts.iter().rfind(|upper| upper.covers == Some((mount, node))) {
            (mount, node) = (upper.id, upper.filesystem.root());
        }
        (mount, node)
    }

    fn is_covered(&self, id: MountId) -> bool {
        self.mounts.iter().any(|mount| mount.covers.is_some_and(|(below, _)| below == id))
    }

    /// Removes a mount and all that is mounted below it.
    fn detach(&mut self, id: MountId) {
        let above: Vec<MountId> = self
            .mounts
            .iter()
            .filter(|mount| mount.covers.is_some_and(|(below, _)| below == id))
            .map(|mount| mount.id)
            .collect();
        above.into_iter().for_each(|id| self.detach(id));
        self.mounts.retain(|mount| mount.id != id);
    }
}

/// The path of `name` in `directory`.
pub(crate) fn join(directory: &BStr, name: &BStr) -> BString {
    let mut path = directory.to_owned();
    if !path.ends_with(b"/") {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// Cuts the last name off a path: `/a/b/` → (`/a/`, `b`); `None` for the root.
fn split_last(path: &BStr) -> Option<(&BStr, &BStr)> {
    let trimmed = path.trim_end_with(|byte| byte == '/');
    let slash = trimmed.rfind_byte(b'/')?;
    let (parent, name) = trimmed.split_at(slash + 1);
    (!name.is_empty()).then_some((parent.as_bstr(), name.as_bstr()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaffold_with(names: &[&str]) -> Arc<dyn Filesystem> {
        let scaffold = Scaffold::default();
        for name in names {
            scaffold.make(scaffold.root(), (*name).into());
        }
        Arc::new(scaffold)
    }

    fn names(vfs: &Vfs, path: &str) -> Vec<String> {
        let found = vfs.resolve(path.into(), Follow::Always).unwrap();
        let mut names = Vec::new();
        let mut visit = |entry: glassbox_filesystems::DirEntry<'_>| {
            names.push(entry.name.to_string());
            std::ops::ControlFlow::Continue(())
        };
        found.filesystem.read_dir(found.node, &mut visit).unwrap();
        names
    }

    #[test]
    fn mounts_nest_and_cover() {
        let mut vfs = Vfs::default();
        assert!(!vfs.is_mounted());
        vfs.mount("/dev/sda1".into(), "/".into(), scaffold_with(&["boot", "home"]), 2049, true).unwrap();
        vfs.mount("/dev/sda2".into(), "/boot".into(), scaffold_with(&["efi"]), 2050, true).unwrap();
        assert_eq!(names(&vfs, "/"), ["boot", "home"]);
        assert_eq!(names(&vfs, "/boot/../boot/."), ["efi"]);
        assert_eq!(names(&vfs, "/boot/../../.."), ["boot", "home"]);
        assert_eq!(vfs.unmount("/".into(), false).unwrap_err().errno(), Errno::EBUSY);
        vfs.mount("/dev/sdb".into(), "/boot".into(), scaffold_with(&["upper"]), 2064, true).unwrap();
        assert_eq!(names(&vfs, "/boot"), ["upper"]);
        vfs.unmount("/boot".into(), false).unwrap();
        assert_eq!(names(&vfs, "/boot"), ["efi"]);
        vfs.unmount("/dev/sda2".into(), false).unwrap();
        assert!(names(&vfs, "/boot").is_empty());
        assert_eq!(vfs.unmount("/boot".into(), false).unwrap_err().errno(), Errno::EINVAL);
    }

    #[test]
    fn mount_points_can_be_made_before_anything_is_mounted() {
        let mut vfs = Vfs::default();
        vfs.make_mount_point("/cd1".into()).unwrap();
        assert_eq!(vfs.make_mount_point("/cd1".into()).unwrap_err().errno(), Errno::EEXIST);
        vfs.make_mount_point("/cd1/inner".into()).unwrap();
        assert_eq!(vfs.remove_mount_point("/cd1".into()).unwrap_err().errno(), Errno::ENOTEMPTY);
        vfs.remove_mount_point("/cd1/inner/".into()).unwrap();
        vfs.mount("/dev/sda".into(), "/cd1".into(), scaffold_with(&["x"]), 2048, true).unwrap();
        assert_eq!(names(&vfs, "/cd1"), ["x"]);
        assert_eq!(vfs.remove_mount_point("/cd1".into()).unwrap_err().errno(), Errno::EBUSY);
        assert_eq!(vfs.make_mount_point("/cd1/y".into()).unwrap_err().errno(), Errno::EROFS);
        vfs.remount("/cd1".into(), false).unwrap();
        assert!(vfs.make_mount_point("/cd1/y".into()).unwrap_err().is_unsupported());
    }

    #[test]
    fn lazy_unmounting_takes_what_is_below_along() {
        let mut vfs = Vfs::default();
        vfs.mount("/dev/sda1".into(), "/".into(), scaffold_with(&["a"]), 0, true).unwrap();
        vfs.mount("/dev/sda2".into(), "/a".into(), scaffold_with(&["b"]), 0, true).unwrap();
        vfs.mount("/dev/sda3".into(), "/a/b".into(), scaffold_with(&[]), 0, true).unwrap();
        vfs.unmount("/".into(), true).unwrap();
        assert!(!vfs.is_mounted());
    }
}

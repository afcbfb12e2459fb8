//! The group `inspection`: what operating systems are on the disks.
//!
//! Each filesystem is looked at on its own, through a tree that nobody else sees ([`tree::Tree`]): what it holds tells
//! what it is ([`guest`]), and files of it tell the facts ([`facts::Facts`]). Filesystems of one system are then joined.
//! The handle's mounts are undone first, as in libguestfs.
//!
//! What can't be read makes the answer poorer and gives a warning; it never fails the call. But where no system was found
//! and there is an appliance that may read more, the call answers *unsupported*, so that the appliance is asked.

mod architecture;
mod bsd;
mod coreos;
mod distro;
mod dos;
mod facts;
mod fstab;
mod guest;
mod hostname;
mod hurd;
mod join;
mod linux;
mod minix;
mod release;
mod rpm_applications;
#[cfg(test)]
mod tests;
mod tree;
mod windows;

use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::structs::Application2;
use glassbox_api::{FilesystemDetect, Inspection, Md};
use glassbox_filesystems::Filesystem;
use glassbox_io::{Errno, Error, Result, ResultExt};

use super::mount::is_subvolume;
use super::{InProcess, file_architecture};
use crate::vfs::Follow;
use facts::{Facts, Role};
use guest::Guest;
use tree::Tree;

pub(crate) use facts::Inspected;

impl InProcess {
    /// Looks at these filesystems, of which each has its name and its type, in the place of those found before. The roots
    /// among them.
    pub fn inspect_filesystems(&mut self, filesystems: Vec<(BString, BString)>) -> Result<Vec<BString>> {
        let mut inspected = Vec::new();
        let mut unread = Vec::new();
        if let Err(error) = self.list_md_devices() {
            // They may hold the system, and its fstab names what is on them.
            if self.has_appliance && error.is_unsupported() {
                return Err(error);
            }
            unread.push(("what is on arrays".into(), error));
        }
        for (name, kind) in filesystems {
            match self.inspect(name.as_ref(), kind.as_ref()) {
                Ok(found) => inspected.extend(found),
                Err(error) => unread.push((name, error)),
            }
        }
        self.inspected = join::join(inspected, |warning| self.warn(warning));
        self.tell_unread(unread)?;
        self.inspect_get_roots()
    }

    /// Looks at one filesystem. `None` if nothing can be mounted there.
    fn inspect(&self, mountable: &BStr, kind: &BStr) -> Result<Option<Inspected>> {
        let role = match kind.as_bytes() {
            b"swap" => Some(Role::Swap),
            b"unknown" => None,
            _ => self.role_of(mountable)?,
        };
        Ok(role.map(|role| Inspected { mountable: mountable.to_owned(), role }))
    }

    fn role_of(&self, mountable: &BStr) -> Result<Option<Role>> {
        let tree = match self.open_filesystem(mountable).and_then(Tree::new) {
            Ok(tree) => tree,
            // Nobody could mount it: a journal device, a member of something larger.
            Err(error) if error.errno() == Errno::ENODEV => return Ok(None),
            Err(error) => return Err(error),
        };
        let guest = Guest { disks: self, mountable, tree };
        let role = guest.role();
        for problem in guest.tree.into_problems() {
            self.warn(&format!("inspecting {mountable}: {problem}"));
        }
        Ok(Some(role))
    }

    fn open_filesystem(&self, mountable: &BStr) -> Result<Arc<dyn Filesystem>> {
        let opened = match is_subvolume(mountable) {
            true => Err(Error::unsupported("btrfs: subvolumes")),
            false => self.device_source(mountable).and_then(glassbox_filesystems::open).map(Arc::from),
        };
        match (opened, &self.opener) {
            (Err(error), Some(open)) if error.is_unsupported() => open(mountable),
            (opened, _) => opened,
        }
    }

    /// Says what couldn't be looked at. Where no system was found it may be the one: who has an appliance shall ask that.
    fn tell_unread(&mut self, mut unread: Vec<(BString, Error)>) -> Result<()> {
        let has_root = self.inspected.iter().any(|found| matches!(found.role, Role::Root(_)));
        if self.has_appliance && !has_root {
            let beyond_us = unread.iter().position(|(_, error)| error.is_unsupported());
            if let Some((name, error)) = beyond_us.map(|index| unread.swap_remove(index)) {
                // What was found is part of what will be found there.
                self.forget_inspection();
                return Err(Error::unsupported(format!("inspecting {name}: {error}")));
            }
        }
        for (name, error) in unread {
            self.warn(&format!("{name} isn't inspected: {error}"));
        }
        Ok(())
    }

    /// Whether the last look for systems was taken here.
    pub(crate) fn has_inspected(&self) -> bool {
        !self.inspected.is_empty()
    }

    /// Forgets what was found: somebody else looks again.
    pub(crate) fn forget_inspection(&mut self) {
        self.inspected.clear();
    }

    /// What is known of the system whose root filesystem is `root`.
    pub(super) fn facts(&self, root: &BStr) -> Result<&Facts> {
        if self.inspected.is_empty() {
            return Err(Error::usage("no inspection data: call guestfs_inspect_os first"));
        }
        let name = self.canonical(root);
        self.inspected
            .iter()
            .find_map(|found| match &found.role {
                Role::Root(facts) if found.mountable == name => Some(&**facts),
                _ => None,
            })
            .ok_or_else(|| {
                Error::usage("not a root that guestfs_inspect_os returned: ask only about those").at_path(root)
            })
    }

    /// A fact as a string, `unknown` where it isn't known.
    fn fact<T: AsRef<[u8]>>(&self, root: &BStr, fact: impl FnOnce(&Facts) -> Option<T>) -> Result<BString> {
        Ok(fact(self.facts(root)?).map_or_else(|| "unknown".into(), |value| value.as_ref().into()))
    }

    /// A fact about a Windows, which no other system has.
    fn windows_fact<T: Clone>(&self, root: &BStr, what: &str, fact: impl FnOnce(&Facts) -> &Option<T>) -> Result<T> {
        let missing = || Error::usage(format!("not a Windows guest, or {what} could not be determined"));
        fact(self.facts(root)?).clone().ok_or_else(missing)
    }
}

impl Inspection for InProcess {
    fn inspect_os(&mut self) -> Result<Vec<BString>> {
        self.vfs.unmount_all();
        self.listings.clear();
        let filesystems = self.list_filesystems()?;
        self.inspect_filesystems(filesystems)
    }

    fn inspect_get_roots(&mut self) -> Result<Vec<BString>> {
        let roots = self.inspected.iter().filter(|found| matches!(found.role, Role::Root(_)));
        Ok(roots.map(|found| found.mountable.clone()).collect())
    }

    fn inspect_get_mountpoints(&mut self, root: &BStr) -> Result<Vec<(BString, BString)>> {
        let facts = self.facts(root)?;
        if facts.fstab.is_empty() {
            return Ok(vec![("/".into(), self.canonical(root))]);
        }
        let mounted = facts.fstab.iter().filter(|entry| entry.mountpoint.starts_with(b"/"));
        Ok(mounted.map(|entry| (entry.mountpoint.clone(), entry.mountable.clone())).collect())
    }

    fn inspect_get_filesystems(&mut self, root: &BStr) -> Result<Vec<BString>> {
        let facts = self.facts(root)?;
        if facts.fstab.is_empty() {
            return Ok(vec![self.canonical(root)]);
        }
        Ok(facts.fstab.iter().map(|entry| entry.mountable.clone()).collect())
    }

    fn inspect_get_type(&mut self, root: &BStr) -> Result<BString> {
        self.fact(root, |facts| facts.os_type.map(|kind| kind.name()))
    }

    fn inspect_get_distro(&mut self, root: &BStr) -> Result<BString> {
        self.fact(root, |facts| facts.distro.map(|distro| distro.name()))
    }

    fn inspect_get_package_format(&mut self, root: &BStr) -> Result<BString> {
        self.fact(root, |facts| facts.package_format)
    }

    fn inspect_get_package_management(&mut self, root: &BStr) -> Result<BString> {
        self.fact(root, |facts| facts.package_management)
    }

    fn inspect_get_product_name(&mut self, root: &BStr) -> Result<BString> {
        self.fact(root, |facts| facts.product_name.clone())
    }

    fn inspect_get_product_variant(&mut self, root: &BStr) -> Result<BString> {
        self.fact(root, |facts| facts.product_variant.clone())
    }

    fn inspect_get_major_version(&mut self, root: &BStr) -> Result<i32> {
        Ok(self.facts(root)?.version.unwrap_or_default().major)
    }

    fn inspect_get_minor_version(&mut self, root: &BStr) -> Result<i32> {
        Ok(self.facts(root)?.version.unwrap_or_default().minor)
    }

    fn inspect_get_arch(&mut self, root: &BStr) -> Result<BString> {
        self.fact(root, |facts| facts.arch.clone())
    }

    fn inspect_get_hostname(&mut self, root: &BStr) -> Result<BString> {
        self.fact(root, |facts| facts.hostname.clone())
    }

    fn inspect_get_build_id(&mut self, root: &BStr) -> Result<BString> {
        self.fact(root, |facts| facts.build_id.clone())
    }

    fn inspect_get_drive_mappings(&mut self, root: &BStr) -> Result<Vec<(BString, BString)>> {
        Ok(self.facts(root)?.drive_mappings.clone())
    }

    fn inspect_get_windows_systemroot(&mut self, root: &BStr) -> Result<BString> {
        self.windows_fact(root, "systemroot", |facts| &facts.windows.systemroot)
    }

    fn inspect_get_windows_software_hive(&mut self, root: &BStr) -> Result<BString> {
        self.windows_fact(root, "the software hive", |facts| &facts.windows.software_hive)
    }

    fn inspect_get_windows_system_hive(&mut self, root: &BStr) -> Result<BString> {
        self.windows_fact(root, "the system hive", |facts| &facts.windows.system_hive)
    }

    fn inspect_get_windows_current_control_set(&mut self, root: &BStr) -> Result<BString> {
        self.windows_fact(root, "CurrentControlSet", |facts| &facts.windows.current_control_set)
    }

    fn inspect_get_windows_group_policy(&mut self, root: &BStr) -> Result<bool> {
        self.windows_fact(root, "whether there are group policies", |facts| &facts.windows.group_policy)
    }

    /// A symbolic link isn't followed: it is for no architecture itself, as in libguestfs.
    fn file_architecture(&mut self, filename: &BStr) -> Result<BString> {
        let file = self.locate(filename, Follow::NotLast).during("lstat")?;
        file_architecture::of_file(&file, filename).map(BString::from)
    }

    fn internal_list_rpm_applications(&mut self) -> Result<Vec<Application2>> {
        rpm_applications::list(self)
    }

    // Installation media aren't told from installed systems any more. These answer for any name, as in libguestfs.

    fn inspect_get_format(&mut self, _: &BStr) -> Result<BString> {
        Ok("installed".into())
    }

    fn inspect_is_live(&mut self, _: &BStr) -> Result<bool> {
        Ok(false)
    }

    fn inspect_is_multipart(&mut self, _: &BStr) -> Result<bool> {
        Ok(false)
    }

    fn inspect_is_netinst(&mut self, _: &BStr) -> Result<bool> {
        Ok(false)
    }
}

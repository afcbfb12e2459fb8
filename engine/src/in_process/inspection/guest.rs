//! A filesystem under inspection, and what it is.

use bstr::BStr;

use super::InProcess;
use super::facts::{Facts, Role};
use super::tree::Tree;
use super::{bsd, coreos, dos, hurd, linux, minix, windows};

/// A filesystem that is being looked at, and the disks that it is among.
pub struct Guest<'a> {
    /// All devices: for what names other filesystems.
    pub disks: &'a InProcess,
    /// Its name: `/dev/sda1`.
    pub mountable: &'a BStr,
    /// Its files.
    pub tree: Tree,
}

impl Guest<'_> {
    /// What the filesystem is to an operating system.
    pub fn role(&self) -> Role {
        let mut role = self.told_by_files();
        if let Role::Root(facts) | Role::Usr(facts) = &mut role {
            self.packages(facts);
        }
        role
    }

    /// Each system has some files that no other has. The order matters: what has fewer of them comes later.
    fn told_by_files(&self) -> Role {
        let tree = &self.tree;
        let root = |facts| Role::Root(Box::new(facts));
        let usr = |facts| Role::Usr(Box::new(facts));
        if linux::is_boot(tree) {
            Role::Other
        } else if let Some(facts) = bsd::root(self).or_else(|| hurd::root(self)).or_else(|| minix::root(tree)) {
            root(facts)
        } else if linux::is_root(tree) {
            root(linux::root(self))
        } else if coreos::is_root(tree) {
            root(coreos::root(self))
        } else if linux::is_usr_local(tree) {
            Role::Other
        } else if linux::is_usr(tree) {
            usr(linux::usr(tree))
        } else if coreos::is_usr(tree) {
            usr(coreos::usr(self))
        } else if linux::is_var(tree) {
            Role::Other
        } else if let Some(facts) = windows::root(self) {
            root(facts)
        } else if tree.is_dir_in_any_case("/System Volume Information") {
            // A volume of Windows, which may hold anything.
            Role::Other
        } else if let Some(facts) = dos::root(tree) {
            root(facts)
        } else {
            Role::Other
        }
    }

    /// How its packages are kept follows from the distribution.
    fn packages(&self, facts: &mut Facts) {
        let Some(distro) = facts.distro else { return };
        facts.package_format = distro.package_format();
        let has_dnf = || self.tree.leads_to_file("/usr/bin/dnf");
        facts.package_management = distro.package_management(facts.version, has_dnf);
    }
}

//! A filesystem under inspection, and what it is.

use bstr::BStr;

use super::InProcess;
use super::distro::Distro;
use super::facts::{Facts, OsType, Role};
use super::tree::Tree;
use super::{linux, windows};

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
    /// What the filesystem is to an operating system, told by which files it has.
    pub fn role(&self) -> Role {
        let mut role = self.kind();
        if let Role::Root(facts) | Role::Usr(facts) = &mut role {
            self.packages(facts);
        }
        role
    }

    fn kind(&self) -> Role {
        let tree = &self.tree;
        let root = |facts| Role::Root(Box::new(facts));
        if linux::is_root(tree) {
            root(linux::root(self))
        } else if let Some(facts) = windows::root(self) {
            root(facts)
        } else if tree.is_file_in_any_case("/FDOS/FREEDOS.BSS") {
            root(dos(Distro::FreeDos))
        } else if tree.is_file_in_any_case("/DOS/COMMAND.COM") {
            root(dos(Distro::MsDos))
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

/// DOS runs on any PC; nothing on it tells more.
fn dos(distro: Distro) -> Facts {
    Facts { distro: Some(distro), arch: Some("i386".into()), ..Facts::of(OsType::Dos) }
}

//! CoreOS and Flatcar: the root filesystem holds what changes, and all else is on one of two `/usr` filesystems, of which
//! an update fills the other.

use super::distro::Distro;
use super::facts::{Facts, FstabEntry, OsType};
use super::linux::all_directories;
use super::{Guest, architecture, hostname, release};
use crate::in_process::inspection::tree::Tree;

/// Whether a filesystem is the root of a CoreOS.
pub fn is_root(tree: &Tree) -> bool {
    all_directories(tree, &["/etc", "/root", "/home", "/usr"]) && tree.is_file("/etc/coreos/update.conf")
}

/// What the root filesystem tells. It has no fstab.
pub fn root(guest: &Guest<'_>) -> Facts {
    Facts { hostname: hostname::linux(&guest.tree), ..mounted_on(guest, "/") }
}

/// Whether a filesystem is a `/usr` of CoreOS.
pub fn is_usr(tree: &Tree) -> bool {
    all_directories(tree, &["/bin", "/share", "/local"])
        && (tree.is_dir("/share/coreos") || tree.is_dir("/share/flatcar"))
}

/// What such a `/usr` tells.
pub fn usr(guest: &Guest<'_>) -> Facts {
    let mut facts = mounted_on(guest, "/usr");
    release::usr(&guest.tree, &mut facts);
    facts.arch = architecture::of_programs(&guest.tree);
    facts
}

fn mounted_on(guest: &Guest<'_>, mountpoint: &str) -> Facts {
    let entry = FstabEntry { mountable: guest.mountable.to_owned(), mountpoint: mountpoint.into() };
    Facts { distro: Some(Distro::CoreOs), fstab: vec![entry], ..Facts::of(OsType::Linux) }
}

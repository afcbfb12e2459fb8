//! Linux: the root filesystem.

use super::Guest;
use super::facts::{Facts, OsType};
use super::release;
use super::tree::Tree;

/// Whether a filesystem is the root of a Linux.
pub fn is_root(tree: &Tree) -> bool {
    tree.is_dir("/etc")
        && (tree.is_dir("/bin") || tree.link_target("/bin").is_some_and(|target| target == "usr/bin"))
        && (tree.is_file("/etc/fstab") || tree.is_file("/etc/hosts"))
}

/// What the root filesystem tells.
pub fn root(guest: &Guest<'_>) -> Facts {
    let mut facts = Facts::of(OsType::Linux);
    release::linux(&guest.tree, &mut facts);
    facts
}

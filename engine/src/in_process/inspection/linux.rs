//! Linux: the root filesystem, and those that belong to it.

use super::facts::{Facts, OsType};
use super::tree::Tree;
use super::{Guest, architecture, fstab, hostname, release};

/// Whether a filesystem is the root of a Linux.
pub fn is_root(tree: &Tree) -> bool {
    tree.is_dir("/etc")
        && (tree.is_dir("/bin") || tree.link_target("/bin").is_some_and(|target| target == "usr/bin"))
        && (tree.is_file("/etc/fstab") || tree.is_file("/etc/hosts"))
}

/// What the root filesystem tells.
pub fn root(guest: &Guest<'_>) -> Facts {
    let tree = &guest.tree;
    let mut facts = Facts::of(OsType::Linux);
    release::linux(tree, &mut facts);
    facts.arch = architecture::of_programs(tree);
    facts.fstab = fstab::read(guest, OsType::Linux);
    facts.hostname = hostname::linux(tree);
    facts
}

/// Whether a filesystem is the `/var` of a Linux.
pub fn is_var(tree: &Tree) -> bool {
    all_directories(tree, &["/log", "/run", "/spool"])
}

/// Whether a filesystem holds what is installed beside the distribution.
pub fn is_usr_local(tree: &Tree) -> bool {
    all_directories(tree, &["/etc", "/bin", "/share"]) && !tree.is_dir("/local") && !tree.is_file("/etc/fstab")
}

/// Whether a filesystem is the `/usr` of a Linux.
pub fn is_usr(tree: &Tree) -> bool {
    all_directories(tree, &["/bin", "/local", "/share", "/src"]) && !tree.is_file("/etc/fstab")
}

/// What `/usr` tells: the release file is there, `/etc/os-release` is a link to it.
pub fn usr(tree: &Tree) -> Facts {
    let mut facts = Facts::of(OsType::Linux);
    release::usr(tree, &mut facts);
    facts.arch = architecture::of_programs(tree);
    facts
}

/// Whether a filesystem is the `/boot` of a system that GRUB starts. It has an `/etc`, on some distributions.
pub fn is_boot(tree: &Tree) -> bool {
    ["/grub/menu.lst", "/grub/grub.conf", "/grub2/grub.cfg"].iter().any(|path| tree.is_file(path))
}

/// Whether all of these are directories.
pub fn all_directories(tree: &Tree, paths: &[&str]) -> bool {
    paths.iter().all(|path| tree.is_dir(path))
}

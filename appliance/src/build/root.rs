//! The tree of the root disk: programs, their libraries and data, modules, and the directories that the daemon mounts on.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use glassbox_io::{Errno, Error, Result};

use super::libraries::Libraries;
use super::modules::{self, Modules, Order};
use super::tools::{self, Group, Library, Need};
use super::tree::Tree;
use super::{ROOT_MODULES, Report, add_modules, module_path};
use crate::host;

/// Where the daemon mounts something, and what programs expect to be there.
const DIRECTORIES: [&str; 13] = [
    "/dev", "/etc", "/home", "/mnt", "/proc", "/root", "/run", "/sys", "/sysroot", "/tmp", "/usr/bin", "/var",
    "/etc/lvm",
];

/// Files of ours. The disk is read-only, so what changes is a link to where it may.
const FILES: &[(&str, &str)] = &[
    ("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
    ("/etc/group", "root:x:0:\ndisk:x:6:\nnogroup:x:65534:\n"),
    ("/etc/hosts", "127.0.0.1 localhost\n"),
    ("/etc/hostname", "glassbox\n"),
    // No udev: LVM makes its own nodes. No locking between hosts, no daemons, no backups of metadata on a disk that can't hold them.
    (
        "/etc/lvm/lvm.conf",
        "devices {\n  obtain_device_list_from_udev = 0\n  external_device_info_source = \"none\"\n  use_devicesfile = 0\n}\n\
         activation {\n  udev_sync = 0\n  udev_rules = 0\n  verify_udev_operations = 1\n  monitoring = 0\n}\n\
         backup {\n  backup = 0\n  archive = 0\n}\n\
         global {\n  locking_dir = \"/run/lock/lvm\"\n  event_activation = 0\n  use_lvmpolld = 0\n}\n",
    ),
];

/// Links of ours.
const LINKS: &[(&str, &str)] = &[("/etc/mtab", "/proc/self/mounts"), ("/etc/resolv.conf", "/run/resolv.conf")];

/// The merged directories: what the host has as links, the guest has too, and whoever looks there finds the programs.
const MERGED: [&str; 4] = ["/bin", "/sbin", "/lib", "/lib64"];

/// Makes the tree. What is missing goes into the report, unless nothing works without it.
pub(super) fn tree(daemon: &Path, modules: &Modules, loaded: &Order, report: &mut Report) -> Result<Tree> {
    let mut tree = Tree::default();
    for directory in MERGED.iter().map(Path::new).filter(|directory| directory.exists()) {
        tree.add_host(directory)?;
    }
    for directory in DIRECTORIES {
        tree.add_directory(directory, 0o755)?;
    }
    for (path, text) in FILES {
        tree.add_file(path, 0o644, *text)?;
    }
    for (path, target) in LINKS {
        tree.add_link(path, *target)?;
    }
    let mut libraries = Libraries::of_host();
    add_programs(&mut tree, &mut libraries, report)?;
    for library in tools::LIBRARIES {
        if let Err(error) = add_library(&mut tree, &mut libraries, library, daemon) {
            report.missing_programs.push(describe_library(library, &error));
        }
    }
    add_data(&mut tree)?;
    let order = modules.order(&modules::ROOT, loaded);
    report.missing_modules.extend(order.missing.iter().cloned());
    carry_modules(&mut tree, modules)?;
    add_modules(&mut tree, modules, &order, ROOT_MODULES)?;
    Ok(tree)
}

fn add_programs(tree: &mut Tree, libraries: &mut Libraries, report: &mut Report) -> Result<()> {
    for group in tools::GROUPS {
        let mut missing = Vec::new();
        for name in group.programs {
            let Some(path) = host::program(name) else {
                missing.push(*name);
                continue;
            };
            match libraries.add(&path, tree) {
                Ok(()) => {}
                // Half an installed program is none.
                Err(error) if group.need == Need::Optional => missing.push(report_broken(name, &error, report)),
                Err(error) => return Err(error),
            }
        }
        if missing.is_empty() {
            continue;
        }
        if group.need == Need::Required {
            return Err(Error::os_with(Errno::ENOENT, format!("the appliance needs {}", describe(group, &missing))));
        }
        report.missing_programs.push(describe(group, &missing));
    }
    Ok(())
}

/// Adds a library that the daemon loads, and the list by which it does. Nothing is listed that isn't whole.
fn add_library(tree: &mut Tree, libraries: &mut Libraries, library: &Library, daemon: &Path) -> Result<()> {
    let ordered = libraries.in_load_order(library.name.into(), daemon)?;
    let mut list = Vec::new();
    for path in &ordered {
        libraries.add(path, tree)?;
        list.extend_from_slice(path.as_os_str().as_bytes());
        list.push(b'\n');
    }
    for directory in library.data {
        tree.add_host_tree(Path::new(directory))?;
    }
    tree.add_file(Path::new(tools::LIBRARY_LISTS).join(library.name), 0o644, list)
}

/// Notes why a program that is there can't be used.
fn report_broken(name: &'static str, error: &Error, report: &mut Report) -> &'static str {
    report.missing_programs.push(format!("{name}: {error}"));
    name
}

fn describe(group: &Group, missing: &[&str]) -> String {
    brought_by(&missing.join(", "), group.purpose, group.debian, group.fedora)
}

fn describe_library(library: &Library, error: &Error) -> String {
    let described = brought_by(library.name, library.purpose, library.debian, library.fedora);
    match error.errno() {
        Errno::ENOENT => described,
        _ => format!("{described}: {error}"),
    }
}

/// `mkfs.xfs, xfs_repair (XFS): package xfsprogs on Debian, xfsprogs on Fedora`.
fn brought_by(missing: &str, purpose: &str, debian: &str, fedora: &str) -> String {
    let packages = if debian.contains(' ') { "packages" } else { "package" };
    format!("{missing} ({purpose}): {packages} {debian} on Debian, {fedora} on Fedora")
}

fn add_data(tree: &mut Tree) -> Result<()> {
    for path in tools::DATA.iter().map(Path::new).filter(|path| path.exists()) {
        tree.add_host(path)?;
    }
    for directory in tools::DATA_DIRECTORIES.iter().map(Path::new).filter(|path| path.is_dir()) {
        tree.add_host_tree(directory)?;
    }
    Ok(())
}

/// Adds the modules that the kernel may ask for, and the indexes in which modprobe(8) finds them.
fn carry_modules(tree: &mut Tree, modules: &Modules) -> Result<()> {
    let directory = modules.directory();
    for entry in std::fs::read_dir(directory)?.flatten() {
        let name = entry.file_name();
        let is_index =
            name.as_encoded_bytes().starts_with(b"modules.") && entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_index {
            tree.add_host_as(&entry.path(), module_path(modules, Path::new(&name)))?;
        }
    }
    for path in modules.paths() {
        let carried =
            modules::CARRIED.iter().any(|prefix| path.as_os_str().as_encoded_bytes().starts_with(prefix.as_bytes()));
        if carried && directory.join(path).exists() {
            tree.add_host_as(&directory.join(path), module_path(modules, path))?;
        }
    }
    Ok(())
}

//! Windows: its system directory, and what its registry tells.

mod drive_letter;
mod registry;
mod software;
mod system;
mod systemroot;

use bstr::{BStr, BString, ByteSlice};

use super::Guest;
use super::distro::Distro;
use super::facts::{Facts, OsType};
use super::tree::Tree;
use crate::in_process::file_architecture;
use registry::Registry;

/// What is known of the Windows whose root this filesystem is; `None` if it isn't one.
pub fn root(guest: &Guest<'_>) -> Option<Facts> {
    let tree = &guest.tree;
    let systemroot = systemroot::find(tree)?;
    let mut facts = Facts {
        distro: Some(Distro::Windows),
        arch: architecture(tree, systemroot.as_ref()),
        ..Facts::of(OsType::Windows)
    };
    facts.windows.software_hive = hive_path(tree, systemroot.as_ref(), "software");
    facts.windows.system_hive = hive_path(tree, systemroot.as_ref(), "system");
    facts.windows.systemroot = Some(systemroot);
    if let Some(registry) = Registry::open(tree, &facts.windows.software_hive) {
        software::read(&registry, &mut facts);
    }
    if let Some(registry) = Registry::open(tree, &facts.windows.system_hive) {
        system::read(&registry, guest.disks, &mut facts);
    }
    Some(facts)
}

/// The command interpreter is for the machine that Windows is for.
fn architecture(tree: &Tree, systemroot: &BStr) -> Option<BString> {
    let path = tree.spelled(below(systemroot, "system32/cmd.exe"))?;
    let file = tree.found(tree.locate(&path))?;
    tree.found(file_architecture::of_file(&file, path.as_bstr())).map(BString::from)
}

fn hive_path(tree: &Tree, systemroot: &BStr, name: &str) -> Option<BString> {
    let path = tree.spelled(below(systemroot, &format!("system32/config/{name}")))?;
    tree.is_file(&path).then_some(path)
}

fn below(directory: &BStr, path: &str) -> BString {
    [directory.as_bytes(), b"/", path.as_bytes()].concat().into()
}

//! MINIX 3.

use super::facts::{Facts, OsType};
use super::linux::all_directories;
use super::tree::Tree;
use super::{architecture, hostname, release};

/// Files by which it is known.
const MARKS: [&str; 3] = ["/service/vm", "/etc/fstab", "/etc/version"];

/// What the MINIX whose root this filesystem is tells; `None` if it isn't one. Its names of devices (`/dev/c0d0p0s0`) mean
/// nothing here, so its fstab isn't read.
pub fn root(tree: &Tree) -> Option<Facts> {
    if !(all_directories(tree, &["/etc", "/bin"]) && MARKS.iter().all(|mark| tree.is_file(mark))) {
        return None;
    }
    let mut facts = Facts::of(OsType::Minix);
    release::version_line(tree, "/etc/version", &mut facts);
    facts.arch = architecture::of_programs(tree);
    facts.hostname = hostname::file(tree, "/etc/hostname.file");
    Some(facts)
}

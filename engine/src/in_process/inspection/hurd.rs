//! GNU/Hurd.

use super::facts::{Facts, OsType};
use super::{Guest, architecture, fstab, hostname, release};

/// Some of the servers that a Hurd has.
const SERVERS: [&str; 3] = ["/hurd/console", "/hurd/hello", "/hurd/null"];

/// What the Hurd whose root this filesystem is tells; `None` if it isn't one.
pub fn root(guest: &Guest<'_>) -> Option<Facts> {
    let tree = &guest.tree;
    if !SERVERS.iter().all(|server| tree.is_file(server)) {
        return None;
    }
    let mut facts = Facts::of(OsType::Hurd);
    release::hurd(tree, &mut facts);
    facts.arch = architecture::of_programs(tree);
    facts.fstab = fstab::read(guest, OsType::Hurd);
    facts.hostname = hostname::linux(tree);
    Some(facts)
}

//! The table of the API: every call, group, struct, event and optional group.

use crate::CallInfo;
pub use crate::generated::events::{EVENTS, Event};
pub use crate::generated::optional_groups::OPTIONAL_GROUPS;
pub use crate::generated::structs::STRUCTS;
use crate::generated::table::{ALIASES, FISH_ALIASES, PROCEDURES};
pub use crate::generated::table::{CALLS, Group, HANDLE_FUNCTIONS};

/// The highest procedure number; also the minor version of the C library.
pub const MAX_PROC_NR: u32 = match PROCEDURES.last() {
    Some((proc_nr, _)) => *proc_nr,
    None => 0,
};

/// The call of this name, or of this alias in language bindings (`mkfs_opts`).
pub fn find(name: &str) -> Option<&'static CallInfo> {
    match CALLS.binary_search_by_key(&name, |info| info.name) {
        Ok(found) => CALLS.get(found).copied(),
        Err(_) => search(&ALIASES, &name),
    }
}

/// The call that a guestfish command makes: its name with `-` or `_`, an alias in bindings, or one of guestfish's own.
pub fn find_command(command: &str) -> Option<&'static CallInfo> {
    search(&FISH_ALIASES, &command).or_else(|| find(&command.replace('-', "_")))
}

/// The call with this procedure number.
pub fn find_procedure(proc_nr: u32) -> Option<&'static CallInfo> {
    search(&PROCEDURES, &proc_nr)
}

fn search<K: Ord>(sorted: &[(K, &'static CallInfo)], key: &K) -> Option<&'static CallInfo> {
    let found = sorted.binary_search_by(|(candidate, _)| candidate.cmp(key)).ok()?;
    sorted.get(found).map(|(_, info)| *info)
}

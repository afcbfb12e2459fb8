//! The architecture of a system, told by its programs.

use bstr::{BString, ByteSlice};

use super::tree::Tree;
use crate::in_process::file_architecture;

/// Programs that every Unix has at least one of.
const PROGRAMS: [&str; 5] = ["/bin/bash", "/bin/ls", "/bin/echo", "/bin/rm", "/bin/sh"];

/// The architecture of the first of [`PROGRAMS`] that tells one.
pub fn of_programs(tree: &Tree) -> Option<BString> {
    PROGRAMS.iter().filter(|path| tree.leads_to_file(path)).find_map(|path| {
        let program = tree.found(tree.locate(path))?;
        // A script, or a program for a machine that has no name here: another may tell more.
        file_architecture::of_file(&program, path.as_bytes().as_bstr()).ok().map(BString::from)
    })
}

//! Release files: which distribution a system is, and which version of it.

mod assignments;
mod os_release;
mod version;

use super::facts::Facts;
use super::tree::Tree;

/// Reads the release files of a Linux.
pub fn linux(tree: &Tree, facts: &mut Facts) {
    if tree.leads_to_file("/etc/os-release") {
        os_release::read(tree, "/etc/os-release", facts);
    }
}

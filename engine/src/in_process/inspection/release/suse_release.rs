//! SuSE-release: the product in its first line, `VERSION = 11` in the second, and for enterprise products
//! `PATCHLEVEL = 4`, the service pack, in the third.

use super::version::{self, number};
use crate::in_process::inspection::distro::Distro;
use crate::in_process::inspection::facts::{Facts, Version};
use crate::in_process::inspection::tree::Tree;

/// How the enterprise products' names begin. They come first: "SUSE LINUX " begins both kinds.
const ENTERPRISE: [&[u8]; 3] = [b"SUSE Linux Enterprise ", b"SUSE LINUX Enterprise ", b"Novell Linux Desktop "];
/// How the others' names begin.
const COMMUNITY: [&[u8]; 3] = [b"openSUSE ", b"SuSE Linux ", b"SUSE LINUX "];

/// Reads a SuSE-release file. Whether there is anything in it.
pub fn read(tree: &Tree, path: &str, facts: &mut Facts) -> bool {
    let lines = tree.lines(path).unwrap_or_default();
    let Some(product) = lines.first() else { return false };
    let value = |line: usize, name: &[u8]| number(lines.get(line)?.strip_prefix(name)?).map(|(number, _)| number);
    if ENTERPRISE.iter().any(|name| product.starts_with(name)) {
        facts.distro = Some(Distro::Sles);
        let minor = value(2, b"PATCHLEVEL = ").unwrap_or(0);
        facts.version = value(1, b"VERSION = ").map(|major| Version { major, minor });
    } else if COMMUNITY.iter().any(|name| product.starts_with(name)) {
        facts.distro = Some(Distro::OpenSuse);
        facts.version = lines.get(1).and_then(|line| version::anywhere(line)).or(facts.version);
    }
    facts.product_name = Some(product.clone());
    true
}

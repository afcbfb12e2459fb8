//! os-release(5), which every distribution with systemd has, and many others.

use bstr::{BStr, ByteSlice};

use super::assignments::{assignments, unquote};
use super::version;
use crate::in_process::inspection::distro::Distro;
use crate::in_process::inspection::facts::{Facts, Version};
use crate::in_process::inspection::tree::Tree;

/// Reads an os-release file. Whether it told all: the distribution, its name and its full version.
pub fn read(tree: &Tree, path: &str, facts: &mut Facts) -> bool {
    let Some(text) = tree.read(path) else { return false };
    for (name, value) in assignments(&text) {
        let value = unquote(value);
        match name.as_bytes() {
            b"ID" => facts.distro = Distro::from_os_release_id(value.as_ref()).or(facts.distro),
            b"PRETTY_NAME" => facts.product_name = Some(value),
            b"VERSION_ID" => facts.version = version_id(value.as_ref()).or(facts.version),
            b"BUILD_ID" => facts.build_id = Some(value),
            _ => {}
        }
    }
    let (Some(distro), Some(_)) = (facts.distro, &facts.product_name) else { return false };
    match (distro, facts.version) {
        // Their VERSION_ID is the major version alone: another file has the minor.
        (Distro::Debian | Distro::CentOs | Distro::Circle | Distro::Rocky, Some(Version { minor: 0, .. })) => false,
        (_, Some(_)) => true,
        (distro, None) if distro.is_rolling() => {
            facts.version = Some(Version::default());
            true
        }
        (_, None) => false,
    }
}

/// `VERSION_ID`. NeoKylin's is of its own form: `V7Update6`.
fn version_id(value: &BStr) -> Option<Version> {
    let neokylin = || {
        let (major, rest) = version::number(value.strip_prefix(b"V")?)?;
        let (minor, rest) = version::number(rest.strip_prefix(b"Update")?)?;
        rest.is_empty().then_some(Version { major, minor })
    };
    neokylin().or_else(|| version::anywhere(value))
}

//! lsb-release, of the Linux Standard Base.

use bstr::ByteSlice;

use super::assignments::{assignments, strip_quotes};
use super::version;
use crate::in_process::inspection::distro::Distro;
use crate::in_process::inspection::facts::Facts;
use crate::in_process::inspection::tree::Tree;

/// Reads an lsb-release file. Whether it names the distribution or the product: some only say which version of the
/// standard they meet.
pub fn read(tree: &Tree, path: &str, facts: &mut Facts) -> bool {
    let Some(text) = tree.read(path) else { return false };
    let mut told = false;
    for (name, value) in assignments(&text) {
        let value = strip_quotes(value);
        match name.as_bytes() {
            b"DISTRIB_ID" => {
                let distro = Distro::from_lsb_id(value);
                told |= distro.is_some();
                facts.distro = distro.or(facts.distro);
            }
            b"DISTRIB_RELEASE" => facts.version = version::anywhere(value).or(facts.version),
            b"DISTRIB_DESCRIPTION" => {
                told = true;
                facts.product_name = Some(value.to_owned());
            }
            _ => {}
        }
    }
    told
}

//! Where systems keep their host's name.

use bstr::{BString, ByteSlice};

use super::release::{assignments, unquote};
use super::tree::Tree;

/// Debian's and systemd's place, and that of SUSE and old Debians; then Red Hat's before systemd.
pub fn linux(tree: &Tree) -> Option<BString> {
    let in_a_file = || ["/etc/HOSTNAME", "/etc/hostname"].iter().find_map(|path| file(tree, path));
    in_a_file().or_else(|| sysconfig(tree))
}

/// A file that holds nothing but the name, and perhaps comments (hostname(5)).
pub fn file(tree: &Tree, path: &str) -> Option<BString> {
    if !tree.leads_to_file(path) {
        return None;
    }
    tree.lines(path)?.into_iter().find(|line| !line.is_empty() && !line.starts_with(b"#"))
}

fn sysconfig(tree: &Tree) -> Option<BString> {
    assigned(tree, "/etc/sysconfig/network", "HOSTNAME")
}

/// FreeBSD's and NetBSD's place.
pub fn rc_conf(tree: &Tree) -> Option<BString> {
    assigned(tree, "/etc/rc.conf", "hostname")
}

/// The value of a shell variable in a file of such.
fn assigned(tree: &Tree, path: &str, name: &str) -> Option<BString> {
    if !tree.leads_to_file(path) {
        return None;
    }
    let text = tree.read(path)?;
    let value =
        assignments(&text).find(|(known, _)| *known == name).map(|(_, value)| unquote(value.trim().as_bstr()))?;
    (!value.is_empty()).then_some(value)
}

//! crypttab(5): the names that encrypted devices have once they are open.

use bstr::{BString, ByteSlice};

use super::LARGEST;
use crate::in_process::inspection::tree::Tree;

/// The encrypted device, as the guest names it, that is `/dev/mapper/NAME` once it is open.
pub fn device(tree: &Tree, name: &[u8]) -> Option<BString> {
    if !tree.leads_to_file("/etc/crypttab") {
        return None;
    }
    find(&tree.read_at_most("/etc/crypttab", LARGEST)?, name)
}

/// The second field of the first line whose first is `name`.
fn find(table: &[u8], name: &[u8]) -> Option<BString> {
    table.lines().find_map(|line| {
        let mut fields = line.fields();
        let known = fields.next().filter(|known| !known.starts_with(b"#"))?;
        fields.next().filter(|_| known == name).map(BString::from)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_by_name() {
        let table = b"# <target name> <source device> <key file> <options>\n\n\
            cr_root UUID=5a17b0f5-0000-4000-8000-000000000107 none luks,discard\n\
            \tcr_home   /dev/sda3\n#cr_old /dev/sda4\n# cr_older /dev/sda5\nonly_one\ncr_home /dev/sda6\n";
        let rows = [
            ("cr_root", Some("UUID=5a17b0f5-0000-4000-8000-000000000107")),
            ("cr_home", Some("/dev/sda3")),
            ("cr_old", None),
            ("#cr_old", None),
            ("cr_older", None),
            ("only_one", None),
            ("cr", None),
            ("", None),
        ];
        for (name, device) in rows {
            assert_eq!(find(table, name.as_bytes()), device.map(BString::from), "{name}");
        }
    }
}

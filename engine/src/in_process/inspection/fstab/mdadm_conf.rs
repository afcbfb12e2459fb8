//! mdadm.conf(5): the names that software RAIDs have in the guest.

use bstr::{BStr, BString, ByteSlice};

use super::LARGEST;
use crate::in_process::inspection::tree::Tree;

/// Where Fedora and Debian have it.
const PATHS: [&str; 2] = ["/etc/mdadm.conf", "/etc/mdadm/mdadm.conf"];

/// The UUID of the array that the guest calls `name`, a path in `/dev`: its hex digits, without what separates them.
pub fn uuid(tree: &Tree, name: &BStr) -> Option<BString> {
    let files = PATHS.iter().filter(|path| tree.leads_to_file(path));
    files.filter_map(|path| find(&tree.read_at_most(path, LARGEST)?, name)).next()
}

/// The hex digits of a UUID, in small letters: mdadm separates them by colons, blkid by hyphens.
pub fn digits(uuid: &[u8]) -> BString {
    uuid.iter().filter(|byte| byte.is_ascii_hexdigit()).map(u8::to_ascii_lowercase).collect::<Vec<_>>().into()
}

/// The tag `UUID` of the first `ARRAY` of this name that has one.
fn find(text: &[u8], name: &BStr) -> Option<BString> {
    entries(text).iter().find_map(|words| {
        let [keyword, array, tags @ ..] = &words[..] else { return None };
        if !is_keyword(keyword, b"array") || path(array) != name {
            return None;
        }
        tags.iter().find_map(|tag| {
            let (key, value) = tag.split_once_str("=")?;
            key.eq_ignore_ascii_case(b"uuid").then(|| digits(value))
        })
    })
}

/// The words of each entry: a line that begins with a space continues the one before, `#` begins a comment.
fn entries(text: &[u8]) -> Vec<Vec<&[u8]>> {
    let mut entries: Vec<Vec<&[u8]>> = Vec::new();
    for line in text.lines() {
        let words = line.fields().take_while(|word| !word.starts_with(b"#")).map(unquote);
        match entries.last_mut().filter(|_| line.starts_with(b" ") || line.starts_with(b"\t")) {
            Some(entry) => entry.extend(words),
            None => entries.push(words.collect()),
        }
    }
    entries
}

fn unquote(word: &[u8]) -> &[u8] {
    let quoted = |mark: &[u8]| word.strip_prefix(mark)?.strip_suffix(mark);
    quoted(b"\"").or_else(|| quoted(b"'")).unwrap_or(word)
}

/// Keywords may be cut to three letters, in capitals or not.
fn is_keyword(word: &[u8], keyword: &[u8]) -> bool {
    word.len() >= 3 && keyword.get(..word.len()).is_some_and(|begin| word.eq_ignore_ascii_case(begin))
}

/// A name without a directory is one in `/dev/md`.
fn path(array: &[u8]) -> BString {
    let directory: &[u8] = if array.starts_with(b"/") { b"" } else { b"/dev/md/" };
    [directory, array].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_by_name() {
        let text = b"# mdadm.conf\nMAILADDR root\nDEVICE partitions\n\
            ARRAY /dev/md0 level=raid1 num-devices=2\n\
            ARRAY /dev/md0 UUID=3aaa0122:29827cfa:5331ad66:ca767371\n\
            array /dev/md/boot metadata=1.0 # UUID=1:2\n\t \"uuid=A4F63BFF-9C0D0F3A-8B8EB9F4-EE6C6B6D\" name=host:boot\n\
            ARR home name=host:home UUID=00000000:00000000:00000000:00000001\n\
            ARRAY <ignore> UUID=00000000:00000000:00000000:00000002\nARRAY\nar /dev/md9 UUID=1:2:3:4\n";
        let rows = [
            ("/dev/md0", Some("3aaa012229827cfa5331ad66ca767371")),
            ("/dev/md/boot", Some("a4f63bff9c0d0f3a8b8eb9f4ee6c6b6d")),
            ("/dev/md/home", Some("00000000000000000000000000000001")),
            ("/dev/md1", None),
            ("/dev/md9", None),
            ("", None),
        ];
        for (name, uuid) in rows {
            assert_eq!(find(text, name.into()), uuid.map(BString::from), "{name}");
        }
    }
}

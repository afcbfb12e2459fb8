//! What the programs of btrfs-progs print.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::structs::{BtrfsBalance, BtrfsQgroup, BtrfsScrub, BtrfsSubvolume};
use glassbox_io::{Errno, Error, Result};

fn unreadable(what: &str, line: &[u8]) -> Error {
    Error::os_with(Errno(0), format!("btrfs {what}: unexpected line: {}", line.as_bstr()))
}

fn number(word: &[u8]) -> Option<u64> {
    word.to_str().ok()?.parse().ok()
}

/// `ID 256 gen 16 top level 5 path sub`, a line for each subvolume.
pub fn subvolumes(printed: &[u8]) -> Result<Vec<BtrfsSubvolume>> {
    let subvolume = |line: &[u8]| {
        let (facts, path) = line.split_once_str(" path ")?;
        let after = |name: &str| number(facts.split_once_str(name)?.1.split_str(" ").next()?);
        Some(BtrfsSubvolume {
            btrfssubvolume_id: after("ID ")?,
            btrfssubvolume_top_level_id: after("top level ")?,
            btrfssubvolume_path: path.into(),
        })
    };
    printed.lines().map(|line| subvolume(line).ok_or_else(|| unreadable("subvolume list", line))).collect()
}

/// `ID 5 (FS_TREE)`
pub fn default_subvolume(printed: &BStr) -> Result<i64> {
    let id = printed.split_str(" ").nth(1).and_then(number).and_then(|id| i64::try_from(id).ok());
    id.ok_or_else(|| unreadable("subvolume get-default", printed))
}

/// The path, then a line with a colon for each fact, `-` for none. Snapshots come last, on lines of their own.
pub fn subvolume_facts(printed: &[u8]) -> Vec<(BString, BString)> {
    let mut lines = printed.lines();
    let mut facts = vec![("path".into(), lines.next().unwrap_or_default().trim().into())];
    let mut snapshots: Vec<BString> = Vec::new();
    for line in lines {
        match line.split_once_str(":") {
            Some((name, value)) if snapshots.is_empty() && !line.starts_with(b"\t\t") => {
                let value = value.trim();
                let value = if value == b"-" { b"" } else { value };
                facts.push((name.trim().into(), value.into()));
            }
            _ => snapshots.push(line.trim().into()),
        }
    }
    if let Some((_, value)) = facts.last_mut().filter(|(name, _)| name == "Snapshot(s)") {
        *value = bstr::join(",", snapshots).into();
    }
    facts
}

/// Under a heading and a line of hyphens: `0/5 16384 16384`, and in later versions what else is known.
pub fn quota_groups(printed: &[u8]) -> Result<Vec<BtrfsQgroup>> {
    let lines = printed.lines().filter(|line| line.first().is_some_and(u8::is_ascii_digit));
    let group = |line: &[u8]| {
        let mut words = line.fields();
        Some(BtrfsQgroup {
            btrfsqgroup_id: words.next()?.into(),
            btrfsqgroup_rfer: number(words.next()?)?,
            btrfsqgroup_excl: number(words.next()?)?,
        })
    };
    lines.map(|line| group(line).ok_or_else(|| unreadable("qgroup show", line))).collect()
}

/// `path /dev/sda1` ends each line about a device.
pub fn devices(printed: &[u8]) -> Vec<BString> {
    printed.lines().filter_map(|line| Some(line.trim().split_once_str(" path ")?.1.into())).collect()
}

/// Counters by name, a line each.
pub fn scrub(printed: &[u8]) -> BtrfsScrub {
    let counter = |name: &str| {
        let line = printed.lines().find_map(|line| line.trim().strip_prefix(name.as_bytes())?.strip_prefix(b":"));
        line.and_then(|value| number(value.trim())).unwrap_or(0)
    };
    BtrfsScrub {
        btrfsscrub_data_extents_scrubbed: counter("data_extents_scrubbed"),
        btrfsscrub_tree_extents_scrubbed: counter("tree_extents_scrubbed"),
        btrfsscrub_data_bytes_scrubbed: counter("data_bytes_scrubbed"),
        btrfsscrub_tree_bytes_scrubbed: counter("tree_bytes_scrubbed"),
        btrfsscrub_read_errors: counter("read_errors"),
        btrfsscrub_csum_errors: counter("csum_errors"),
        btrfsscrub_verify_errors: counter("verify_errors"),
        btrfsscrub_no_csum: counter("no_csum"),
        btrfsscrub_csum_discards: counter("csum_discards"),
        btrfsscrub_super_errors: counter("super_errors"),
        btrfsscrub_malloc_errors: counter("malloc_errors"),
        btrfsscrub_uncorrectable_errors: counter("uncorrectable_errors"),
        btrfsscrub_unverified_errors: counter("unverified_errors"),
        btrfsscrub_corrected_errors: counter("corrected_errors"),
        btrfsscrub_last_physical: counter("last_physical"),
    }
}

/// `Balance on '/' is running`, then `1 out of about 5 chunks balanced (2 considered),  80% left`.
pub fn balance(printed: &[u8]) -> Result<BtrfsBalance> {
    let mut lines = printed.lines();
    let first = lines.next().unwrap_or_default();
    let status = match first.split_once_str("' is ") {
        None if first.starts_with(b"No balance found") => "none",
        Some((_, state)) if state.starts_with(b"running") => "running",
        Some((_, state)) if state.starts_with(b"paused") => "paused",
        _ => return Err(unreadable("balance status", first)),
    };
    let rest = lines.next().unwrap_or_default();
    let mut numbers = rest.split(|byte| !byte.is_ascii_digit()).filter_map(number);
    let mut next = || numbers.next().unwrap_or(0);
    let (balanced, total, considered, left) = (next(), next(), next(), next());
    Ok(BtrfsBalance {
        btrfsbalance_status: status.into(),
        btrfsbalance_total: total,
        btrfsbalance_balanced: balanced,
        btrfsbalance_considered: considered,
        btrfsbalance_left: left,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subvolumes_are_read() {
        let list = subvolumes(b"ID 256 gen 16 top level 5 path sub\nID 257 gen 15 top level 256 path sub/with path \n");
        let list = list.unwrap();
        assert_eq!((list[0].btrfssubvolume_id, list[1].btrfssubvolume_top_level_id), (256, 256));
        assert_eq!(list[1].btrfssubvolume_path, "sub/with path ");
        assert!(subvolumes(b"else\n").is_err());
        assert_eq!(default_subvolume("ID 5 (FS_TREE)".into()).unwrap(), 5);
        let facts = subvolume_facts(
            b"sub\n\tName: \t\t\tsub\n\tParent UUID: \t\t-\n\tSnapshot(s):\n\t\t\t\tsnap\n\t\t\t\ta:b\n",
        );
        let expected = [("path", "sub"), ("Name", "sub"), ("Parent UUID", ""), ("Snapshot(s)", "snap,a:b")];
        assert_eq!(facts, expected.map(|(name, value)| (name.into(), value.into())));
    }

    #[test]
    fn groups_devices_and_counters_are_read() {
        let groups = quota_groups(b"Qgroupid Referenced\n-------- ---\n0/5  16384  8192   <toplevel>\n").unwrap();
        assert_eq!((groups[0].btrfsqgroup_id.as_bstr(), groups[0].btrfsqgroup_excl), ("0/5".into(), 8192));
        let shown = b"Label: none\n\tTotal devices 1\n\tdevid    1 size 200.00MiB used 187.00MiB path /dev/sda3\n";
        assert_eq!(devices(shown), ["/dev/sda3"]);
        let found = scrub(b"Status: finished\n\ttree_extents_scrubbed: 24\n\tlast_physical: 72744960\n");
        assert_eq!((found.btrfsscrub_tree_extents_scrubbed, found.btrfsscrub_last_physical), (24, 72_744_960));
        let paused = b"Balance on '/' is paused\n1 out of about 5 chunks balanced (2 considered),  80% left\n";
        let paused = balance(paused).unwrap();
        assert_eq!((paused.btrfsbalance_status.as_bstr(), paused.btrfsbalance_total), ("paused".into(), 5));
        assert_eq!((paused.btrfsbalance_considered, paused.btrfsbalance_left), (2, 80));
        assert_eq!(balance(b"No balance found on '/'\n").unwrap().btrfsbalance_status, "none");
    }
}

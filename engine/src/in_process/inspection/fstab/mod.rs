//! What a guest mounts where, by its fstab, in the names that devices have here.

mod crypttab;
mod device;
mod mdadm_conf;
mod table;

use bstr::{BStr, BString, ByteSlice};

use super::Guest;
use super::facts::{FstabEntry, OsType};
use table::Line;

/// The largest fstab that is read, in bytes: as libguestfs's limit for configuration files.
const LARGEST: u64 = 100_000;
/// Filesystems of one guest. No system mounts as many at its start; each may cost a search through all devices.
const MOST_ENTRIES: usize = 1000;

/// The filesystems in `/etc/fstab` that are found here, the last line first: libguestfs answers in this order.
pub fn read(guest: &Guest<'_>, os_type: OsType) -> Vec<FstabEntry> {
    let tree = &guest.tree;
    if !tree.leads_to_file("/etc/fstab") {
        return Vec::new();
    }
    let text = tree.read_at_most("/etc/fstab", LARGEST).unwrap_or_default();
    let mut entries = Vec::new();
    for line in table::lines(&text) {
        match line {
            Ok(line) if entries.len() < MOST_ENTRIES => entries.extend(entry(guest, os_type, &line)),
            Ok(_) => {
                tree.problem(format!("/etc/fstab: more than {MOST_ENTRIES} filesystems; the rest is passed over"));
                break;
            }
            Err(number) => tree.problem(format!("/etc/fstab:{number}: not a line of fstab(5)")),
        }
    }
    entries.reverse();
    one_root(guest, entries)
}

fn entry(guest: &Guest<'_>, os_type: OsType, line: &Line) -> Option<FstabEntry> {
    if is_removable(line.spec.as_ref()) {
        return None;
    }
    let mountpoint = canonical(line.file.as_ref());
    if is_passed_over(mountpoint.as_ref()) {
        return None;
    }
    let device = match os_type.is_bsd() && mountpoint == "/" {
        // A BSD's name for its root means a slice and a label. The root is where this file was found.
        true => guest.mountable.to_owned(),
        false => device::find(guest, os_type, line.spec.as_ref())?,
    };
    let subvolume = line.option("subvol").filter(|_| line.vfstype == "btrfs");
    let mountable = match subvolume {
        Some(subvolume) => format!("btrfsvol:{device}/{subvolume}").into(),
        None => device,
    };
    Some(FstabEntry { mountable, mountpoint })
}

/// Floppies and CD-ROMs: none is in the drive.
fn is_removable(spec: &BStr) -> bool {
    let numbered = |prefix: &str| {
        spec.strip_prefix(prefix.as_bytes()).is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit))
    };
    numbered("/dev/fd")
        || numbered("/dev/cd")
        || spec == "/dev/floppy"
        || spec == "/dev/cdrom"
        || spec.starts_with(b"/dev/iso9660/")
}

/// Where a running system has no filesystem of a disk, or one that comes and goes.
fn is_passed_over(mountpoint: &BStr) -> bool {
    const PSEUDO: [&[u8]; 4] = [b"/dev", b"/proc", b"/selinux", b"/sys"];
    let below = |directory: &[u8]| mountpoint.strip_prefix(directory).is_some_and(|rest| rest.starts_with(b"/"));
    PSEUDO.iter().any(|directory| mountpoint == *directory || below(directory)) || below(b"/media")
}

/// A path with single slashes, and none at its end.
fn canonical(path: &BStr) -> BString {
    let mut canonical = BString::default();
    for name in path.split_str("/").filter(|name| !name.is_empty()) {
        if path.starts_with(b"/") || !canonical.is_empty() {
            canonical.push(b'/');
        }
        canonical.extend_from_slice(name);
    }
    if canonical.is_empty() && path.starts_with(b"/") { "/".into() } else { canonical }
}

/// Some tables have several lines for the root. One must be taken, or nobody could mount it: that of the filesystem where
/// the table is.
fn one_root(guest: &Guest<'_>, mut entries: Vec<FstabEntry>) -> Vec<FstabEntry> {
    let is_root = |entry: &FstabEntry| entry.mountpoint == "/";
    if entries.iter().filter(|entry| is_root(entry)).count() < 2 {
        return entries;
    }
    let here = entries.iter().position(|entry| is_root(entry) && entry.mountable == guest.mountable);
    let Some(taken) = here.or_else(|| entries.iter().position(is_root)) else { return entries };
    let taken = entries.remove(taken);
    if entries.iter().any(|entry| is_root(entry) && *entry != taken) {
        guest.tree.problem(format!("/etc/fstab: several root filesystems; {} is taken", taken.mountable));
    }
    entries.retain(|entry| !is_root(entry));
    entries.push(taken);
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_canonical() {
        let canonical = |path: &str| canonical(path.into()).to_string();
        assert_eq!(canonical("///usr//local//"), "/usr/local");
        assert_eq!(canonical("//"), "/");
        assert_eq!(canonical("none"), "none");
        assert_eq!(canonical("a//b/"), "a/b");
    }

    #[test]
    fn what_is_no_filesystem_of_a_disk() {
        for spec in ["/dev/fd0", "/dev/cd0c", "/dev/floppy", "/dev/cdrom", "/dev/iso9660/FREEBSD_INSTALL"] {
            assert!(is_removable(spec.into()), "{spec}");
        }
        assert!(!is_removable("/dev/fdisk".into()));
        for path in ["/proc", "/sys/kernel", "/dev/shm", "/media/usb"] {
            assert!(is_passed_over(path.into()), "{path}");
        }
        for path in ["/", "/media", "/process", "swap"] {
            assert!(!is_passed_over(path.into()), "{path}");
        }
    }
}

//! What calls read of guests: one programme of calls (`glassbox_tests::programme`), answered by the parsers.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use glassbox_tests::fixture;
use glassbox_tests::programme::{Disks, Programme, same_answers};

/// The disks of the fixture, as the programme names them.
const DISKS: [&str; 8] =
    ["guest.raw", "guest.qcow2", "mbr.raw", "lvm-a.raw", "lvm-b.raw", "tiny.raw", "tiny.qcow2", "empty.raw"];

/// The appliance's own disk is one of 4 GiB; where the guest has one disk, that must be the first.
const FIRST: &str = "test `blockdev --getsize64 /dev/sda` != 4294967296";

/// No call of these parts may start an appliance.
const BACKEND: &str = "inprocess";

/// The fixture's disks, which are linked to.
struct Guests {
    folder: PathBuf,
    /// A disk that is really another one.
    swapped: Option<(&'static str, &'static str)>,
    /// Whether the programme adds one disk alone.
    one: bool,
}

impl Guests {
    fn new(one: bool) -> Self {
        Guests { folder: fixture("guests"), swapped: None, one }
    }
}

impl Disks for Guests {
    fn names(&self) -> Vec<&str> {
        DISKS.to_vec()
    }

    fn prepare(&self, _folder: &Path, files: &Path) {
        for name in DISKS {
            let target = self.swapped.filter(|(disk, _)| *disk == name).map_or(name, |(_, other)| other);
            symlink(self.folder.join(target), files.join(name)).expect("a scratch folder takes links");
        }
    }

    fn kept(&self) -> PathBuf {
        self.folder.clone()
    }

    fn are_in_order(&self) -> Option<String> {
        self.one.then(|| FIRST.to_owned())
    }
}

#[test]
fn config() {
    let guests = Guests::new(false);
    // The configuration is that of the oracle, or `get-backend` tells.
    same_answers("config", &Programme::new("config", &["config"]), &guests, &guests, "direct");
}

#[test]
fn gpt() {
    let guest = Guests::new(true);
    same_answers("gpt", &Programme::new("gpt", &["gpt"]), &guest, &guest, BACKEND);
}

/// The answers don't depend on the format of the disk.
#[test]
fn gpt_in_qcow2() {
    let guest = Guests::new(true);
    let packed = Guests { swapped: Some(("guest.raw", "guest.qcow2")), ..Guests::new(true) };
    same_answers("gpt_in_qcow2", &Programme::new("gpt", &["gpt"]), &guest, &packed, BACKEND);
}

#[test]
fn mbr() {
    let guest = Guests::new(true);
    same_answers("mbr", &Programme::new("mbr", &["mbr"]), &guest, &guest, BACKEND);
}

#[test]
fn lvm() {
    let guests = Guests::new(false);
    same_answers("lvm", &Programme::new("lvm", &["lvm"]), &guests, &guests, BACKEND);
}

#[test]
fn many() {
    let guests = Guests::new(false);
    same_answers("many", &Programme::new("many", &["many"]), &guests, &guests, BACKEND);
}

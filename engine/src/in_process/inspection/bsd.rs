//! FreeBSD, NetBSD and OpenBSD.

use bstr::BString;

use super::distro::Distro;
use super::facts::{Facts, OsType};
use super::linux::all_directories;
use super::tree::Tree;
use super::{Guest, architecture, fstab, hostname, release};

/// One of them.
struct Bsd {
    os_type: OsType,
    distro: Distro,
    /// Files by which it is known.
    marks: &'static [&'static str],
    /// The file whose first line says the version. The system writes it at each boot, into the message of the day where
    /// there is no file for it.
    release: &'static str,
    hostname: fn(&Tree) -> Option<BString>,
}

static ALL: [Bsd; 3] = [
    Bsd {
        os_type: OsType::FreeBsd,
        distro: Distro::FreeBsd,
        marks: &["/etc/freebsd-update.conf", "/etc/fstab"],
        release: "/etc/motd",
        hostname: hostname::rc_conf,
    },
    Bsd {
        os_type: OsType::NetBsd,
        distro: Distro::NetBsd,
        marks: &["/netbsd", "/etc/fstab", "/etc/release"],
        release: "/etc/release",
        hostname: hostname::rc_conf,
    },
    Bsd {
        os_type: OsType::OpenBsd,
        distro: Distro::OpenBsd,
        marks: &["/bsd", "/etc/fstab", "/etc/motd"],
        release: "/etc/motd",
        hostname: |tree| hostname::file(tree, "/etc/myname"),
    },
];

/// What the BSD whose root this filesystem is tells; `None` if it isn't one.
pub fn root(guest: &Guest<'_>) -> Option<Facts> {
    let tree = &guest.tree;
    if !all_directories(tree, &["/etc", "/bin"]) {
        return None;
    }
    let bsd = ALL.iter().find(|bsd| bsd.marks.iter().all(|mark| tree.is_file(mark)))?;
    let mut facts = Facts { distro: Some(bsd.distro), ..Facts::of(bsd.os_type) };
    if tree.leads_to_file(bsd.release) {
        release::line(tree, bsd.release, bsd.distro, &mut facts);
    }
    facts.arch = architecture::of_programs(tree);
    facts.fstab = fstab::read(guest, bsd.os_type);
    facts.hostname = (bsd.hostname)(tree);
    Some(facts)
}

//! Filesystems that belong to one system, joined: what the parts tell goes to the root.

use bstr::{BStr, ByteSlice};

use super::distro::Distro;
use super::facts::{Facts, Inspected, Role};
use crate::device_name::DiskName;

/// Joins them. Says what can't be told.
pub fn join(mut all: Vec<Inspected>, warn: impl Fn(&str)) -> Vec<Inspected> {
    join_coreos(&mut all, warn);
    drop_bsd_shadows(&mut all);
    join_usr(&mut all);
    all
}

fn root_of(found: &Inspected) -> Option<&Facts> {
    match &found.role {
        Role::Root(facts) => Some(facts),
        _ => None,
    }
}

fn is_coreos(facts: &Facts) -> bool {
    facts.distro == Some(Distro::CoreOs)
}

/// CoreOS has two `/usr` filesystems. Which one it starts from, only the boot loader knows; an update makes it the newer.
fn join_coreos(all: &mut Vec<Inspected>, warn: impl Fn(&str)) {
    let is_usr = |found: &Inspected| matches!(&found.role, Role::Usr(facts) if is_coreos(facts));
    let roots = all.iter().filter(|found| root_of(found).is_some_and(is_coreos)).count();
    if roots > 1 {
        warn("several CoreOS root filesystems: which /usr belongs to which can't be told");
    }
    if roots != 1 {
        return;
    }
    let newest = all.iter().filter(|found| is_usr(found)).filter_map(|found| match &found.role {
        Role::Usr(facts) => Some(facts.clone()),
        _ => None,
    });
    let Some(newest) = newest.max_by_key(|facts| facts.version) else { return };
    all.retain(|found| !is_usr(found));
    for found in all {
        if let Role::Root(facts) = &mut found.role
            && is_coreos(facts)
        {
            facts.complete_from(&newest);
        }
    }
}

/// A BSD's slice begins where its root partition does, so the same filesystem is seen on both: on `/dev/sda1` and, by the
/// disk label, on `/dev/sda5`. The slice is the shadow.
fn drop_bsd_shadows(all: &mut Vec<Inspected>) {
    let bsd = |found: &Inspected| root_of(found).and_then(|facts| facts.os_type).filter(|kind| kind.is_bsd());
    let Some(shadow) = all.iter().position(|found| bsd(found).is_some() && is_primary(found.mountable.as_bstr()))
    else {
        return;
    };
    let kind = all.get(shadow).and_then(bsd);
    if all.iter().enumerate().any(|(index, found)| index != shadow && bsd(found) == kind) {
        all.remove(shadow);
    }
}

/// Whether a device is one of the four partitions of an MBR itself.
fn is_primary(device: &BStr) -> bool {
    DiskName::parse(device).and_then(|name| name.partition).is_some_and(|number| number <= 4)
}

/// A Linux with a `/usr` of its own: that one has the release file and the programs. Its fstab says which it is.
fn join_usr(all: &mut [Inspected]) {
    let usrs: Vec<Inspected> = all.iter().filter(|found| matches!(found.role, Role::Usr(_))).cloned().collect();
    for found in all {
        let Role::Root(facts) = &mut found.role else { continue };
        if is_coreos(facts) {
            continue;
        }
        let mounts = |usr: &&Inspected| facts.fstab.iter().any(|entry| entry.mountable == usr.mountable);
        if let Some(Role::Usr(usr)) = usrs.iter().find(mounts).map(|usr| &usr.role) {
            facts.complete_from(usr);
        }
    }
}

//! The devices that a guest's names mean here.
//!
//! Disks are taken to be in the guest's order. A name that means nothing here is given as it stands, as libguestfs gives
//! it: the caller sees what the guest wanted.

use bstr::{BStr, BString, ByteSlice};
use glassbox_partitions::lvm;

use super::{crypttab, mdadm_conf};
use crate::device_name::DiskName;
use crate::in_process::InProcess;
use crate::in_process::inspection::Guest;
use crate::in_process::inspection::facts::OsType;
use crate::in_process::inspection::release::unquote;

/// The device that `spec` names. `None` if it is no device's name (`tmpfs`, `server:/export`), or a tag that no
/// filesystem has.
pub fn find(guest: &Guest<'_>, os_type: OsType, spec: &BStr) -> Option<BString> {
    opened(guest, os_type, spec).or_else(|| array(guest, spec)).or_else(|| named(guest, os_type, spec))
}

/// The array that mdadm.conf names so. It is found by its UUID: what a kernel calls an array differs from boot to boot.
fn array(guest: &Guest<'_>, spec: &BStr) -> Option<BString> {
    if !spec.starts_with(b"/dev/md") {
        return None;
    }
    let uuid = mdadm_conf::uuid(&guest.tree, spec)?;
    let is_member = |member: &BString| {
        let signature = guest.disks.signature(member.as_ref()).ok().flatten();
        signature.is_some_and(|found| mdadm_conf::digits(found.uuid.as_ref()) == uuid)
    };
    let found = guest.disks.disks.arrays().find(|array| array.members.iter().any(is_member))?;
    Some(found.name.clone())
}

/// What an encrypted device of crypttab holds. libguestfs's programs call it by the UUID of its LUKS header when they open
/// it, whatever the guest calls it. `None` while it isn't open.
fn opened(guest: &Guest<'_>, os_type: OsType, spec: &BStr) -> Option<BString> {
    let name = spec.strip_prefix(b"/dev/mapper/")?;
    let encrypted = named(guest, os_type, crypttab::device(&guest.tree, name)?.as_ref())?;
    let signature = guest.disks.signature(encrypted.as_ref()).ok()??;
    let device = (signature.kind == "crypto_LUKS").then(|| format!("/dev/mapper/luks-{}", signature.uuid))?;
    guest.disks.device(device.as_str().into()).ok().map(|device| device.name)
}

/// The device that one of the names that a kernel or udev gives means.
fn named(guest: &Guest<'_>, os_type: OsType, spec: &BStr) -> Option<BString> {
    if let Some((tag, value)) = spec.split_once_str("=")
        && let Some(by) = Tag::of(tag)
    {
        return by.device(guest.disks, unquote(value.as_bstr()).as_ref());
    }
    if spec == "/dev/root" {
        return Some(guest.mountable.to_owned());
    }
    if spec.starts_with(b"/dev/") {
        return Some(by_name(guest.disks, os_type, spec).unwrap_or_else(|| spec.to_owned()));
    }
    let partition = disklabel_partition(spec)?;
    // Which disk has this label isn't read; there is but one, mostly.
    let name = format!("/dev/sd0{partition}");
    Some(by_name(guest.disks, os_type, name.as_str().into()).unwrap_or_else(|| name.into()))
}

/// What a filesystem, or its partition, can be known by.
#[derive(Clone, Copy)]
enum Tag {
    Uuid,
    Label,
    PartUuid,
    PartLabel,
}

impl Tag {
    fn of(name: &[u8]) -> Option<Tag> {
        Some(match name {
            b"UUID" => Tag::Uuid,
            b"LABEL" => Tag::Label,
            b"PARTUUID" => Tag::PartUuid,
            b"PARTLABEL" => Tag::PartLabel,
            _ => return None,
        })
    }

    fn device(self, disks: &InProcess, value: &BStr) -> Option<BString> {
        let found = match self {
            Tag::Uuid => disks.device_by_uuid(value),
            Tag::Label => disks.device_by_label(value),
            Tag::PartUuid => disks.device_by_partuuid(value),
            Tag::PartLabel => disks.device_by_partlabel(value),
        };
        found.ok()
    }
}

/// OpenBSD's `DUID.x`: sixteen hex digits that name a disk label, and the letter of a partition in it.
fn disklabel_partition(spec: &BStr) -> Option<char> {
    let (duid, rest) = spec.split_at_checked(16)?;
    let is_hex = duid.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let letter = *rest.strip_prefix(b".")?.first()?;
    (is_hex && letter.is_ascii_lowercase()).then_some(letter.into())
}

/// The device that a name in the guest's `/dev` means.
fn by_name(disks: &InProcess, os_type: OsType, name: &BStr) -> Option<BString> {
    if let Some(link) = name.strip_prefix(b"/dev/disk/") {
        return by_link(disks, link.as_bstr());
    }
    if let Some(found) = DiskName::parse(name) {
        return partition(disks, found.disk, found.partition?);
    }
    match os_type {
        OsType::FreeBsd => freebsd(name),
        OsType::NetBsd => labelled(name, &[b"/dev/ld", b"/dev/sd", b"/dev/wd"], b"cd"),
        OsType::OpenBsd => labelled(name, &[b"/dev/sd", b"/dev/wd"], b"c"),
        OsType::Hurd => hurd(disks, name),
        _ => disks.device(name).ok().map(|device| device.name),
    }
}

/// The partition of this number, where there are as many disks. It need not be there itself.
fn partition(disks: &InProcess, disk: usize, number: u32) -> Option<BString> {
    (disk < disks.disks.all().len()).then(|| DiskName { disk, partition: Some(number) }.into())
}

/// udev's links in `/dev/disk`: `by-uuid/…`, `by-id/ata-…-part1`.
fn by_link(disks: &InProcess, link: &BStr) -> Option<BString> {
    let (by, value) = link.split_once_str("/")?;
    let tagged = |tag: Tag| tag.device(disks, unescape(value).as_ref());
    match by {
        b"by-uuid" => tagged(Tag::Uuid),
        b"by-label" => tagged(Tag::Label),
        b"by-partuuid" => tagged(Tag::PartUuid),
        b"by-partlabel" => tagged(Tag::PartLabel),
        b"by-id" | b"by-path" => {
            volume_of_uuids(disks, value).or_else(|| partition_of_the_only_disk(disks, value.as_bstr()))
        }
        _ => None,
    }
}

/// `…-part1`. What the disk was attached to is lost with the machine: only one disk can't be mistaken for another.
fn partition_of_the_only_disk(disks: &InProcess, value: &BStr) -> Option<BString> {
    let number = value.rsplit_once_str("-part")?.1.to_str().ok()?.parse().ok()?;
    let [_] = disks.disks.all() else { return None };
    partition(disks, 0, number)
}

/// `dm-uuid-LVM-` and the UUIDs of the group and of the volume, without their dashes.
fn volume_of_uuids(disks: &InProcess, value: &[u8]) -> Option<BString> {
    let (group_uuid, volume_uuid) = value.strip_prefix(b"dm-uuid-LVM-")?.split_at_checked(32)?;
    let mut volumes = disks.disks.active_volumes().ok()?;
    let (group, volume) = volumes.find(|(group, volume)| {
        group.uuid.compact().as_bytes() == group_uuid && volume.uuid.compact().as_bytes() == volume_uuid
    })?;
    Some(lvm::device_path(group, volume))
}

/// udev writes what may not stand in a name of its links as `\x20`.
fn unescape(name: &[u8]) -> BString {
    let mut pieces = name.split_str("\\x");
    let mut plain: Vec<u8> = pieces.next().unwrap_or_default().to_vec();
    for piece in pieces {
        let digits = piece.get(..2).and_then(|digits| digits.to_str().ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                plain.extend_from_slice(&piece[2..]);
            }
            None => {
                plain.extend_from_slice(b"\\x");
                plain.extend_from_slice(piece);
            }
        }
    }
    plain.into()
}

/// Linux shows the partitions of a BSD's disk label behind those of the MBR.
const FIRST_OF_LABEL: u32 = 5;

/// The name of a BSD's partition, whether there are as many disks or not: the BSD's own name would tell less.
fn bsd_partition(disk: usize, number: u32) -> Option<BString> {
    // As many as there are letters; libguestfs knows no more of a BSD's.
    (disk < 26).then(|| DiskName { disk, partition: Some(number) }.into())
}

/// `/dev/ada0p2` in a GPT, `/dev/ada0s1a` in the label of the first slice; `ad` for older, `vtbd` for virtio, `da` for
/// SCSI disks.
fn freebsd(name: &BStr) -> Option<BString> {
    let rest = [&b"/dev/ada"[..], b"/dev/ad", b"/dev/vtbd", b"/dev/da"]
        .iter()
        .find_map(|driver| name.strip_prefix(*driver).filter(|rest| rest.first().is_some_and(u8::is_ascii_digit)))?;
    if let Some((disk, number)) = rest.split_once_str("p") {
        return bsd_partition(decimal(disk)?, decimal(number)?);
    }
    let (disk, slice_and_letter) = rest.split_once_str("s")?;
    let letter = slice_and_letter.strip_prefix(b"1")?;
    letter_partition(decimal(disk)?, letter, b"c")
}

/// `/dev/wd0e`: a disk's number and the letter of a partition in its label. `whole` are the letters that mean more than a
/// partition and that Linux passes over.
fn labelled(name: &BStr, drivers: &[&[u8]], whole: &[u8]) -> Option<BString> {
    let rest = drivers.iter().find_map(|driver| name.strip_prefix(*driver))?;
    let (disk, letter) = rest.split_at_checked(1)?;
    letter_partition(decimal(disk)?, letter, whole)
}

fn letter_partition(disk: usize, letter: &[u8], whole: &[u8]) -> Option<BString> {
    let [letter @ b'a'..=b'z'] = letter else { return None };
    if whole.contains(letter) {
        return None;
    }
    let passed_over = whole.iter().filter(|other| *other < letter).count() as u32;
    bsd_partition(disk, FIRST_OF_LABEL + u32::from(letter - b'a') - passed_over)
}

/// `/dev/hd0s1`: both counted, the disk from 0 and the partition from 1.
fn hurd(disks: &InProcess, name: &BStr) -> Option<BString> {
    let (disk, number) = name.strip_prefix(b"/dev/hd")?.split_once_str("s")?;
    partition(disks, decimal(disk)?, decimal(number)?)
}

fn decimal<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    digits.to_str().ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

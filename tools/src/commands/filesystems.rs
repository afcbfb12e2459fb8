//! `glassbox filesystems`: what is in an image, as virt-filesystems lists it.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use bstr::{BString, ByteSlice};
use glassbox_api::{Blockdev, Drives, FilesRead, FilesystemDetect, Lvm, Mounting, Partitions};
use glassbox_engine::Handle;
use glassbox_io::Result as IoResult;
use serde::Serialize;

use super::{
    COMMON_HELP, Common, Failure, GUEST_HELP, Opened, common, common_options, finish, need_images, print, text,
};
use crate::disks::Disks;
use crate::options::UsageError;
use crate::{json, table};

const SHORT: [char; 2] = ['h', 'l'];
const LONG: [&str; 24] = [
    "all",
    "blkdevs",
    "block-devices",
    "csv",
    "extra",
    "filesystems",
    "human-readable",
    "json",
    "logical-volumes",
    "logvols",
    "long",
    "lvs",
    "no-title",
    "partitions",
    "parts",
    "physical-volumes",
    "physvols",
    "pvs",
    "short",
    "uuid",
    "uuids",
    "vgs",
    "volgroups",
    "volume-groups",
];

/// What to list and how.
#[derive(Debug, Default)]
struct Choice {
    filesystems: bool,
    extra: bool,
    partitions: bool,
    devices: bool,
    logical_volumes: bool,
    physical_volumes: bool,
    volume_groups: bool,
    long: bool,
    short: bool,
    uuid: bool,
    human: bool,
    csv: bool,
    json: bool,
    no_title: bool,
}

/// A thing that is listed. What doesn't apply to it is `None`.
#[derive(Debug, Default, Serialize)]
struct Item {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    vfs: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// The type of a partition in an MBR.
    #[serde(skip_serializing_if = "Option::is_none")]
    mbr: Option<String>,
    /// Bytes.
    size: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parents: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<String>,
}

/// Runs the command.
pub fn main(program: &str, arguments: Vec<OsString>) -> ExitCode {
    finish(program, run(program, arguments))
}

fn run(program: &str, arguments: Vec<OsString>) -> Result<(), Failure> {
    let mut options = common_options(arguments, &SHORT, &LONG);
    let mut disks = Disks::default();
    let mut choice = Choice::default();
    while let Some(arg) = common(&mut disks, &mut options, &|| usage(program))? {
        match arg {
            Common::Taken => {}
            Common::Print(text) => return print(&text),
            Common::Word(image) => disks.add(std::os::unix::ffi::OsStringExt::from_vec(image.into()))?,
            Common::Own(letter, name) => choice.accept(letter, name)?,
        }
    }
    need_images(&disks)?;
    if choice.human && choice.csv {
        return Err(UsageError::new("you cannot use -h and --csv options together.").into());
    }
    choice.default_to(!program.ends_with("virt-filesystems"));

    let mut opened = Opened::new(program, &disks)?;
    let items = choice.collect(&mut opened.handle).map_err(opened.failed("list what is in it"))?;
    let mut out = BufWriter::new(io::stdout().lock());
    choice.write(&mut out, &items)?;
    Ok(out.flush()?)
}

impl Choice {
    fn accept(&mut self, letter: Option<char>, name: &str) -> Result<(), UsageError> {
        match (letter, name) {
            (Some('h'), _) | (_, "human-readable") => self.human = true,
            (Some('l'), _) | (_, "long") => self.long = true,
            (_, "all") => {
                self.filesystems = true;
                self.extra = true;
                self.partitions = true;
                self.devices = true;
                self.logical_volumes = true;
                self.physical_volumes = true;
                self.volume_groups = true;
            }
            (_, "blkdevs" | "block-devices") => self.devices = true,
            (_, "csv") => self.csv = true,
            (_, "extra") => {
                self.filesystems = true;
                self.extra = true;
            }
            (_, "filesystems") => self.filesystems = true,
            (_, "json") => self.json = true,
            (_, "logical-volumes" | "logvols" | "lvs") => self.logical_volumes = true,
            (_, "no-title") => self.no_title = true,
            (_, "partitions" | "parts") => self.partitions = true,
            (_, "physical-volumes" | "physvols" | "pvs") => self.physical_volumes = true,
            (_, "short") => self.short = true,
            (_, "uuid" | "uuids") => self.uuid = true,
            (_, "volgroups" | "volume-groups" | "vgs") => self.volume_groups = true,
            (_, other) => return Err(UsageError::new(format!("--{other} means nothing here"))),
        }
        Ok(())
    }

    /// What is listed if nothing was chosen: filesystems. Started under our own name, with everything about them.
    fn default_to(&mut self, table: bool) {
        let chosen = self.filesystems
            || self.partitions
            || self.devices
            || self.logical_volumes
            || self.physical_volumes
            || self.volume_groups;
        if table && !chosen && !self.long && !self.short && !self.csv {
            self.long = true;
            self.uuid = true;
            self.extra = true;
            self.human = !self.json;
        }
        self.filesystems |= !chosen;
        self.long &= !self.short;
    }

    fn collect(&self, handle: &mut Handle) -> IoResult<Vec<Item>> {
        let mut items = Vec::new();
        // Details cost reading; names alone don't need them.
        let detailed = self.long || self.csv || self.json || self.uuid;
        if self.filesystems {
            for (device, kind) in handle.list_filesystems()? {
                if self.extra || !matches!(kind.as_slice(), b"swap" | b"unknown") {
                    items.push(filesystem(handle, device, kind, detailed)?);
                }
            }
        }
        if self.logical_volumes {
            for volume in handle.lvs()? {
                items.push(logical_volume(handle, volume)?);
            }
        }
        if self.volume_groups {
            volume_groups(handle, &mut items)?;
        }
        if self.physical_volumes {
            for volume in handle.pvs_full()? {
                items.push(Item {
                    name: canonical(handle, &volume.pv_name)?,
                    kind: "pv",
                    size: volume.pv_size,
                    uuid: Some(dashed(&volume.pv_uuid)),
                    ..Item::default()
                });
            }
        }
        if self.partitions {
            for partition in handle.list_partitions()? {
                items.push(self::partition(handle, partition)?);
            }
        }
        if self.devices {
            for device in handle.list_devices()? {
                let size = size_of(handle, &device)?;
                items.push(Item { name: canonical(handle, &device)?, kind: "device", size, ..Item::default() });
            }
        }
        Ok(items)
    }

    fn write(&self, out: &mut dyn Write, items: &[Item]) -> io::Result<()> {
        if self.json {
            return json::list(out, items);
        }
        let mut columns: Vec<Column> = vec![("Name", |item, _| item.name.clone())];
        if self.long {
            columns.push(("Type", |item, _| item.kind.to_owned()));
            if self.filesystems {
                columns.push(("VFS", |item, _| or_dash(item.vfs.as_deref())));
                columns.push(("Label", |item, _| or_dash(item.label.as_deref())));
            }
            if self.partitions {
                columns.push(("MBR", |item, _| or_dash(item.mbr.as_deref())));
            }
            columns.push(("Size", |item, human| match human {
                true => table::human(item.size),
                false => item.size.to_string(),
            }));
            columns.push(("Parent", |item, _| or_dash(Some(&item.parents.join(",")))));
        }
        if self.uuid {
            columns.push(("UUID", |item, _| or_dash(item.uuid.as_deref())));
        }
        let title = columns.iter().map(|(title, _)| BString::from(*title)).collect();
        let mut rows: Vec<Vec<BString>> = if self.long && !self.no_title { vec![title] } else { Vec::new() };
        rows.extend(items.iter().map(|item| columns.iter().map(|(_, cell)| cell(item, self.human).into()).collect()));
        match self.csv {
            true => rows.iter().try_for_each(|row| table::csv(out, row)),
            false => table::aligned(out, &rows),
        }
    }
}

/// A column's title and what it shows of an item; sizes for people if the flag is set.
type Column = (&'static str, fn(&Item, bool) -> String);

fn or_dash(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty()).unwrap_or("-").to_owned()
}

fn filesystem(handle: &mut Handle, device: BString, kind: BString, detailed: bool) -> IoResult<Item> {
    let mut item = Item { name: canonical(handle, &device)?, kind: "filesystem", ..Item::default() };
    if !detailed {
        return Ok(item);
    }
    item.vfs = Some(text(kind.as_bstr()));
    // Not every type has a label or a UUID.
    item.label = handle.vfs_label(device.as_bstr()).ok().map(|label| text(label.as_bstr()));
    item.uuid = handle.vfs_uuid(device.as_bstr()).ok().map(|uuid| text(uuid.as_bstr()));
    // A btrfs subvolume is written btrfsvol:/dev/device/subvolume.
    if let Some(path) = device.strip_prefix(b"btrfsvol:") {
        let end = path.match_indices_of_slashes().nth(2).unwrap_or(path.len());
        item.parents = vec![text(path[..end].as_bstr())];
    }
    item.size = match size_mounted(handle, &device) {
        Some(size) => size,
        None => size_of(handle, &device).unwrap_or(0),
    };
    Ok(item)
}

/// What the filesystem itself says, if it can be mounted.
fn size_mounted(handle: &mut Handle, device: &BString) -> Option<u64> {
    handle.mount_ro(device.as_bstr(), "/".into()).ok()?;
    let stat = handle.statvfs("/".into());
    handle.umount_all().ok()?;
    let stat = stat.ok()?;
    u64::try_from(stat.blocks.checked_mul(stat.bsize)?).ok()
}

fn size_of(handle: &mut Handle, device: &BString) -> IoResult<u64> {
    Ok(u64::try_from(handle.blockdev_getsize64(device.as_bstr())?).unwrap_or(0))
}

fn logical_volume(handle: &mut Handle, volume: BString) -> IoResult<Item> {
    let group = volume.rfind_byte(b'/').map(|slash| text(volume[..slash].as_bstr()));
    Ok(Item {
        name: text(volume.as_bstr()),
        kind: "lv",
        size: size_of(handle, &volume)?,
        parents: group.into_iter().collect(),
        uuid: Some(text(handle.lvuuid(volume.as_bstr())?.as_bstr())),
        ..Item::default()
    })
}

fn volume_groups(handle: &mut Handle, items: &mut Vec<Item>) -> IoResult<()> {
    let volumes = handle.pvs_full()?;
    for group in handle.vgs_full()? {
        let members = handle.vgpvuuids(group.vg_name.as_bstr())?;
        let mut parents = Vec::new();
        for volume in volumes.iter().filter(|volume| members.iter().any(|uuid| *uuid == dashed(&volume.pv_uuid))) {
            parents.push(canonical(handle, &volume.pv_name)?);
        }
        items.push(Item {
            name: format!("/dev/{}", group.vg_name),
            kind: "vg",
            size: group.vg_size,
            parents,
            uuid: Some(dashed(&group.vg_uuid)),
            ..Item::default()
        });
    }
    Ok(())
}

fn partition(handle: &mut Handle, partition: BString) -> IoResult<Item> {
    let device = handle.part_to_dev(partition.as_bstr())?;
    let mbr = match handle.part_get_parttype(device.as_bstr()) {
        Ok(kind) if kind == "msdos" => {
            let number = handle.part_to_partnum(partition.as_bstr())?;
            handle.part_get_mbr_id(device.as_bstr(), number).ok().map(|id| format!("{id:02x}"))
        }
        _ => None,
    };
    Ok(Item {
        name: canonical(handle, &partition)?,
        kind: "partition",
        mbr,
        size: size_of(handle, &partition)?,
        parents: vec![canonical(handle, &device)?],
        ..Item::default()
    })
}

fn canonical(handle: &mut Handle, device: &BString) -> IoResult<String> {
    match device.starts_with(b"/dev/") {
        true => Ok(text(handle.canonical_device_name(device.as_bstr())?.as_bstr())),
        false => Ok(text(device.as_bstr())),
    }
}

/// An LVM UUID with the dashes that LVM shows.
fn dashed(uuid: &[u8; 32]) -> String {
    const GROUPS: [usize; 7] = [6, 4, 4, 4, 4, 4, 6];
    let mut letters = uuid.iter().map(|letter| char::from(*letter));
    let groups: Vec<String> = GROUPS.iter().map(|length| letters.by_ref().take(*length).collect()).collect();
    groups.join("-")
}

/// Where the slashes in a path are.
trait Slashes {
    fn match_indices_of_slashes(&self) -> impl Iterator<Item = usize>;
}

impl Slashes for [u8] {
    fn match_indices_of_slashes(&self) -> impl Iterator<Item = usize> {
        self.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(index, _)| index)
    }
}

fn usage(program: &str) -> String {
    format!(
        "\
Lists filesystems, partitions, volumes and disks in images, as virt-filesystems does.

Usage: {program} [OPTIONS] IMAGE…

What is listed (filesystems, if nothing is said):
      --filesystems        Filesystems that can be mounted
      --extra              Swap and what isn't known as well
      --partitions         Partitions
      --block-devices      Disks
      --logical-volumes, --lvs
      --volume-groups, --vgs
      --physical-volumes, --pvs
                           Of LVM2
      --all                All of these

How it is shown (as a table about filesystems, if nothing is said):
  -l, --long               As a table
      --short              Names only
      --uuid               With UUIDs
  -h, --human-readable     Sizes with units
      --no-title           Without the table's first line
      --csv                As comma-separated values
      --json               As JSON, with sizes in bytes

Disks:
{GUEST_HELP}{COMMON_HELP}
Examples:
  {program} disk.img
  {program} --all --long --uuid -h -a first.qcow2 -a second.qcow2
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_of_lvm() {
        assert_eq!(dashed(b"ddS1VwyCaroPWa4i8QQWxvc1rC2qALME"), "ddS1Vw-yCar-oPWa-4i8Q-QWxv-c1rC-2qALME");
    }

    #[test]
    fn the_columns_follow_what_is_listed() {
        let item = Item {
            name: "/dev/sda1".into(),
            kind: "partition",
            mbr: Some("83".into()),
            size: 20_971_520,
            parents: vec!["/dev/sda".into()],
            ..Item::default()
        };
        let shown = |choice: Choice| {
            let mut out = Vec::new();
            choice.write(&mut out, std::slice::from_ref(&item)).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown(Choice { partitions: true, ..Choice::default() }), "/dev/sda1\n");
        assert_eq!(
            shown(Choice { partitions: true, long: true, human: true, ..Choice::default() }),
            "Name       Type       MBR  Size  Parent\n/dev/sda1  partition  83   20M   /dev/sda\n"
        );
        assert_eq!(
            shown(Choice { partitions: true, long: true, csv: true, uuid: true, ..Choice::default() }),
            "Name,Type,MBR,Size,Parent,UUID\n/dev/sda1,partition,83,20971520,/dev/sda,-\n"
        );
    }

    #[test]
    fn our_own_name_shows_a_table() {
        let mut choice = Choice::default();
        choice.default_to(true);
        assert!(choice.filesystems && choice.long && choice.human && choice.extra);
        let mut choice = Choice::default();
        choice.default_to(false);
        assert!(choice.filesystems && !choice.long);
        let mut choice = Choice { partitions: true, ..Choice::default() };
        choice.default_to(true);
        assert!(!choice.filesystems && !choice.long);
    }
}

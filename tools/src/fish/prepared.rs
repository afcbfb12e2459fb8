//! `-N`: disks that are made, partitioned and formatted on the spot.

use std::fmt::Write;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::options::MkfsOpts;
use glassbox_api::{Blockdev, FilesystemCreateCheck, Partitions};
use glassbox_engine::Handle;
use glassbox_io::Error;

use crate::layout::{self, LvName};
use crate::number;
use crate::options::UsageError;

/// A name and a default.
type Parameter = (&'static str, &'static str);

const SIZE: Parameter = ("size", "1G");
const TABLE: Parameter = ("partition", "mbr");
const FILESYSTEM: Parameter = ("filesystem", "ext2");
const VOLUME: Parameter = ("name", "/dev/VG/LV");
const BOOT: Parameter = ("bootfs", "ext2");
const ROOT: Parameter = ("rootfs", "ext2");
const BOOT_SIZE: Parameter = ("bootsize", "128M");

/// What can be made.
#[derive(Debug)]
struct Kind {
    name: &'static str,
    what: &'static str,
    /// In the order in which they are given.
    parameters: &'static [Parameter],
    /// Makes it on the drive of this number, which is empty.
    make: fn(&Prepared, &mut Handle, usize) -> Result<(), Error>,
}

static KINDS: [Kind; 7] = [
    Kind { name: "disk", what: "a blank disk", parameters: &[SIZE], make: |_, _, _| Ok(()) },
    Kind {
        name: "part",
        what: "a disk with one partition",
        parameters: &[SIZE, TABLE],
        make: |new, handle, disk| new.partition(handle, disk).map(|_| ()),
    },
    Kind {
        name: "fs",
        what: "a disk with one filesystem",
        parameters: &[FILESYSTEM, SIZE, TABLE],
        make: |new, handle, disk| {
            let partition = new.partition(handle, disk)?;
            new.format(handle, "filesystem", partition.as_bstr())
        },
    },
    Kind {
        name: "lv",
        what: "a disk with a logical volume",
        parameters: &[VOLUME, SIZE, TABLE],
        make: |new, handle, disk| {
            let partition = new.partition(handle, disk)?;
            new.volume(handle, partition.as_bstr())
        },
    },
    Kind {
        name: "lvfs",
        what: "a disk with a filesystem on a logical volume",
        parameters: &[VOLUME, FILESYSTEM, SIZE, TABLE],
        make: |new, handle, disk| {
            let partition = new.partition(handle, disk)?;
            new.volume(handle, partition.as_bstr())?;
            new.format(handle, "filesystem", new.parameter("name"))
        },
    },
    Kind {
        name: "bootroot",
        what: "a disk with filesystems for boot and root",
        parameters: &[BOOT, ROOT, SIZE, BOOT_SIZE, TABLE],
        make: |new, handle, disk| {
            let [boot, root] = new.two_partitions(handle, disk)?;
            new.format(handle, "bootfs", boot.as_bstr())?;
            new.format(handle, "rootfs", root.as_bstr())
        },
    },
    Kind {
        name: "bootrootlv",
        what: "the same, with root on a logical volume",
        parameters: &[VOLUME, BOOT, ROOT, SIZE, BOOT_SIZE, TABLE],
        make: |new, handle, disk| {
            let [boot, root] = new.two_partitions(handle, disk)?;
            new.format(handle, "bootfs", boot.as_bstr())?;
            new.volume(handle, root.as_bstr())?;
            new.format(handle, "rootfs", new.parameter("name"))
        },
    },
];

/// Where the first partition of several begins, and how much is left free behind the last, in sectors: room for a GPT, as guestfish
/// leaves it.
const MARGIN: i64 = 64;

/// `-N help`.
pub fn list(program: &str) -> String {
    let mut text = String::from("Prepared disk images:\n");
    for Kind { name, what, parameters, .. } in &KINDS {
        let form: String = parameters.iter().map(|(name, _)| format!("[:{name}")).collect();
        let close = "]".repeat(parameters.len());
        let defaults: Vec<String> = parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let _ = write!(text, "\n{program} -N {name}{form}{close}\n  {what}\n  by default: {}\n", defaults.join(", "));
    }
    let _ = write!(text, "\nThe files are test1.img, test2.img …, or FILE with {program} -N FILE=TYPE.\n");
    text
}

/// A disk that is asked for.
#[derive(Debug)]
pub struct Prepared {
    /// The option's value, for messages.
    option: BString,
    /// The file's name.
    pub file: BString,
    /// Its size in bytes.
    pub size: u64,
    kind: &'static Kind,
    /// The parameters that were given.
    given: Vec<BString>,
}

impl Prepared {
    /// Reads `[FILE=]TYPE[:PARAMETER…]`. `number` is that of the option, from 1.
    pub fn parse(program: &str, option: &[u8], number: usize) -> Result<Self, UsageError> {
        let option = option.as_bstr();
        let (file, text) = match option.split_once_str("=") {
            Some((file, text)) => (file.into(), text),
            None => (format!("test{number}.img").into(), option.as_bytes()),
        };
        let mut words = text.split_str(":").map(BString::from);
        let name = words.next().unwrap_or_default();
        let known = KINDS.iter().find(|kind| name == kind.name);
        let Some(kind) = known else {
            return Err(UsageError::new(format!(
                "-N parameter ‘{option}’: no such prepared disk image known.\nUse '{program} -N help' to list possible \
                 values for the -N parameter."
            )));
        };
        let mut new = Prepared { option: option.into(), file, size: 0, kind, given: words.collect() };
        new.check()?;
        Ok(new)
    }

    /// Finds what is wrong before anything is written.
    fn check(&mut self) -> Result<(), UsageError> {
        let parameters = self.kind.parameters;
        let refused = |why: String| Err(UsageError::new(format!("-N parameter ‘{}’: {why}", self.option)));
        if self.file.is_empty() {
            return refused("the file has no name".into());
        }
        if self.given.len() > parameters.len() {
            return refused(format!("'{}' has only {} parameters", self.kind.name, parameters.len()));
        }
        for (name, _) in parameters {
            let value = self.parameter(name);
            let why = match *name {
                "size" | "bootsize" if number::parse_size(value).is_err() => format!("{value} is no size"),
                "name" if LvName::parse(value).is_none() => {
                    format!("{value} is not the name of a logical volume: /dev/VG/LV")
                }
                _ => continue,
            };
            return refused(why);
        }
        self.size = number::parse_size(self.parameter("size")).unwrap_or_default();
        Ok(())
    }

    /// The parameter's value, or its default. An empty one is none.
    fn parameter(&self, name: &str) -> &BStr {
        let known = self.kind.parameters.iter().enumerate().find(|(_, (parameter, _))| *parameter == name);
        let Some((place, (_, default))) = known else { return BStr::new("") };
        let given = self.given.get(place).filter(|value| !value.is_empty());
        given.map_or(BStr::new(default), |value| value.as_bstr())
    }

    /// Partitions and formats the drive of this number.
    pub fn make(&self, handle: &mut Handle, drive: usize) -> Result<(), Error> {
        (self.kind.make)(self, handle, drive)
    }

    fn partition(&self, handle: &mut Handle, disk: usize) -> Result<BString, Error> {
        layout::make_partition(handle, disk, self.parameter("partition"), None)
    }

    fn two_partitions(&self, handle: &mut Handle, disk: usize) -> Result<[BString; 2], Error> {
        let device = layout::disk(disk);
        let sector = i64::from(handle.blockdev_getss(device.as_bstr())?).max(1);
        let size = number::parse_size(self.parameter("bootsize")).ok().and_then(|size| i64::try_from(size).ok());
        let end = size.and_then(|size| (size / sector).checked_add(MARGIN));
        let end = end.ok_or_else(|| Error::usage("bootsize is too large"))?;
        handle.part_init(device.as_bstr(), self.parameter("partition"))?;
        handle.part_add(device.as_bstr(), "primary".into(), MARGIN, end - 1)?;
        handle.part_add(device.as_bstr(), "primary".into(), end, -MARGIN)?;
        Ok([layout::partition(disk, 1), layout::partition(disk, 2)])
    }

    fn format(&self, handle: &mut Handle, parameter: &str, device: &BStr) -> Result<(), Error> {
        handle.mkfs(self.parameter(parameter), device, MkfsOpts::default())
    }

    fn volume(&self, handle: &mut Handle, partition: &BStr) -> Result<(), Error> {
        let name = LvName::parse(self.parameter("name")).ok_or_else(|| Error::usage("no name of a logical volume"))?;
        name.create(handle, partition).map(|_| ())
    }
}

/// A prepared disk that couldn't be made, in guestfish's words.
pub fn failed(new: &Prepared) -> String {
    format!("error creating prepared disk image ‘{}’ on ‘{}’", new.option, new.file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(option: &str) -> Result<Prepared, String> {
        Prepared::parse("fish", option.as_bytes(), 2).map_err(|error| error.message)
    }

    #[test]
    fn parameters_and_their_defaults() {
        let new = parse("fs:ext4:32M").unwrap();
        assert_eq!((new.file.as_bstr(), new.size), ("test2.img".into(), 32 << 20));
        assert_eq!((new.parameter("filesystem"), new.parameter("partition")), ("ext4".into(), "mbr".into()));
        let new = parse("a.img=lvfs:/dev/A/B::2G").unwrap();
        assert_eq!((new.file.as_bstr(), new.size), ("a.img".into(), 2 << 30));
        assert_eq!((new.parameter("name"), new.parameter("filesystem")), ("/dev/A/B".into(), "ext2".into()));
        assert_eq!(parse("disk").unwrap().size, 1 << 30);
    }

    #[test]
    fn what_is_wrong_is_found_before_anything_is_made() {
        for (option, why) in [
            ("zz", "no such prepared disk"),
            ("", "no such prepared disk"),
            ("=disk", "no name"),
            ("disk:1G:mbr", "only 1 parameters"),
            ("part:x", "x is no size"),
            ("bootroot:ext2:ext2:1G:x", "x is no size"),
            ("lv:LV", "logical volume"),
        ] {
            assert!(parse(option).unwrap_err().contains(why), "{option}");
        }
    }

    #[test]
    fn the_list_names_everything() {
        let list = list("fish");
        assert!(KINDS.iter().all(|kind| list.contains(&format!("fish -N {}[", kind.name))), "{list}");
    }
}

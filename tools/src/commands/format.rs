//! `glassbox format`: disks erased and made blank, as virt-format makes them.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::ExitCode;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::options::MkfsOpts;
use glassbox_api::{Blockdev, FilesystemCreateCheck, Lvm};
use glassbox_engine::Handle;
use glassbox_io::{Error, ErrorKind};

use super::{COMMON_HELP, Failure, Line, Opened, finish, need_images, read_line};
use crate::layout::{self, LvName, MBR_LVM};
use crate::options::{Options, UsageError};

const SHORT: [char; 5] = ['a', 'v', 'V', 'x', '?'];
const LONG: [&str; 11] =
    ["add", "blocksize", "filesystem", "format", "help", "label", "lvm", "partition", "verbose", "version", "wipe"];

/// Partition tables that can be made (parted's labels, and libguestfs's names for them).
const TABLES: [&str; 13] =
    ["mbr", "msdos", "gpt", "efi", "aix", "amiga", "rdb", "bsd", "dvh", "mac", "pc98", "sun", "loop"];
/// The size from which on a disk gets a GPT: an MBR counts to 2³² sectors of 512 bytes.
const GPT_SIZE: i64 = 2 << 40;

/// What the disks are to be.
#[derive(Default)]
struct Format {
    table: Table,
    filesystem: Option<BString>,
    label: Option<BString>,
    volume: Option<LvName>,
    /// Overwrite everything with zeros.
    wipe: bool,
}

/// The partition table.
#[derive(Default, Debug, PartialEq)]
enum Table {
    /// MBR, or GPT where that can't reach the end.
    #[default]
    BySize,
    None,
    Named(BString),
}

/// Runs the command.
pub fn main(program: &str, arguments: Vec<OsString>) -> ExitCode {
    finish(program, run(program, arguments))
}

impl Format {
    fn accept(&mut self, name: &str, options: &mut Options) -> Result<bool, UsageError> {
        let named = |value: OsString| Some(BString::from(value.into_vec())).filter(|name| name != "none");
        match name {
            "filesystem" => self.filesystem = named(options.value()?),
            "label" => self.label = Some(options.value()?.into_vec().into()),
            "lvm" => {
                let name = options.optional_value().unwrap_or_else(|| "/dev/VG/LV".into());
                self.volume = match LvName::parse(name.as_bytes()) {
                    None if name != "none" => {
                        return Err(UsageError::new(format!("cannot parse --lvm option ({})", name.display())));
                    }
                    volume => volume,
                };
            }
            "partition" => {
                self.table = match options.optional_value().map(named) {
                    None => Table::BySize,
                    Some(None) => Table::None,
                    Some(Some(table)) if TABLES.iter().any(|known| table == *known) => Table::Named(table),
                    Some(Some(table)) => {
                        let known = TABLES.join(", ");
                        return Err(UsageError::new(format!(
                            "--partition={table}: no such table; there are none, {known}"
                        )));
                    }
                }
            }
            "wipe" => self.wipe = true,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Finds what can't be done before anything is erased.
    fn check(&self, line: &Line) -> Result<(), UsageError> {
        if let Some(word) = line.words.first() {
            return Err(UsageError::see_help(format!(
                "extra argument ‘{word}’: disks are named with -a, and values of --lvm and --partition follow a ="
            )));
        }
        if line.disks.count() == 0 {
            return Err(UsageError::see_help("you must specify at least one -a option"));
        }
        match self.volume {
            Some(_) if line.disks.count() > 1 => {
                Err(UsageError::new("--lvm: two disks can't have volumes of the same name; format one at a time"))
            }
            _ => need_images(&line.disks),
        }
    }
}

fn run(program: &str, arguments: Vec<OsString>) -> Result<(), Failure> {
    let mut format = Format::default();
    let own = &mut |_, name: &str, options: &mut Options| format.accept(name, options);
    let options = Options::new(arguments, &SHORT, &LONG);
    let Some(mut line) = read_line(options, &|| usage(program), own)? else { return Ok(()) };
    format.check(&line)?;
    line.disks.discard();
    let mut opened = Opened::writable(program, &line.disks)?;
    let failed = opened.failed("format");
    let disks = 0..line.disks.count();
    format.erase(&mut opened.handle, disks.clone()).map_err(&failed)?;
    for disk in disks {
        format.make(&mut opened.handle, disk).map_err(&failed)?;
    }
    opened.close()
}

impl Format {
    fn erase(&self, handle: &mut Handle, mut disks: std::ops::Range<usize>) -> Result<(), Error> {
        // Volumes in use would keep the kernel from reading the new partition tables.
        if !handle.vgs()?.is_empty() {
            handle.vg_activate_all(false)?;
        }
        disks.try_for_each(|disk| {
            let disk = layout::disk(disk);
            let disk = disk.as_bstr();
            if self.wipe {
                handle.zero_device(disk)?;
            } else {
                match handle.wipefs(disk) {
                    // What tells of filesystems is mostly at the beginning.
                    Err(error) if error.kind() == ErrorKind::Unsupported => {}
                    wiped => wiped?,
                }
                handle.zero(disk)?;
            }
            // Gives space back, where the disk can.
            let _ = handle.blkdiscard(disk);
            handle.blockdev_rereadpt(disk)
        })?;
        handle.lvm_scan(true)
    }

    fn make(&self, handle: &mut Handle, disk: usize) -> Result<(), Error> {
        let mut device = layout::disk(disk);
        let table: Option<&BStr> = match &self.table {
            Table::None => None,
            Table::Named(table) => Some(table.as_bstr()),
            Table::BySize if handle.blockdev_getsize64(device.as_bstr())? < GPT_SIZE => Some("mbr".into()),
            Table::BySize => Some("gpt".into()),
        };
        if let Some(table) = table {
            let mbr_type = match (&self.volume, &self.filesystem) {
                (Some(_), _) => Some(MBR_LVM),
                (None, Some(filesystem)) => layout::mbr_type(filesystem.as_bstr()),
                (None, None) => None,
            };
            device = layout::make_partition(handle, disk, table, mbr_type)?;
        }
        if let Some(volume) = &self.volume {
            device = volume.create(handle, device.as_bstr())?;
        }
        match &self.filesystem {
            Some(filesystem) => {
                let label = self.label.as_ref().map(|label| label.as_bstr());
                handle.mkfs(filesystem.as_bstr(), device.as_bstr(), MkfsOpts { label, ..MkfsOpts::default() })
            }
            None => Ok(()),
        }
    }
}

fn usage(program: &str) -> String {
    format!(
        "\
Erases disks and makes them blank, as virt-format does.

ALL DATA ON THE DISKS IS LOST.

Usage: {program} [OPTIONS] -a IMAGE [-a IMAGE…]

      --partition[=TABLE]  One partition of the whole disk, in a table of this type: mbr, gpt …, none. Without value,
                           and by default: mbr, or gpt for 2 TB and more
      --filesystem=TYPE    A filesystem of this type: ext4, xfs, ntfs, vfat …, none (the default)
      --label=LABEL        The filesystem's label
      --lvm[=/dev/VG/LV]   A logical volume, /dev/VG/LV by default; the filesystem is made in it. none (the default)
      --wipe               Overwrite everything with zeros, instead of only what tells what was there
{COMMON_HELP}
Example:
  {program} -a disk.img --filesystem=ext4 --label=data
"
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::line;
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Format, String> {
        let mut format = Format::default();
        let options = Options::new(arguments.iter().map(OsString::from).collect(), &SHORT, &LONG);
        let own = &mut |_, name: &str, options: &mut Options| format.accept(name, options);
        let line = line(options, own)?;
        format.check(&line).map_err(|error| error.message)?;
        Ok(format)
    }

    #[test]
    fn what_is_asked_for() {
        let format = parse(&["-a", "/dev/null", "--lvm", "--filesystem=ext4", "--partition=gpt", "--wipe"]).unwrap();
        assert_eq!(format.volume, LvName::parse(b"/dev/VG/LV"));
        assert_eq!((format.filesystem, format.table), (Some("ext4".into()), Table::Named("gpt".into())));
        assert!(format.wipe);
        let format = parse(&["-a", "/dev/null", "--lvm=none", "--filesystem=none", "--partition=none"]).unwrap();
        assert_eq!((format.volume, format.filesystem, format.table), (None, None, Table::None));
    }

    #[test]
    fn what_is_refused() {
        for (arguments, why) in [
            (&["--lvm=zz", "-a", "/dev/null"][..], "cannot parse --lvm option (zz)"),
            (&["-a", "/dev/null", "--partition", "gpt"], "extra argument ‘gpt’"),
            (&["-a", "/dev/null", "--partition=zz"], "no such table"),
            (&["-a", "/dev/null", "-a", "/dev/zero", "--lvm"], "one at a time"),
            (&[], "at least one -a option"),
            (&["-m", "/dev/sda1"], "invalid option -- 'm'"),
        ] {
            let message = parse(arguments).err().unwrap();
            assert!(message.contains(why), "{arguments:?}: {message}");
        }
    }
}

//! `glassbox df`: how full the filesystems in images are, as virt-df shows it.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::structs::StatVfs;
use glassbox_api::{Drives, FilesRead, FilesystemDetect, Mounting};
use serde::Serialize;

use super::{
    COMMON_HELP, Common, Failure, GUEST_HELP, Opened, common, common_options, finish, need_images, print, tell, text,
};
use crate::disks::Disks;
use crate::options::UsageError;
use crate::{json, table};

const SHORT: [char; 3] = ['h', 'i', 'P'];
const LONG: [&str; 7] = ["csv", "human-readable", "inodes", "json", "one-per-guest", "separate", "uuid"];

#[derive(Debug, Default)]
struct Choice {
    human: bool,
    inodes: bool,
    csv: bool,
    json: bool,
    /// Guests of libvirt are called by their UUIDs.
    uuid: bool,
    /// Each image is a guest of its own.
    separate: bool,
}

/// A filesystem. Sizes are bytes.
#[derive(Debug, Serialize)]
struct Usage {
    #[serde(rename = "image")]
    guest: String,
    filesystem: String,
    size: i64,
    used: i64,
    available: i64,
    inodes: i64,
    inodes_used: i64,
    inodes_free: i64,
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
            // Words are guests of their own, -a adds a disk to one.
            Common::Word(image) => {
                choice.separate = true;
                disks.add(OsString::from_vec(image.into()))?;
            }
            Common::Own(Some('h'), _) | Common::Own(_, "human-readable") => choice.human = true,
            Common::Own(Some('i'), _) | Common::Own(_, "inodes") => choice.inodes = true,
            Common::Own(Some('P'), _) => {
                // How many guests to look at in parallel: one takes milliseconds.
                options.value()?;
            }
            Common::Own(_, "csv") => choice.csv = true,
            Common::Own(_, "json") => choice.json = true,
            Common::Own(_, "separate") => choice.separate = true,
            Common::Own(_, "uuid") => choice.uuid = true,
            Common::Own(..) => {}
        }
    }
    if disks.count() == 0 {
        let failed = |error| Failure::Message(format!("no image was named; for the guests of libvirt: {error}"));
        disks.add_domains().map_err(failed)?;
        choice.separate = true;
    } else {
        need_images(&disks)?;
    }
    if choice.human && choice.csv {
        return Err(UsageError::new("you cannot use -h and --csv options together.").into());
    }

    let guests: Vec<Disks> = match choice.separate {
        true => (0..disks.count()).map(|index| disks.only(index)).collect(),
        false => vec![disks],
    };
    let mut usages = Vec::new();
    let mut failed = false;
    for disks in &guests {
        match Opened::new(program, disks).and_then(|mut opened| measure(&mut opened, &choice.guest_name(disks))) {
            Ok(measured) => usages.extend(measured),
            Err(failure) => {
                tell(program, &failure);
                failed = true;
            }
        }
    }
    let mut out = BufWriter::new(io::stdout().lock());
    choice.write(&mut out, &usages)?;
    out.flush()?;
    if failed { Err(Failure::Told) } else { Ok(()) }
}

/// The name of a guest: that of its first disk, with a `+` if there are more.
fn guest_name(disks: &Disks) -> String {
    let first = disks.paths().next().unwrap_or(BStr::new(b""));
    let name = first.rsplit_str("/").next().unwrap_or(first);
    format!("{}{}", text(name.as_bstr()), if disks.count() > 1 { "+" } else { "" })
}

/// Mounts each filesystem in turn; those that can't be mounted are left out.
fn measure(opened: &mut Opened, guest: &str) -> Result<Vec<Usage>, Failure> {
    let filesystems = opened.handle.list_filesystems().map_err(opened.failed("list filesystems"))?;
    let mut usages = Vec::new();
    for (device, kind) in filesystems {
        if kind == "swap" || kind == "unknown" || opened.handle.mount_ro(device.as_bstr(), "/".into()).is_err() {
            continue;
        }
        let stat = opened.handle.statvfs("/".into()).map_err(opened.failed(format!("statvfs of {device}")))?;
        opened.handle.umount_all().map_err(opened.failed(format!("unmount {device}")))?;
        let device = opened.handle.canonical_device_name(device.as_bstr()).unwrap_or(device);
        usages.push(Usage::new(guest.to_owned(), text(device.as_bstr()), &stat));
    }
    Ok(usages)
}

impl Usage {
    fn new(guest: String, filesystem: String, stat: &StatVfs) -> Usage {
        let bytes = |blocks: i64| blocks.saturating_mul(stat.bsize);
        Usage {
            guest,
            filesystem,
            size: bytes(stat.blocks),
            used: bytes(stat.blocks.saturating_sub(stat.bfree)),
            available: bytes(stat.bavail),
            inodes: stat.files,
            inodes_used: stat.files.saturating_sub(stat.ffree),
            inodes_free: stat.ffree,
        }
    }
}

/// How much of what there is, is used, in percent.
fn percent(total: i64, used: i64) -> f64 {
    match total {
        0 => 0.0,
        _ => 100.0 * used as f64 / total as f64,
    }
}

impl Choice {
    fn guest_name(&self, disks: &Disks) -> String {
        match disks.uuid().filter(|_| self.uuid) {
            Some(uuid) => uuid.to_owned(),
            None => guest_name(disks),
        }
    }

    fn write(&self, out: &mut dyn Write, usages: &[Usage]) -> io::Result<()> {
        if self.json {
            return json::list(out, usages);
        }
        let titles = match (self.inodes, self.human) {
            (true, _) => ["Inodes", "IUsed", "IFree", "IUse%"],
            (false, true) => ["Size", "Used", "Available", "Use%"],
            (false, false) => ["1K-blocks", "Used", "Available", "Use%"],
        };
        if self.csv {
            let mut row: Vec<BString> = vec!["VirtualMachine".into(), "Filesystem".into()];
            row.extend(titles.map(BString::from));
            table::csv(out, &row)?;
        } else {
            let [total, used, free, percent] = titles;
            writeln!(out, "{:<35}{total:>11}{used:>11}{free:>11}{percent:>6}", "Filesystem")?;
        }
        usages.iter().try_for_each(|usage| self.write_row(out, usage))
    }

    fn write_row(&self, out: &mut dyn Write, usage: &Usage) -> io::Result<()> {
        let (total, used, free) = match self.inodes {
            true => (usage.inodes, usage.inodes_used, usage.inodes_free),
            false => (usage.size, usage.used, usage.available),
        };
        let number = |bytes: i64| match (self.inodes, self.human) {
            (true, _) => bytes.to_string(),
            (false, true) => table::human(u64::try_from(bytes).unwrap_or(0)),
            (false, false) => (bytes / 1024).to_string(),
        };
        let numbers = [number(total), number(used), number(free)];
        let percent = percent(total, used);
        if self.csv {
            let mut row: Vec<BString> = vec![usage.guest.as_str().into(), usage.filesystem.as_str().into()];
            row.extend(numbers.map(BString::from));
            row.push(format!("{percent:.1}").into());
            return table::csv(out, &row);
        }
        let name = format!("{}:{}", usage.guest, usage.filesystem);
        let [total, used, free] = numbers;
        if name.chars().count() > 35 {
            // A name that is too long has a line of its own.
            write!(out, "{name}\n{:35}", "")?;
        } else {
            write!(out, "{name:<35}")?;
        }
        writeln!(out, "{total:>11}{used:>11}{free:>11}{:>5}%", percent.ceil())
    }
}

fn usage(program: &str) -> String {
    format!(
        "\
Shows how full the filesystems in images are, as virt-df does.

Usage: {program} [OPTIONS] [IMAGE…]

Each IMAGE is a guest of its own; those given with -a are disks of one guest. Without any, shows the guests of libvirt.

  -h, --human-readable     Sizes with units
  -i, --inodes             Inodes instead of blocks
      --csv                As comma-separated values
      --json               As JSON, with sizes in bytes
      --separate           Those given with -a are guests of their own too
      --uuid               UUIDs instead of the names of libvirt's guests
      --one-per-guest, -P NUMBER
                           Accepted for compatibility
{GUEST_HELP}{COMMON_HELP}
Example:
  {program} -h /var/lib/images/*.qcow2
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Usage {
        Usage {
            guest: "lvm.img".into(),
            filesystem: "/dev/VG/LV1".into(),
            size: 14_073 * 1024,
            used: 17 * 1024,
            available: 12_910 * 1024,
            inodes: 4096,
            inodes_used: 15,
            inodes_free: 4081,
        }
    }

    fn shown(choice: Choice) -> String {
        let mut out = Vec::new();
        choice.write(&mut out, &[example()]).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns() {
        assert_eq!(
            shown(Choice { inodes: true, ..Choice::default() }),
            "Filesystem                              Inodes      IUsed      IFree IUse%\n\
             lvm.img:/dev/VG/LV1                       4096         15       4081    1%\n"
        );
        assert_eq!(
            shown(Choice { inodes: true, csv: true, ..Choice::default() }),
            "VirtualMachine,Filesystem,Inodes,IUsed,IFree,IUse%\nlvm.img,/dev/VG/LV1,4096,15,4081,0.4\n"
        );
    }
}

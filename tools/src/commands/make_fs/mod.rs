//! `glassbox make-fs`: a disk with a filesystem, made of a directory or a tar file, as virt-make-fs makes it.

mod input;
mod size;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::ExitCode;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::options::{AddDriveOpts, DiskCreateOpts, MkfsOpts, TarInOpts};
use glassbox_api::{Archive, Drives, FilesystemCreateCheck, HostImage, Launching, Mounting};
use glassbox_engine::Handle;
use glassbox_io::Error;

use super::{Failure, Line, Opened, finish, read_line};
use crate::layout;
use crate::options::{Options, UsageError};
use input::Input;
use size::Size;

const SHORT: [char; 7] = ['F', 's', 't', 'v', 'V', 'x', '?'];
const LONG: [&str; 10] =
    ["blocksize", "floppy", "format", "help", "label", "partition", "size", "type", "verbose", "version"];

/// The size of a floppy disk of 1440 K, in bytes.
const FLOPPY: u64 = 1440 << 10;

/// What the disk is to be.
struct Target {
    format: BString,
    filesystem: BString,
    label: Option<BString>,
    table: Option<BString>,
    size: Size,
    blocksize: Option<i32>,
}

impl Default for Target {
    fn default() -> Self {
        Target {
            format: "raw".into(),
            filesystem: "ext2".into(),
            label: None,
            table: None,
            size: Size::Fitting { extra: 0 },
            blocksize: None,
        }
    }
}

/// Runs the command.
pub fn main(program: &str, arguments: Vec<OsString>) -> ExitCode {
    finish(program, run(program, arguments))
}

fn run(program: &str, arguments: Vec<OsString>) -> Result<(), Failure> {
    let mut target = Target::default();
    let own = &mut |letter, name: &str, options: &mut Options| target.accept(letter, name, options);
    let options = Options::new(arguments, &SHORT, &LONG);
    let Some(Line { disks, words }) = read_line(options, &|| usage(program), own)? else { return Ok(()) };
    let [source, output] = words.as_slice() else {
        let message = match words.get(2) {
            None => "missing input and output arguments on the command line".into(),
            Some(extra) => format!("extra argument ‘{extra}’"),
        };
        return Err(UsageError::see_help(message).into());
    };
    let mut input = Input::open(OsStr::from_bytes(source)).map_err(Failure::Message)?;
    let contents = input.contents().map_err(|error| Failure::Message(format!("{source}: {error}")))?;
    let size = target.size.bytes(target.filesystem.as_bstr(), &contents, target.table.is_some());
    let size = size.ok_or_else(|| Failure::Message(format!("{source}: the disk would be too large")))?;
    let made = target.make(disks.handle(program, false), &mut input, output.as_bstr(), size);
    if made.is_err() {
        // A disk without all of its files is of no use to anybody.
        let _ = std::fs::remove_file(OsStr::from_bytes(output));
    }
    made
}

impl Target {
    fn accept(&mut self, letter: Option<char>, name: &str, options: &mut Options) -> Result<bool, UsageError> {
        match (letter, name) {
            (_, "blocksize") => {
                let value = options.text()?;
                let size = value.parse().map_err(|_| UsageError::new("--blocksize option is not numeric"))?;
                self.blocksize = Some(size);
            }
            (_, "floppy") => {
                self.size = Size::Fixed(FLOPPY);
                self.table = Some("mbr".into());
                self.filesystem = "vfat".into();
            }
            (Some('F'), _) | (_, "format") => self.format = options.value()?.into_vec().into(),
            (_, "label") => self.label = Some(options.value()?.into_vec().into()),
            (_, "partition") => {
                self.table = Some(options.optional_value().map_or("mbr".into(), |table| table.into_vec().into()));
            }
            (Some('s'), _) | (_, "size") => self.size = Size::parse(&options.text()?).map_err(UsageError::new)?,
            (Some('t'), _) | (_, "type") => self.filesystem = options.value()?.into_vec().into(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn make(&self, handle: Result<Handle, Error>, input: &mut Input, output: &BStr, size: u64) -> Result<(), Failure> {
        let mut handle = handle.map_err(|error| Failure::Message(error.to_string()))?;
        let launched = self.create(&mut handle, output, size);
        let opened = Opened::launched(launched.map(|()| handle), output.to_string(), false)?;
        let mut opened = opened.with_progress();
        let failed = opened.failed(format!("make a filesystem of {input}"));
        self.fill(&mut opened.handle, input).map_err(failed)?;
        opened.close()
    }

    fn create(&self, handle: &mut Handle, output: &BStr, size: u64) -> Result<(), Error> {
        let size = i64::try_from(size).map_err(|_| Error::usage("the disk would be too large"))?;
        handle.disk_create(output, self.format.as_bstr(), size, DiskCreateOpts::default())?;
        let format = Some(self.format.as_bstr());
        handle.add_drive(output, AddDriveOpts { format, blocksize: self.blocksize, ..AddDriveOpts::default() })?;
        handle.launch()
    }

    fn fill(&self, handle: &mut Handle, input: &mut Input) -> Result<(), Error> {
        let filesystem = self.filesystem.as_bstr();
        let device = match &self.table {
            Some(table) => layout::make_partition(handle, 0, table.as_bstr(), layout::mbr_type(filesystem))?,
            None => layout::disk(0),
        };
        let label = self.label.as_ref().map(|label| label.as_bstr());
        handle.mkfs(filesystem, device.as_bstr(), MkfsOpts { label, ..MkfsOpts::default() })?;
        // FAT's names are kept in UTF-16, which the kernel is to give and take as UTF-8.
        let options = if filesystem == "vfat" { "utf8" } else { "" };
        handle.mount_options(options.into(), device.as_bstr(), "/".into())?;
        let mut archive = input.archive()?;
        handle.tar_in(&mut archive, "/".into(), TarInOpts::default())
    }
}

fn usage(program: &str) -> String {
    format!(
        "\
Makes a disk image with a filesystem in it that holds what is in a directory or a tar file, as virt-make-fs does.

Usage: {program} [OPTIONS] DIRECTORY|TAR-FILE IMAGE

A tar file may be compressed. An image of that name is overwritten.

  -t, --type=TYPE          The filesystem: ext2 (the default), ext4, xfs, ntfs, vfat …
      --label=LABEL        Its label
  -s, --size=SIZE          The image's size, as 100M; what is needed and this much more, as +100M. By default what is
                           needed
  -F, --format=FORMAT      The image's format: raw (the default), qcow2
      --partition[=TABLE]  Put the filesystem into a partition, in a table of this type (mbr without value, gpt …)
      --floppy             The same as --size=1440K --partition=mbr --type=vfat
      --blocksize=512|4096 The image's sector size
  -v, --verbose            Show what is being done
  -x                       Show each call
      --help, -V, --version

Example:
  {program} --type=ext4 --size=+100M /home/user/data data.img
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Target, String> {
        let mut target = Target::default();
        let options = Options::new(arguments.iter().map(OsString::from).collect(), &SHORT, &LONG);
        let own = &mut |letter, name: &str, options: &mut Options| target.accept(letter, name, options);
        match read_line(options, &String::new, own) {
            Ok(_) => Ok(target),
            Err(Failure::Usage(error)) => Err(error.message),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn options() {
        let target = parse(&["--format", "qcow2", "-s", "+1M", "--type=ext4", "--partition", "in", "out"]).unwrap();
        assert_eq!(
            (target.format, target.filesystem, target.table),
            ("qcow2".into(), "ext4".into(), Some("mbr".into()))
        );
        assert_eq!(target.size, Size::Fitting { extra: 1 << 20 });
        let target = parse(&["--floppy", "--label=A", "--partition=gpt"]).unwrap();
        assert_eq!((target.size, target.filesystem), (Size::Fixed(1_474_560), "vfat".into()));
        assert_eq!((target.label, target.table), (Some("A".into()), Some("gpt".into())));
        assert!(parse(&["--size=abc"]).err().unwrap().contains("invalid size parameter ‘abc’"));
        assert!(parse(&["--blocksize=x"]).err().unwrap().contains("not numeric"));
        assert!(parse(&["-a", "x"]).err().unwrap().contains("invalid option"));
    }
}

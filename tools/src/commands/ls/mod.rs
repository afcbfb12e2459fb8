//! `glassbox ls`: directories and trees of a guest, as virt-ls lists them.

mod line;
mod walk;

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use bstr::{BString, ByteSlice};
use glassbox_api::{Checksums, FilesRead};
use glassbox_engine::Handle;
use glassbox_io::Result as IoResult;
use serde::Serialize;

use self::line::Line;
use self::walk::{File, Walk};
use super::{
    COMMON_HELP, Common, Failure, GUEST_HELP, MOUNT_HELP, Opened, common, common_options, finish, print, take_images,
    text,
};
use crate::disks::Disks;
use crate::options::{Options, UsageError};
use crate::{json, local_time, table};

const SHORT: [char; 3] = ['h', 'l', 'R'];
const LONG: [&str; 13] = [
    "checksum",
    "csv",
    "extra-stats",
    "human-readable",
    "json",
    "long",
    "mount",
    "recursive",
    "time-days",
    "time-relative",
    "time-t",
    "times",
    "uids",
];

/// The checksum that `--checksum` without a type computes.
const DEFAULT_CHECKSUM: &str = "md5";
/// Bytes of output that are written at once: as much as a pipe holds.
const OUTPUT: usize = 64 << 10;
const FILE_TYPE: i64 = 0o170_000;
const DIRECTORY: i64 = 0o040_000;
const REGULAR: i64 = 0o100_000;
const SYMLINK: i64 = 0o120_000;

/// How times are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    Local,
    Epoch,
    /// Seconds before now.
    Relative,
    /// Days before now.
    Days,
}

#[derive(Debug, Default)]
struct Choice {
    long: bool,
    recursive: bool,
    csv: bool,
    json: bool,
    human: bool,
    uids: bool,
    extra_stats: bool,
    times: Option<Times>,
    checksum: Option<BString>,
}

/// A file, as `--json` shows it.
#[derive(Serialize)]
struct Entry {
    path: String,
    #[serde(rename = "type")]
    kind: char,
    mode: String,
    size: i64,
    uid: i64,
    gid: i64,
    atime: f64,
    mtime: f64,
    ctime: f64,
    inode: i64,
    links: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum: Option<String>,
}

/// Runs the command.
pub fn main(program: &str, arguments: Vec<OsString>) -> ExitCode {
    finish(program, run(program, arguments))
}

fn run(program: &str, arguments: Vec<OsString>) -> Result<(), Failure> {
    let mut options = common_options(arguments, &SHORT, &LONG);
    let mut disks = Disks::default();
    let mut choice = Choice::default();
    let mut words = Vec::new();
    while let Some(arg) = common(&mut disks, &mut options, &|| usage(program))? {
        match arg {
            Common::Taken => {}
            Common::Print(text) => return print(&text),
            Common::Word(word) => words.push(word),
            Common::Own(letter, name) => choice.accept(letter, name, &mut options),
        }
    }
    take_images(&mut disks, &mut words)?;
    choice.check()?;
    if words.is_empty() {
        words.push("/".into());
    }
    let mut opened = Opened::mounted(program, &disks)?;
    let mut out = BufWriter::with_capacity(OUTPUT, io::stdout().lock());
    let mut failed = false;
    if choice.json {
        let mut list = json::List::begin(&mut out)?;
        for directory in &words {
            failed |=
                Walk::new(program, &mut opened).show(directory.as_bstr(), choice.recursive, &mut |handle, file| {
                    Ok(list.push(&choice.entry(handle, file)?)?)
                })?;
        }
        list.end()?;
    } else {
        for directory in &words {
            failed |= choice.list(program, &mut opened, directory, &mut out)?;
        }
    }
    out.flush()?;
    if failed { Err(Failure::Told) } else { Ok(()) }
}

impl Choice {
    fn accept(&mut self, letter: Option<char>, name: &str, options: &mut Options) {
        match (letter, name) {
            (Some('h'), _) | (_, "human-readable") => self.human = true,
            (Some('l'), _) | (_, "long") => self.long = true,
            (Some('R'), _) | (_, "recursive") => self.recursive = true,
            (_, "checksum") => {
                let kind = options.optional_value();
                self.checksum = Some(kind.map_or(DEFAULT_CHECKSUM.into(), |kind| kind.into_encoded_bytes().into()));
            }
            (_, "csv") => self.csv = true,
            (_, "extra-stats") => self.extra_stats = true,
            (_, "json") => self.json = true,
            (_, "times") => self.times = self.times.or(Some(Times::Local)),
            (_, "time-t") => self.times = Some(Times::Epoch),
            (_, "time-relative") => self.times = Some(Times::Relative),
            (_, "time-days") => self.times = Some(Times::Days),
            (_, "uids") => self.uids = true,
            _ => {}
        }
    }

    fn check(&self) -> Result<(), UsageError> {
        let details = self.csv
            || self.human
            || self.uids
            || self.extra_stats
            || self.times.is_some()
            || self.checksum.is_some() && !self.json;
        if self.csv && self.human {
            return Err(UsageError::new("you cannot use -h and --csv options together"));
        }
        if details && !(self.long && self.recursive) {
            return Err(UsageError::see_help("used a flag which can only be combined with -lR mode"));
        }
        Ok(())
    }

    /// Lists a directory. Whether something in it could not be read, which was told.
    fn list(
        &self,
        program: &str,
        opened: &mut Opened,
        directory: &BString,
        out: &mut dyn Write,
    ) -> Result<bool, Failure> {
        let path = directory.as_bstr();
        match (self.long, self.recursive) {
            (false, false) => {
                let names = opened.handle.ls(path).map_err(opened.failed(path.to_string()))?;
                for name in names {
                    out.write_all(&name)?;
                    out.write_all(b"\n")?;
                }
                Ok(false)
            }
            (true, false) => {
                let listing = opened.handle.ll(path).map_err(opened.failed(path.to_string()))?;
                out.write_all(&listing)?;
                Ok(false)
            }
            (false, true) => {
                let mut names = Names { out, error: None };
                let found = opened.handle.find0(path, &mut names);
                if let Some(error) = names.error {
                    return Err(error.into());
                }
                found.map_err(opened.failed(path.to_string()))?;
                Ok(false)
            }
            (true, true) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs().cast_signed());
                let mut line = Line::new(self.csv);
                Walk::new(program, opened).show(path, true, &mut |handle, file| {
                    line.clear();
                    self.write(&mut line, handle, file, now)?;
                    Ok(out.write_all(line.end())?)
                })
            }
        }
    }

    /// The fields of a line of `-lR`.
    fn write(&self, line: &mut Line, handle: &mut Handle, file: &File<'_>, now: i64) -> IoResult<()> {
        let stat = file.stat;
        line.field(|text| text.push(kind(stat.st_mode) as u8));
        line.field(|text| text.extend(permissions(stat.st_mode)));
        match self.human {
            true => line.padded(table::human(u64::try_from(stat.st_size).unwrap_or(0)).as_bytes(), 10),
            false => line.number(stat.st_size, if self.csv { 0 } else { 10 }),
        }
        if self.uids {
            line.number(stat.st_uid, 4);
            line.number(stat.st_gid, 4);
        }
        if let Some(times) = self.times {
            for seconds in [stat.st_atime_sec, stat.st_mtime_sec, stat.st_ctime_sec] {
                match times {
                    Times::Local => line.field(|text| local_time::append(text, seconds)),
                    Times::Epoch => line.number(seconds, 0),
                    Times::Relative => line.number(now.saturating_sub(seconds), 8),
                    Times::Days => line.number(now.saturating_sub(seconds).div_euclid(86_400), 3),
                }
            }
        }
        if self.extra_stats {
            line.field(|text| device(text, stat.st_dev));
            line.number(stat.st_ino, 0);
            line.number(stat.st_nlink, 0);
            line.field(|text| device(text, stat.st_rdev));
            line.number(stat.st_blocks, 0);
        }
        match self.checksum(handle, file)? {
            Some(checksum) => line.text(checksum.as_bstr()),
            None if self.csv && self.checksum.is_some() => line.text("".into()),
            None => {}
        }
        line.text(file.path);
        if let Some(target) = file.target {
            if !self.csv {
                line.text("->".into());
            }
            line.text(target);
        }
        Ok(())
    }

    fn checksum(&self, handle: &mut Handle, file: &File<'_>) -> IoResult<Option<BString>> {
        match &self.checksum {
            Some(kind) if file.stat.st_mode & FILE_TYPE == REGULAR => {
                handle.checksum(kind.as_bstr(), file.path).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn entry(&self, handle: &mut Handle, file: &File<'_>) -> IoResult<Entry> {
        let time = |seconds: i64, nanoseconds: i64| seconds as f64 + nanoseconds as f64 / 1e9;
        let stat = file.stat;
        Ok(Entry {
            path: text(file.path),
            kind: kind(stat.st_mode),
            mode: permissions(stat.st_mode).map(char::from).iter().collect(),
            size: stat.st_size,
            uid: stat.st_uid,
            gid: stat.st_gid,
            atime: time(stat.st_atime_sec, stat.st_atime_nsec),
            mtime: time(stat.st_mtime_sec, stat.st_mtime_nsec),
            ctime: time(stat.st_ctime_sec, stat.st_ctime_nsec),
            inode: stat.st_ino,
            links: stat.st_nlink,
            link: file.target.map(text),
            checksum: self.checksum(handle, file)?.map(|checksum| text(checksum.as_bstr())),
        })
    }
}

/// The letter of a type of file.
fn kind(mode: i64) -> char {
    match mode & FILE_TYPE {
        DIRECTORY => 'd',
        REGULAR => '-',
        SYMLINK => 'l',
        0o020_000 => 'c',
        0o060_000 => 'b',
        0o010_000 => 'p',
        0o140_000 => 's',
        _ => 'u',
    }
}

/// The permissions as four octal digits.
fn permissions(mode: i64) -> [u8; 4] {
    [9, 6, 3, 0].map(|shift| b'0' + (mode >> shift & 7) as u8)
}

/// Appends a device number as `major:minor`, in Linux's encoding.
fn device(text: &mut Vec<u8>, number: i64) {
    let number = number.cast_unsigned();
    let major = (number >> 8 & 0xfff) | (number >> 32 & !0xfff);
    let minor = (number & 0xff) | (number >> 12 & !0xff);
    text.extend_from_slice(itoa::Buffer::new().format(major).as_bytes());
    text.push(b':');
    text.extend_from_slice(itoa::Buffer::new().format(minor).as_bytes());
}

/// Turns the NULs between the names that `find0` writes into newlines.
struct Names<'a> {
    out: &'a mut dyn Write,
    /// Why writing failed.
    error: Option<io::Error>,
}

impl Write for Names<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let lines: Vec<u8> = buf.iter().map(|byte| if *byte == 0 { b'\n' } else { *byte }).collect();
        self.out.write_all(&lines).map_err(|error| {
            let kind = error.kind();
            self.error = Some(error);
            io::Error::from(kind)
        })?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn usage(program: &str) -> String {
    format!(
        "\
Lists directories of a guest, as virt-ls does.

Usage: {program} [OPTIONS] IMAGE… [/DIRECTORY…]
       {program} [OPTIONS] -a IMAGE [/DIRECTORY…]

Without a directory, lists /.

  -l, --long               As 'ls -la' does
  -R, --recursive          Everything below
  -lR                      Everything below, a line each: type, mode, size, path. With it:
      --checksum[=TYPE]    A checksum of each file (crc, md5, sha1, sha256 …; md5 if nothing is said)
  -h, --human-readable     Sizes with units
      --uids               Owners and groups, as numbers
      --times              Times of access, of change, of change of the inode
      --time-t, --time-relative, --time-days
                           The same as seconds since 1970, as seconds or days before now
      --extra-stats        Device, inode, links, device number, blocks
      --csv                As comma-separated values
      --json               Everything about each entry as JSON; also with --checksum, -R
{MOUNT_HELP}{GUEST_HELP}{COMMON_HELP}
Examples:
  {program} disk.img /etc
  {program} -lR --checksum=sha256 disk.img /boot
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_devices() {
        let device = |number| {
            let mut text = Vec::new();
            super::device(&mut text, number);
            BString::from(text)
        };
        assert_eq!(permissions(0o104_755), *b"4755");
        assert_eq!(kind(0o100_644), '-');
        assert_eq!(kind(0o040_755), 'd');
        assert_eq!(kind(0), 'u');
        assert_eq!(device(0xfd00), "253:0");
        assert_eq!(device(0x801), "8:1");
        // minor 0x12345 is split: its low byte, then its high bytes above the major's 12 bits.
        assert_eq!(device(0x1230_6745), "103:74565");
    }

    #[test]
    fn details_need_both_modes() {
        let check = |choice: Choice| choice.check().is_ok();
        assert!(!check(Choice { csv: true, long: true, ..Choice::default() }));
        assert!(check(Choice { csv: true, long: true, recursive: true, ..Choice::default() }));
        assert!(check(Choice { json: true, checksum: Some("md5".into()), ..Choice::default() }));
    }
}

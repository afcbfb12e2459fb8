//! `glassbox rescue`: a shell in the appliance, as virt-rescue gives one.
//!
//! At a terminal it is that terminal's. Otherwise each line of stdin is run by a shell of its own, and what it prints comes when it
//! has ended; the directory stays from line to line.

use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use bstr::{BStr, BString, ByteSlice, ByteVec};
use glassbox_api::options::AddDriveScratchOpts;
use glassbox_api::{Debugging, Drives, FilesystemDetect, HandleConfig, Launching};
use glassbox_engine::Handle;
use glassbox_io::Error;

use super::{COMMON_HELP, Failure, GUEST_HELP, Line, MOUNT_HELP, Opened, common_options, finish, read_line};
use crate::disks::Disks;
use crate::options::{Options, UsageError};
use crate::{number, terminal};

const SHORT: [char; 4] = ['e', 'i', 'r', 'w'];
const LONG: [&str; 11] =
    ["append", "inspector", "memsize", "mount", "network", "ro", "rw", "scratch", "selinux", "smp", "suggest"];

/// The size of a scratch disk, in bytes: large, because only what is written to it takes space.
const SCRATCH_SIZE: i64 = 10 << 30;
/// What comes behind a line's output, then its exit status and the directory (ASCII's record separator).
const TRAILER: u8 = 0x1e;
/// What a person is told first.
const BANNER: &str = "\
This shell runs in a small Linux of its own, which sees the disks: /dev/sda is the first. Mount what you need below /sysroot
(-i does it for you); the guest's own programs run after 'chroot /sysroot'. Leave with 'exit'.
";
const KEPT: &str = "What you write to the disks is kept.";
const THROWN_AWAY: &str = "What you write to the disks is thrown away (--ro).";
const PROMPT: &[u8] = b"><rescue> ";
/// `^]`, as in virt-rescue.
const ESCAPE: u8 = 0x1d;

/// Runs the command.
pub fn main(program: &str, arguments: Vec<OsString>) -> ExitCode {
    finish(program, run(program, arguments))
}

/// What the command line asks for.
struct Rescue {
    read_only: bool,
    inspector: bool,
    suggest: bool,
    network: bool,
    scratch: u32,
    append: Option<BString>,
    memsize: Option<i32>,
    smp: Option<i32>,
    escape: Option<u8>,
}

impl Default for Rescue {
    fn default() -> Self {
        Rescue {
            read_only: false,
            inspector: false,
            suggest: false,
            network: false,
            scratch: 0,
            append: None,
            memsize: None,
            smp: None,
            escape: Some(ESCAPE),
        }
    }
}

impl Rescue {
    fn accept(&mut self, letter: Option<char>, name: &str, options: &mut Options) -> Result<bool, UsageError> {
        match (letter, name) {
            (Some('e'), _) => self.escape = escape_key(&options.text()?)?,
            (Some('i'), _) | (_, "inspector") => self.inspector = true,
            (Some('r'), _) | (_, "ro") => self.read_only = true,
            (Some('w'), _) | (_, "rw") => self.read_only = false,
            (_, "append") => self.append = Some(options.text()?.into()),
            (_, "memsize") => self.memsize = Some(number_of("memsize", &options.text()?)?),
            (_, "smp") => self.smp = Some(number_of("smp", &options.text()?)?),
            (_, "network") => self.network = true,
            (_, "scratch") => {
                let count = options.optional_value().map(|count| count.into_string().unwrap_or_default());
                let count = count.map_or(Ok(1), |count| number_of("scratch", &count))?;
                self.scratch = self.scratch.saturating_add(count.unsigned_abs());
            }
            (_, "selinux") => {}
            (_, "suggest") => self.suggest = true,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// `none`, a letter, or `^` and a letter.
fn escape_key(name: &str) -> Result<Option<u8>, UsageError> {
    match name.as_bytes() {
        b"none" => Ok(None),
        [key] if key.is_ascii() => Ok(Some(*key)),
        // ASCII's control characters are those 64 before.
        [b'^', letter @ (b'@'..=b'_' | b'a'..=b'z')] => Ok(Some(letter.to_ascii_uppercase() ^ 0x40)),
        _ => Err(UsageError::new(format!("-e {name}: an escape key is 'none', a letter, or ^ and a letter"))),
    }
}

fn number_of(option: &str, text: &str) -> Result<i32, UsageError> {
    let number = number::parse(text.as_bytes()).ok().and_then(|number| i32::try_from(number).ok());
    number
        .filter(|number| *number > 0)
        .ok_or_else(|| UsageError::new(format!("--{option}: '{text}' is not a number from 1")))
}

fn run(program: &str, arguments: Vec<OsString>) -> Result<(), Failure> {
    let options = common_options(arguments, &SHORT, &LONG);
    let mut rescue = Rescue::default();
    let own = &mut |letter, name: &str, options: &mut Options| rescue.accept(letter, name, options);
    let Some(Line { mut disks, words }) = read_line(options, &|| usage(program), own)? else { return Ok(()) };
    for image in words {
        // The older form: images without -a.
        disks.add(OsString::from_vec(image.into()))?;
    }
    disks.check()?;
    if disks.count() == 0 && rescue.scratch == 0 {
        let message = "you must specify at least one -a option, or --scratch";
        return Err(UsageError::see_help(message).into());
    }
    rescue.read_only |= rescue.suggest;
    let handle = rescue.launch(program, &disks);
    let mut opened = Opened::launched(handle, disks.names(), rescue.read_only)?;
    if rescue.suggest {
        return opened.suggest();
    }
    if rescue.inspector || disks.mounts_something() {
        opened.mount(program, &disks)?;
    }
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        println!("{BANNER}{}\n", if rescue.read_only { THROWN_AWAY } else { KEPT });
        match terminal::run_shell(&mut opened.handle, rescue.escape) {
            Err(error) if error.is_unsupported() => opened.lines()?,
            ran => ran.map_err(opened.failed("run a shell in the appliance"))?,
        }
    } else {
        opened.lines()?;
    }
    opened.close()
}

impl Rescue {
    fn launch(&self, program: &str, disks: &Disks) -> Result<Handle, Error> {
        let mut handle = disks.handle(program, self.read_only)?;
        for _ in 0..self.scratch {
            handle.add_drive_scratch(SCRATCH_SIZE, AddDriveScratchOpts::default())?;
        }
        if let Some(append) = &self.append {
            handle.set_append(Some(append.as_bstr()))?;
        }
        if let Some(memsize) = self.memsize {
            handle.set_memsize(memsize)?;
        }
        if let Some(smp) = self.smp {
            handle.set_smp(smp)?;
        }
        if self.network {
            handle.set_network(true)?;
        }
        handle.launch()?;
        Ok(handle)
    }
}

impl Opened {
    /// `--suggest`: how to mount what there is.
    fn suggest(mut self) -> Result<(), Failure> {
        let filesystems = self.handle.list_filesystems().map_err(self.failed("list filesystems"))?;
        let mut out = io::stdout().lock();
        for (device, kind) in filesystems {
            match kind.as_slice() {
                b"swap" | b"unknown" => writeln!(out, "# {device} has type ‘{kind}’")?,
                _ => writeln!(out, "# {device} has type ‘{kind}’\nmount {device} /sysroot")?,
            }
        }
        Ok(())
    }

    /// Runs the lines of stdin. Fails as the last of them did.
    fn lines(&mut self) -> Result<(), Failure> {
        let (mut input, mut out) = (io::stdin().lock(), io::stdout());
        let is_person = input.is_terminal();
        let mut directory = BString::from("/");
        let mut succeeded = true;
        let mut line = Vec::new();
        loop {
            if is_person {
                out.write_all(PROMPT)?;
            }
            out.flush()?;
            line.clear();
            if input.read_until(b'\n', &mut line)? == 0 || matches!(line.trim(), b"exit" | b"logout") {
                return if succeeded || is_person { Ok(()) } else { Err(Failure::Told) };
            }
            let script = script(directory.as_bstr(), &line);
            let ran = Debugging::debug(&mut self.handle, "sh".into(), &[script.as_bstr()]);
            let answer = match ran {
                Ok(answer) => answer,
                Err(error) if error.kind() == glassbox_io::ErrorKind::Unsupported => {
                    return Err(self.failed("run a command in the appliance")(error));
                }
                Err(error) => {
                    eprintln!("{error}");
                    succeeded = false;
                    continue;
                }
            };
            let (printed, ended) = ended(&answer);
            out.write_all(printed)?;
            succeeded = ended.as_ref().is_some_and(|(status, _)| status == "0");
            if let Some((_, here)) = ended {
                directory = here;
            }
        }
    }
}

/// A script that runs a line in a directory, and tells how it ended and where.
fn script(directory: &BStr, line: &[u8]) -> BString {
    let mut script = BString::from("exec 2>&1; cd '");
    script.push_str(directory.replace("'", "'\\''"));
    script.push_str("' 2>/dev/null || cd /\n");
    script.push_str(line);
    script.push_str("\nstatus=$?; printf '\\036%s %s' \"$status\" \"$PWD\"");
    script
}

/// What a line has printed; its exit status and the directory in which it has left us, unless it has ended the shell.
fn ended(answer: &BString) -> (&[u8], Option<(BString, BString)>) {
    let Some(end) = answer.rfind_byte(TRAILER) else { return (answer, None) };
    let (printed, trailer) = answer.split_at(end);
    let ended = trailer.get(1..).and_then(|trailer| trailer.split_once_str(" "));
    (printed, ended.map(|(status, directory)| (status.into(), directory.into())))
}

fn usage(program: &str) -> String {
    format!(
        "\
Runs commands in a small Linux that sees the disks, to repair what doesn't start any more, as virt-rescue does.

Usage: {program} [OPTIONS] IMAGE…
       {program} [OPTIONS] -a IMAGE…

At a terminal, a shell asks for commands, and editors work; 'exit' ends it. Otherwise commands are read from stdin: each line is run
by a shell of its own, and what it prints comes when it has ended. The guest's filesystems are below /sysroot; for the guest's own
programs write: chroot /sysroot COMMAND

  -i, --inspector          Mount the guest's filesystems as the guest does
  -r, --ro                 What is written to the disks is thrown away
  -w, --rw                 Write to the disks (the default)
      --scratch[=N]        Add empty disks, removed at the end
      --suggest            Show commands that mount the filesystems, and do nothing
      --network            Give the appliance a network
      --memsize MB, --smp N, --append OPTIONS
                           The appliance's memory, processors and kernel options
  -e KEY                   The escape key of the terminal (^]), or none: behind it, q hangs up
      --selinux            Accepted for compatibility
{MOUNT_HELP}{GUEST_HELP}{COMMON_HELP}
Example:
  echo 'fsck -fy /dev/sda1' | {program} disk.img
"
    )
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::super::tests::line;
    use super::*;

    fn run(directory: &str, line: &str) -> BString {
        let script = script(directory.into(), line.as_bytes());
        Command::new("sh").arg("-c").arg(script.to_os_str().unwrap()).output().unwrap().stdout.into()
    }

    #[test]
    fn a_line_ends_with_its_status_and_directory() {
        assert_eq!(ended(&run("/usr", "echo a; cd bin/..; false\n")), (&b"a\n"[..], Some(("1".into(), "/usr".into()))));
        assert_eq!(ended(&run("/no'where", "pwd >&2")), (&b"/\n"[..], Some(("0".into(), "/".into()))));
        assert_eq!(ended(&run("/", "echo b # \u{1e}")), (&b"b\n"[..], Some(("0".into(), "/".into()))));
        assert_eq!(ended(&run("/", "echo c; exit 3")), (&b"c\n"[..], None));
    }

    #[test]
    fn options() {
        let accept = |arguments: &[&str]| {
            let mut rescue = Rescue::default();
            let options = common_options(arguments.iter().map(OsString::from).collect(), &SHORT, &LONG);
            let own = &mut |letter, name: &str, options: &mut Options| rescue.accept(letter, name, options);
            line(options, own).map(|_| rescue)
        };
        let rescue = accept(&["--ro", "-i", "--scratch=2", "--scratch", "--memsize", "1024", "-e", "none"]).unwrap();
        assert!(rescue.read_only && rescue.inspector && !rescue.network);
        assert_eq!((rescue.scratch, rescue.memsize, rescue.smp), (3, Some(1024), None));
        assert_eq!((rescue.escape, accept(&[]).unwrap().escape), (None, Some(ESCAPE)));
        assert_eq!(accept(&["-e", "^x"]).unwrap().escape, Some(0x18));
        assert!(accept(&["-e", "F1"]).err().unwrap().contains("escape key"));
        assert!(accept(&["--smp", "x"]).err().unwrap().contains("--smp"));
    }
}

//! The shell's own options.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use bstr::BString;

use super::prepared::{self, Prepared};
use crate::disks::Disks;
use crate::options::{Arg, Options, UsageError};

const SHORT: [char; 16] = ['a', 'c', 'd', 'f', 'h', 'i', 'm', 'n', 'N', 'r', 'v', 'V', 'w', 'x', 'D', '?'];
const LONG: [&str; 34] = [
    "add",
    "blocksize",
    "cmd-help",
    "connect",
    "csh",
    "domain",
    "echo-keys",
    "file",
    "format",
    "help",
    "inspector",
    "key",
    "keys-from-stdin",
    "listen",
    "live",
    "long-options",
    "mount",
    "network",
    "new",
    "no-dest-paths",
    "no-sync",
    "pipe-error",
    "progress-bars",
    "no-progress-bars",
    "remote",
    "ro",
    "rw",
    "selinux",
    "short-options",
    "short-help",
    "verbose",
    "version",
    "man",
    "trace",
];

/// What the command line asks for.
pub enum Action {
    /// To run the shell.
    Run(Box<Invocation>),
    /// A text, made with the program's name.
    Print(Box<dyn FnOnce(&str) -> String>),
    /// Help on these commands, or the list of all.
    CommandHelp(Vec<BString>),
}

/// How the shell is to run.
#[derive(Debug)]
pub struct Invocation {
    /// The disks, and what to mount.
    pub disks: Disks,
    /// The disks that are to be made, and their numbers among the disks.
    pub prepared: Vec<(usize, Prepared)>,
    /// Disks and mounts are read-only.
    pub read_only: bool,
    /// Find the operating system and mount its filesystems.
    pub inspector: bool,
    /// Sync at the end.
    pub sync: bool,
    /// Give the appliance a network.
    pub network: bool,
    /// Complete paths of the guest.
    pub dest_paths: bool,
    /// Failing to write to a pipe is an error.
    pub pipe_error: bool,
    /// Progress bars, if that was said.
    pub progress_bars: Option<bool>,
    /// The script.
    pub file: Option<OsString>,
    /// The commands on the command line.
    pub words: Vec<BString>,
}

/// Reads the command line. `program` is for messages.
pub fn parse(program: &str, arguments: Vec<OsString>) -> Result<Action, UsageError> {
    let mut options = Options::new(arguments, &SHORT, &LONG);
    let mut invocation = Invocation {
        disks: Disks::default(),
        prepared: Vec::new(),
        read_only: false,
        inspector: false,
        sync: true,
        network: false,
        dest_paths: true,
        pipe_error: false,
        progress_bars: None,
        file: None,
        words: Vec::new(),
    };
    while let Some(arg) = options.next()? {
        let (letter, name) = match arg {
            Arg::Word(word) => {
                invocation.words.push(word.into_vec().into());
                continue;
            }
            Arg::Short(letter) => (Some(letter), ""),
            Arg::Long(name) => (None, name),
        };
        match (letter, name) {
            (Some('f'), _) | (_, "file") => {
                if invocation.file.replace(options.value()?).is_some() {
                    return Err(UsageError::new("only one -f parameter can be given"));
                }
            }
            (Some('h'), _) | (_, "cmd-help") => {
                let names = options.rest()?.into_iter().map(|name| name.into_vec().into()).collect();
                return Ok(Action::CommandHelp(names));
            }
            (Some('i'), _) | (_, "inspector") => invocation.inspector = true,
            (Some('n'), _) | (_, "no-sync") => invocation.sync = false,
            (Some('N'), _) | (_, "new") => {
                let kind = options.value()?;
                if kind == "help" || kind == "list" {
                    return Ok(Action::Print(Box::new(prepared::list)));
                }
                let new = Prepared::parse(program, kind.as_bytes(), invocation.prepared.len() + 1)?;
                let drive = invocation.disks.add_new(new.file.clone(), new.size);
                invocation.prepared.push((drive, new));
            }
            (Some('r'), _) | (_, "ro") => invocation.read_only = true,
            (Some('w'), _) | (_, "rw") => invocation.read_only = false,
            (Some('V'), _) | (_, "version") => {
                return Ok(Action::Print(Box::new(|program| format!("{program} {}\n", env!("CARGO_PKG_VERSION")))));
            }
            (Some('?'), _) | (_, "help") => return Ok(Action::Print(Box::new(usage))),
            (_, "short-help") => return Ok(Action::Print(Box::new(short_usage))),
            // These print what options there are, for the completion of shells.
            (_, "short-options") => {
                return Ok(Action::Print(Box::new(|_| SHORT.iter().map(|letter| format!("-{letter}\n")).collect())));
            }
            (_, "long-options") => {
                return Ok(Action::Print(Box::new(|_| LONG.iter().map(|name| format!("--{name}\n")).collect())));
            }
            (_, "csh" | "selinux") => {}
            (_, "live") => {
                return Err(UsageError::new("libguestfs live support was removed in libguestfs 1.48"));
            }
            (_, "listen" | "remote") => {
                options.optional_value();
                return Err(UsageError::new(format!(
                    "--{name}: remote control is not there in this version; a new process for each command costs a few \
                     milliseconds only, and a script runs all of its commands in one"
                )));
            }
            (_, "network") => invocation.network = true,
            (Some('D'), _) | (_, "no-dest-paths") => invocation.dest_paths = false,
            (_, "pipe-error") => invocation.pipe_error = true,
            (_, "progress-bars") => invocation.progress_bars = Some(true),
            (_, "no-progress-bars") => invocation.progress_bars = Some(false),
            (_, "man") => return Ok(Action::Print(Box::new(|_| super::manual::TEXT.into()))),
            _ => {
                invocation.disks.accept(letter, name, &mut options)?;
            }
        }
    }
    // The older form: -i IMAGE… without -a.
    if invocation.inspector && invocation.disks.count() == 0 && !invocation.words.is_empty() {
        for image in std::mem::take(&mut invocation.words) {
            invocation.disks.add(OsString::from_vec(image.into()))?;
        }
    }
    invocation.disks.check()?;
    Ok(Action::Run(Box::new(invocation)))
}

fn short_usage(program: &str) -> String {
    format!(
        "Usage: {program} [--ro] -a IMAGE [-m DEVICE[:MOUNTPOINT]] [COMMAND [: COMMAND …]]\nTry '{program} --help'.\n"
    )
}

fn usage(program: &str) -> String {
    format!(
        "\
The shell for disk images, in guestfish's language.

Usage: {program} [OPTIONS] [COMMAND [WORDS…] [: COMMAND [WORDS…]]…]

Without a command, reads commands from stdin, or asks for them at a terminal.

Disks:
  -a, --add IMAGE          Add a disk image; on another machine, by its URI (nbd://…, ssh://…, https://…)
      --format[=FORMAT]    Format of the images that follow (raw, qcow2); without value: detect
      --blocksize[=512|4096]
                           Sector size of the images that follow
  -r, --ro                 Add and mount read-only
  -w, --rw                 Add and mount read-write (the default; see below)
  -m, --mount DEVICE[:MOUNTPOINT[:OPTIONS[:FSTYPE]]]
                           Launching, and mount a device (on /, unless said otherwise)
  -i, --inspector          Launching, find the operating system and mount its filesystems
  -N, --new [FILE=]TYPE    Make a disk, launching, and partition and format it ('-N help' lists the types)
  -d, --domain NAME        Add the disks of a libvirt guest, by its name or UUID
  -c, --connect URI        Of which libvirt it is
      --key SELECTOR       A key of an encrypted disk, for -i: DEVICE:key:PASSPHRASE or DEVICE:file:FILE, where
                           DEVICE is its name, its UUID or 'all'
      --keys-from-stdin, --echo-keys
                           How passphrases are asked for
  -n, --no-sync            No sync at the end

Commands:
  -f, --file FILE          Read commands from a file
  -x                       Show each call
  -v, --verbose            Show what is being done
      --pipe-error         Failing to write to a pipe is an error
      --progress-bars, --no-progress-bars
                           Progress bars always or never, instead of at a terminal
      --no-dest-paths      Don't complete paths of the guest
      --network, --selinux, --csh
                           Accepted for compatibility

Help:
  -h, --cmd-help [COMMAND] A command, or the list of all
      --man                The language
      --help, -V, --version

Examples:
  {program} -a disk.img run : list-filesystems
  {program} --ro -a disk.img -m /dev/sda1 cat /etc/fstab
  {program} --ro -a disk.img -m /dev/sda1

What can be answered by reading an image is answered so. For everything else a small Linux is started, in which the
image is a disk.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(arguments: &[&str]) -> Invocation {
        match parse("fish", arguments.iter().map(OsString::from).collect()) {
            Ok(Action::Run(invocation)) => *invocation,
            Ok(_) => panic!("not to run"),
            Err(error) => panic!("{error}"),
        }
    }

    fn refused(arguments: &[&str]) -> String {
        parse("fish", arguments.iter().map(OsString::from).collect()).err().unwrap().message
    }

    #[test]
    fn options_and_commands() {
        let parsed = invocation(&["--ro", "-a", "/dev/null", "-m", "/dev/sda1", "echo", "-n", "a", ":", "--", "-x"]);
        assert!(parsed.read_only && !parsed.sync && parsed.disks.mounts_something());
        assert_eq!(parsed.words, ["echo", "a", ":", "-x"]);
        assert_eq!(invocation(&["-i", "/dev/null"]).disks.count(), 1);
        let parsed = invocation(&["-a", "/dev/null", "-N", "fs", "-N", "x.img=disk:1M", "-N", "part"]);
        let prepared: Vec<_> = parsed.prepared.iter().map(|(drive, new)| (*drive, new.file.to_string())).collect();
        assert_eq!(prepared, [(1, "test1.img".into()), (2, "x.img".into()), (3, "test3.img".into())]);
    }

    #[test]
    fn what_is_not_there_says_so() {
        assert!(refused(&["-N", "nosuch"]).contains("no such prepared disk"));
        assert!(refused(&["--listen"]).contains("remote control"));
        assert!(refused(&["--remote=5", "echo"]).contains("remote control"));
        assert!(!refused(&["--key", "/dev/sda1:kye:SECRET"]).contains("SECRET"));
        assert_eq!(refused(&["--format=raw"]), "--format parameter must appear before -a parameter");
        assert_eq!(refused(&["--blocksize=x"]), "--blocksize option is not numeric");
    }

    #[test]
    fn options_are_known_once() {
        for (index, name) in LONG.iter().enumerate() {
            assert!(!LONG[..index].contains(name), "{name}");
        }
    }
}

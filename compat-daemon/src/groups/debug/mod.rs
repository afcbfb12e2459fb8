//! The group `debug`: the appliance itself, for those who look for a mistake in it.

mod kernel_log;

use std::io::Read;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::Debugging;
use glassbox_api::protocol::ERROR_MESSAGE_MAX;
use glassbox_api::structs::Utsname;
use glassbox_io::{Errno, Error, Result, ResultExt};

use crate::tool::Tool;
use crate::{Daemon, init};

/// What `debug` can do, for `debug help`.
const SUBCOMMANDS: [(&str, &str); 8] = [
    ("env", "the daemon's environment"),
    ("error", "an error: the message's LENGTH"),
    ("fds", "the daemon's open files"),
    ("help", "this list"),
    ("ll", "ls -la in the appliance"),
    ("ls", "ls -a in the appliance"),
    ("progress", "progress messages: SECONDS"),
    ("sh", "a command line in the appliance"),
];

impl Debugging for Daemon {
    fn debug(&mut self, subcmd: &BStr, extraargs: &[&BStr]) -> Result<BString> {
        match subcmd.as_bytes() {
            b"env" => Ok(environment()),
            b"error" => Err(wanted_error(extraargs)),
            b"fds" => open_files(),
            b"help" => Ok(help()),
            b"ll" => list(&["-la"], extraargs),
            b"ls" => list(&["-a"], extraargs),
            b"progress" => self.show_progress(extraargs),
            b"sh" => shell(extraargs),
            _ => Err(Error::usage(format!("debug has no subcommand '{subcmd}': see 'debug help'"))),
        }
    }

    fn debug_upload(&mut self, filename: &mut dyn Read, tmpname: &BStr, mode: i32) -> Result<()> {
        self.upload_to_appliance(filename, tmpname, mode)
    }

    fn dmesg(&mut self) -> Result<BString> {
        kernel_log::read()
    }

    fn utsname(&mut self) -> Result<Utsname> {
        let name = rustix::system::uname();
        let text = |text: &std::ffi::CStr| BString::from(text.to_bytes());
        Ok(Utsname {
            uts_sysname: text(name.sysname()),
            uts_release: text(name.release()),
            uts_version: text(name.version()),
            uts_machine: text(name.machine()),
        })
    }

    fn internal_exit(&mut self) -> Result<()> {
        init::power_off()
    }

    fn internal_rhbz914931(&mut self, filename: &mut dyn Read, count: i32) -> Result<()> {
        // A daemon that ends amid a file that is sent to it.
        let mut chunk = [0; 8192];
        for _ in 0..count {
            if filename.read(&mut chunk)? == 0 {
                break;
            }
        }
        init::power_off()
    }
}

fn help() -> BString {
    SUBCOMMANDS.iter().map(|(name, does)| format!("{name:10}{does}\n")).collect::<String>().into()
}

fn environment() -> BString {
    use std::os::unix::ffi::OsStringExt;
    let mut text = BString::default();
    for (name, value) in std::env::vars_os() {
        text.extend([name.into_vec(), b"=".to_vec(), value.into_vec(), b"\n".to_vec()].concat());
    }
    text
}

/// An error with a message of the wanted length, up to the protocol's limit.
fn wanted_error(arguments: &[&BStr]) -> Error {
    let length = arguments.first().and_then(|number| number.to_str().ok()?.parse::<usize>().ok());
    match length.filter(|length| *length <= ERROR_MESSAGE_MAX) {
        Some(length) => Error::os_with(Errno(0), "a".repeat(length)),
        None => Error::usage(format!("debug error: a length is needed, {ERROR_MESSAGE_MAX} at most")),
    }
}

fn open_files() -> Result<BString> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd").at_path("/proc/self/fd")? {
        let entry = entry?;
        // The one that this directory is read through is gone when it is looked at.
        if let Ok(target) = std::fs::read_link(entry.path()) {
            lines.push(format!("{} {}\n", entry.file_name().to_string_lossy(), target.display()));
        }
    }
    Ok(lines.concat().into())
}

fn list(options: &[&str], arguments: &[&BStr]) -> Result<BString> {
    Ok(Tool::new("ls").args(options).args(arguments).run()?.into())
}

/// Output and errors together, as on a terminal.
fn shell(arguments: &[&BStr]) -> Result<BString> {
    if arguments.is_empty() {
        return Err(Error::usage("debug sh: a command is needed"));
    }
    let line = [&b"exec 2>&1\n"[..], &bstr::join(" ", arguments)].concat();
    let outcome = Tool::new("sh").arg("-c").arg(line).outcome()?;
    match outcome.status.success() {
        true => Ok(outcome.stdout.trim_end_with(|letter| letter == '\n').into()),
        false if outcome.stdout.is_empty() => Err(outcome.failure("sh")),
        false => Err(Error::os_with(Errno(0), outcome.stdout.trim().as_bstr().to_string())),
    }
}

impl Daemon {
    fn show_progress(&mut self, arguments: &[&BStr]) -> Result<BString> {
        let seconds = arguments.first().and_then(|number| number.to_str().ok()?.parse::<u64>().ok());
        let seconds = seconds.ok_or_else(|| Error::usage("debug progress: a number of seconds is needed"))?;
        let mut job = self.job();
        let total = seconds * 10;
        for tenth in 0..total {
            job.at(tenth, total)?;
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        job.done(total);
        Ok("ok".into())
    }
}

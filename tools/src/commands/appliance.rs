//! `glassbox appliance`: builds, shows, removes and tries the virtual machine that does what the parsers can't.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use glassbox_api::{Blockdev, Debugging, FilesWrite, FilesystemCreateCheck, Mounting, Syncing};
use glassbox_appliance::build::{Plan, Report};
use glassbox_appliance::cache::Cache;
use glassbox_appliance::{Accelerator, Appliance, Drive, Options};
use glassbox_engine::Handle;
use glassbox_io::{Error, Result, ResultExt};

use super::{Failure, finish, print};
use crate::options::UsageError;

/// The size of the disk that `test` tries things on.
const SCRATCH: u64 = 256 << 20;
/// How long the guest's kernel may take to find a disk.
const DISK_DEADLINE: Duration = Duration::from_secs(30);

/// What is asked for on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
struct Choice {
    action: Option<Action>,
    /// Write a fixed appliance here.
    fixed: Option<PathBuf>,
    verbose: bool,
    /// Don't restore a template.
    boot: bool,
    /// Don't use KVM.
    tcg: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Build,
    Info,
    Clean,
    Test,
}

/// Runs the command.
pub fn main(program: &str, arguments: Vec<OsString>) -> ExitCode {
    finish(program, run(program, arguments))
}

fn run(program: &str, arguments: Vec<OsString>) -> std::result::Result<(), Failure> {
    let Some(choice) = parse(arguments)? else { return print(&usage(program)) };
    let options = options(&choice).map_err(failed)?;
    match choice.action {
        Some(Action::Build) => build(&choice, &options),
        Some(Action::Info) => info(&options),
        Some(Action::Clean) => Cache::open(&options).and_then(|cache| cache.clear()).map_err(failed),
        Some(Action::Test) => test(&options),
        None => Err(UsageError::see_help("what shall be done: build, info, clean or test?").into()),
    }
}

fn failed(error: Error) -> Failure {
    Failure::Message(error.to_string())
}

/// `None` asks for help.
fn parse(arguments: Vec<OsString>) -> std::result::Result<Option<Choice>, UsageError> {
    use lexopt::Arg::{Long, Short, Value};
    let mut choice = Choice::default();
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Short('v') | Long("verbose") => choice.verbose = true,
            Long("fixed") => choice.fixed = Some(parser.value()?.into()),
            Long("boot") => choice.boot = true,
            Long("tcg") => choice.tcg = true,
            Value(word) if choice.action.is_none() => {
                choice.action = Some(match word.to_str() {
                    Some("build") => Action::Build,
                    Some("info") => Action::Info,
                    Some("clean") => Action::Clean,
                    Some("test") => Action::Test,
                    _ => {
                        let message = format!("there is no action '{}'", word.display());
                        return Err(UsageError::see_help(message));
                    }
                });
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(choice))
}

/// As a handle would start it, which reads libguestfs's environment variables.
fn options(choice: &Choice) -> Result<Options> {
    let options = Handle::new()?.appliance_options();
    Ok(Options {
        accelerator: if choice.tcg { Accelerator::Tcg } else { options.accelerator },
        template: !choice.boot,
        verbose: choice.verbose,
        console: choice.verbose.then(|| Arc::new(echo) as Arc<dyn Fn(&[u8]) + Send + Sync>),
        ..options
    })
}

/// Shows what the guest prints.
fn echo(bytes: &[u8]) {
    // Nobody is told if nobody listens.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), bytes);
}

fn build(choice: &Choice, options: &Options) -> std::result::Result<(), Failure> {
    let plan = Plan::new(options).map_err(failed)?;
    let started = Instant::now();
    let (path, report) = match &choice.fixed {
        Some(directory) => {
            (directory.clone(), glassbox_appliance::start::write_fixed(&plan, directory).map_err(failed)?)
        }
        None => {
            let cache = Cache::open(options).map_err(failed)?;
            let report = plan.build(&cache).map_err(failed)?;
            (plan.path(&cache), report)
        }
    };
    let mut text = String::new();
    let seconds = started.elapsed().as_secs_f64();
    // Writing to a string doesn't fail; so it is below.
    let _ = writeln!(text, "built in {seconds:.1} s: {} ({})", path.display(), size(bytes_in(&path)));
    tell_missing(&report, &mut text);
    print(&text)
}

fn tell_missing(report: &Report, text: &mut String) {
    for program in &report.missing_programs {
        let _ = writeln!(text, "without {program}");
    }
    if !report.missing_modules.is_empty() {
        let _ = writeln!(text, "without the kernel's modules {}", report.missing_modules.join(", "));
    }
}

fn info(options: &Options) -> std::result::Result<(), Failure> {
    let cache = Cache::open(options).map_err(failed)?;
    let plan = Plan::new(options).map_err(failed)?;
    let mut text = String::new();
    let _ = writeln!(text, "kernel:    {}", plan.kernel().image.display());
    let _ = writeln!(text, "modules:   {}", plan.kernel().modules.display());
    let _ = writeln!(text, "daemon:    {}", plan.daemon().display());
    match glassbox_appliance::qemu_version(options, &cache) {
        Ok((path, version)) => {
            let _ = writeln!(text, "qemu:      {} {version}", path.display());
        }
        Err(error) => {
            let _ = writeln!(text, "qemu:      {error}");
        }
    }
    match plan.report(&cache) {
        Some(report) => {
            let _ = writeln!(text, "appliance: {}", plan.path(&cache).display());
            tell_missing(&report, &mut text);
        }
        None => text.push_str("appliance: not built yet\n"),
    }
    let _ = writeln!(text, "cache:     {}", cache.directory().display());
    for entry in cache.list().map_err(failed)? {
        let name = entry.path.file_name().unwrap_or_default().display();
        let hours = entry.used.elapsed().unwrap_or_default().as_secs() / 3600;
        let _ = writeln!(text, "  {:>8}  used {hours} h ago  {name}", size(entry.size));
    }
    print(&text)
}

fn bytes_in(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
}

fn size(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

/// Starts an appliance, makes a filesystem on a scratch disk, and tells how long each step took.
fn test(options: &Options) -> std::result::Result<(), Failure> {
    let scratch = tempfile::Builder::new().prefix("glassbox-test-").tempfile_in(&options.tmp);
    let scratch = scratch.and_then(|file| file.as_file().set_len(SCRATCH).map(|()| file)).map_err(|error| {
        let directory = options.tmp.display();
        Failure::Message(format!(
            "no disk can be made in {directory} ({}); set TMPDIR to a directory of yours",
            error.kind()
        ))
    })?;
    let mut clock = Clock::default();
    // With its disk from the beginning: libguestfs's own appliances take none later.
    let drive = Drive { format: Some("raw".into()), ..Drive::file(scratch.path()) };
    let mut appliance = Appliance::start(options, &[drive]).map_err(failed)?;
    clock.tell(&format!("started, {}{}", appliance.rung(), if appliance.is_kvm() { ", with KVM" } else { "" }))?;
    let command: Vec<String> = appliance.command().iter().map(|word| quoted(word)).collect();
    let memory = resident(appliance.pid());
    match try_disk(&mut appliance, &mut clock) {
        Ok(()) => {}
        Err(Failure::Message(message)) => {
            let log = appliance.console_log();
            eprint!("{}", String::from_utf8_lossy(&log));
            return Err(Failure::Message(message));
        }
        Err(other) => return Err(other),
    }
    appliance.shutdown().map_err(failed)?;
    clock.tell("shut down")?;
    print(&format!("memory of qemu when it was up: {}\n{}\nThe appliance works.\n", size(memory), command.join(" ")))
}

fn try_disk(appliance: &mut Appliance, clock: &mut Clock) -> std::result::Result<(), Failure> {
    let remote = appliance.remote();
    let started = Instant::now();
    while let Err(error) = remote.blockdev_getsize64("/dev/sda".into()) {
        if started.elapsed() > DISK_DEADLINE {
            return Err(failed(error.in_call("blockdev_getsize64")));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    clock.tell("found the disk")?;
    let mkfs = Default::default();
    remote.mkfs("ext4".into(), "/dev/sda".into(), mkfs).during("mkfs").map_err(failed)?;
    clock.tell("made a filesystem")?;
    remote.mount("/dev/sda".into(), "/".into()).during("mount").map_err(failed)?;
    remote.touch("/hello".into()).during("touch").map_err(failed)?;
    remote.umount_all().during("umount_all").map_err(failed)?;
    remote.sync().during("sync").map_err(failed)?;
    clock.tell("mounted it, wrote a file, unmounted it")?;
    remote.ping_daemon().during("ping_daemon").map_err(failed)
}

/// The memory that a process has to itself, in bytes; 0 if that isn't known.
fn resident(pid: u32) -> u64 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let kilobytes = |field: &str| -> u64 {
        rollup
            .lines()
            .filter(|line| line.starts_with(field))
            .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
            .sum()
    };
    1024 * (kilobytes("Private_Clean:") + kilobytes("Private_Dirty:"))
}

fn quoted(word: &std::ffi::OsStr) -> String {
    let word = word.to_string_lossy();
    match word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=./,:+@%".contains(&byte)) && !word.is_empty() {
        true => word.into_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// Tells how long steps take.
struct Clock(Instant);

impl Default for Clock {
    fn default() -> Self {
        Clock(Instant::now())
    }
}

impl Clock {
    fn tell(&mut self, step: &str) -> std::result::Result<(), Failure> {
        let line = format!("{:>7.3} s  {step}\n", self.0.elapsed().as_secs_f64());
        self.0 = Instant::now();
        print(&line)
    }
}

fn usage(program: &str) -> String {
    format!(
        "\
What a disk image's bytes don't answer, a small virtual machine does: it runs this machine's own kernel and programs, without
root. It is built on first use and kept in the user's cache directory; nothing needs to be done by hand.

Usage: {program} build [--fixed DIRECTORY]
       {program} info
       {program} clean
       {program} test [--boot] [--tcg] [-v]

  build               build it anew, and tell which programs are missing
  build --fixed DIR   build one that can be copied to other machines, where LIBGUESTFS_PATH names it
  info                show what it is made of, and what is in the cache
  clean               remove all of it from the cache
  test                start it, try a disk, and show how long that takes

  --boot              boot it, rather than restore a booted one
  --tcg               don't use KVM
  -v, --verbose       show what the virtual machine prints

Variables: LIBGUESTFS_HV (qemu), LIBGUESTFS_MEMSIZE, LIBGUESTFS_APPEND, LIBGUESTFS_PATH, LIBGUESTFS_CACHEDIR,
SUPERMIN_KERNEL and SUPERMIN_MODULES (a kernel and the directory of its modules), TMPDIR.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> std::result::Result<Option<Choice>, UsageError> {
        parse(words.iter().map(OsString::from).collect())
    }

    #[test]
    fn options_are_understood() {
        let choice = parsed(&["build", "--fixed", "/x"]).unwrap().unwrap();
        assert_eq!((choice.action, choice.fixed.as_deref()), (Some(Action::Build), Some(Path::new("/x"))));
        let choice = parsed(&["-v", "test", "--boot"]).unwrap().unwrap();
        assert!(choice.verbose && choice.boot && !choice.tcg);
        assert_eq!(parsed(&["--help"]).unwrap(), None);
        assert!(parsed(&["explode"]).is_err() && parsed(&["build", "info"]).is_err());
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("-cpu".as_ref()), "-cpu");
        assert_eq!(quoted("{\"a\": 'b'}".as_ref()), r#"'{"a": '\''b'\''}'"#);
    }
}

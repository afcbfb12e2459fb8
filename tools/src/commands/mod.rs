//! The commands that answer one question about images or do one thing to them, as libguestfs's virt tools do.

pub mod appliance;
pub mod cat;
pub mod copy_in;
pub mod copy_out;
pub mod df;
pub mod edit;
pub mod filesystems;
pub mod format;
mod guest;
pub mod inspect;
pub mod ls;
pub mod make_fs;
pub mod rescue;
pub mod run;
pub mod tar_in;
pub mod tar_out;

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use bstr::{BStr, BString};
use glassbox_api::Launching;
use glassbox_engine::Handle;
use glassbox_io::Error;

use crate::disks::{Disks, MountError};
use crate::options::{Arg, Options, UsageError};
use crate::progress::Progress;

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// It was used wrongly.
    Usage(UsageError),
    /// What was tried, of which images, and why it failed.
    Call { tried: String, images: String, error: Error },
    /// A mount from the command line failed.
    Mount { images: String, error: MountError },
    /// Anything else, and what to do.
    Message(String),
    /// Nobody reads the output any more.
    OutputClosed,
    /// Told already; there was more to do.
    Told,
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        Failure::Usage(error)
    }
}

/// Printing failed.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Failure::OutputClosed,
            _ => Failure::Message(format!("the output can't be written: {}", Error::from(error))),
        }
    }
}

/// What a shell reports of a program that died of SIGPIPE.
const SIGPIPE_STATUS: u8 = 128 + 13;

/// Tells how it went.
fn finish(program: &str, result: Result<(), Failure>) -> ExitCode {
    let Err(failure) = result else { return ExitCode::SUCCESS };
    match failure {
        Failure::Usage(error) => return crate::usage_error(program, &error),
        Failure::OutputClosed => return ExitCode::from(SIGPIPE_STATUS),
        Failure::Told => {}
        other => tell(program, &other),
    }
    ExitCode::FAILURE
}

/// Prints why something failed.
fn tell(program: &str, failure: &Failure) {
    match failure {
        Failure::Usage(_) | Failure::OutputClosed | Failure::Told => {}
        told => describe(told).lines().for_each(|line| eprintln!("{program}: {line}")),
    }
}

/// Why something failed, without the program's name.
fn describe(failure: &Failure) -> String {
    match failure {
        // A path is said once, whether it is what was tried or what the error is about.
        Failure::Call { tried, images, error } if error.path().is_some_and(|path| path == tried.as_str()) => {
            format!("{images}: {}", explain(error))
        }
        Failure::Call { tried, images, error } => format!("{images}: {tried}: {}", explain(error)),
        Failure::Mount { images, error } => {
            let mut text = format!("{images}: mount {}: {}", error.device, explain(&error.error));
            error.advice().iter().for_each(|line| text.extend(["\n", line.as_str()]));
            text
        }
        Failure::Message(text) => text.clone(),
        Failure::Usage(error) => error.to_string(),
        Failure::OutputClosed | Failure::Told => String::new(),
    }
}

/// An error, and what to do about it where that is known.
fn explain(error: &Error) -> String {
    match error.kind() {
        glassbox_io::ErrorKind::Corrupt => {
            format!("{error}\n  The image contradicts its format here; other files in it may be fine.")
        }
        glassbox_io::ErrorKind::Unsupported => format!("not supported: {error}"),
        _ => error.to_string(),
    }
}

/// A guest that was opened for a command.
struct Opened {
    handle: Handle,
    images: String,
    read_only: bool,
    /// Lives as long as the handle is used.
    _progress: Option<Progress>,
}

impl Opened {
    /// Launches a handle on the disks, read-only. Progress bars are shown if stderr is a terminal.
    fn new(program: &str, disks: &Disks) -> Result<Opened, Failure> {
        Ok(Opened::launch(program, disks, true)?.with_progress())
    }

    /// The same without progress bars, for one of many guests.
    fn without_progress(program: &str, disks: &Disks) -> Result<Opened, Failure> {
        Opened::launch(program, disks, true)
    }

    /// Launches a handle on disks that are to be changed. Ends well only with [`Opened::close`].
    fn writable(program: &str, disks: &Disks) -> Result<Opened, Failure> {
        Ok(Opened::launch(program, disks, false)?.with_progress())
    }

    /// As [`Opened::new`], with what the command line says mounted, or the guest's own filesystems.
    fn mounted(program: &str, disks: &Disks) -> Result<Opened, Failure> {
        let mut opened = Opened::new(program, disks)?;
        opened.mount(program, disks)?;
        Ok(opened)
    }

    /// As [`Opened::writable`], with the same mounted.
    fn mounted_writable(program: &str, disks: &Disks) -> Result<Opened, Failure> {
        let mut opened = Opened::writable(program, disks)?;
        opened.mount(program, disks)?;
        Ok(opened)
    }

    fn launch(program: &str, disks: &Disks, read_only: bool) -> Result<Opened, Failure> {
        let handle = disks.launch(program, read_only);
        Opened::launched(handle, disks.names(), read_only)
    }

    /// What became of launching a handle on these images.
    fn launched(handle: Result<Handle, Error>, images: String, read_only: bool) -> Result<Opened, Failure> {
        match handle {
            Ok(handle) => Ok(Opened { handle, images, read_only, _progress: None }),
            Err(error) => Err(Failure::Call { tried: "open".into(), images, error }),
        }
    }

    fn with_progress(mut self) -> Self {
        let shown = io::stderr().is_terminal();
        self._progress = shown.then(|| Progress::listen(self.handle.events()));
        self
    }

    /// Ends the work on disks that were changed: only now it is known that everything was written.
    fn close(mut self) -> Result<(), Failure> {
        self.handle.shutdown().map_err(self.failed("write the changes"))
    }

    /// Gives an error its context.
    fn failed<T: Into<String>>(&self, tried: T) -> impl Fn(Error) -> Failure + use<T> {
        let (tried, images) = (tried.into(), self.images.clone());
        move |error| Failure::Call { tried: tried.clone(), images: images.clone(), error }
    }
}

/// The options that every command has.
const SHORT: [char; 8] = ['a', 'c', 'd', 'm', 'v', 'V', 'x', '?'];
const LONG: [&str; 11] = [
    "add",
    "blocksize",
    "connect",
    "domain",
    "echo-keys",
    "format",
    "help",
    "key",
    "keys-from-stdin",
    "verbose",
    "version",
];

/// The options that every command has, and those of one.
fn common_options(arguments: Vec<OsString>, short: &[char], long: &[&'static str]) -> Options {
    Options::new(arguments, &SHORT, &LONG).and(short, long)
}

/// Options that every command has, and does the same with.
enum Common {
    /// An option of the disks: done.
    Taken,
    /// A word.
    Word(BString),
    /// A text to print instead of anything else.
    Print(String),
    /// An option of the command itself.
    Own(Option<char>, &'static str),
}

/// The next argument, unless it is one that every command has.
fn common(disks: &mut Disks, options: &mut Options, usage: &dyn Fn() -> String) -> Result<Option<Common>, UsageError> {
    Ok(match options.next()? {
        None => None,
        Some(Arg::Word(word)) => Some(Common::Word(word.into_vec().into())),
        Some(Arg::Short(letter)) => Some(common_option(disks, Some(letter), "", options, usage)?),
        Some(Arg::Long(name)) => Some(common_option(disks, None, name, options, usage)?),
    })
}

/// What an option is, unless it is one that every command has.
fn common_option(
    disks: &mut Disks,
    letter: Option<char>,
    name: &'static str,
    options: &mut Options,
    usage: &dyn Fn() -> String,
) -> Result<Common, UsageError> {
    Ok(match (letter, name) {
        (Some('?'), _) | (_, "help") => Common::Print(usage()),
        (Some('V'), _) | (_, "version") => Common::Print(format!("glassbox {}\n", env!("CARGO_PKG_VERSION"))),
        _ if disks.accept(letter, name, options)? => Common::Taken,
        _ => Common::Own(letter, name),
    })
}

/// Disks and words of a command line.
#[derive(Default)]
struct Line {
    disks: Disks,
    words: Vec<BString>,
}

/// Takes an option, if it is one that only this command has: its letter or its name, and where its value comes from.
type Own<'a> = dyn FnMut(Option<char>, &str, &mut Options) -> Result<bool, UsageError> + 'a;

/// Reads a command line, in which `own` takes the options that only this command has. `None` if the user has asked for a
/// text, which was printed.
fn read_line(mut options: Options, usage: &dyn Fn() -> String, own: &mut Own<'_>) -> Result<Option<Line>, Failure> {
    let mut line = Line::default();
    while let Some(arg) = options.next()? {
        let (letter, name) = match arg {
            Arg::Word(word) => {
                line.words.push(word.into_vec().into());
                continue;
            }
            Arg::Short(letter) => (Some(letter), ""),
            Arg::Long(name) => (None, name),
        };
        if own(letter, name, &mut options)? {
            continue;
        }
        if let Common::Print(text) = common_option(&mut line.disks, letter, name, &mut options, usage)? {
            return print(&text).map(|()| None);
        }
    }
    Ok(Some(line))
}

/// For commands without options of their own.
fn no_own_options(_: Option<char>, _: &str, _: &mut Options) -> Result<bool, UsageError> {
    Ok(false)
}

/// Prints a text asked for by an option.
fn print(text: &str) -> Result<(), Failure> {
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// Takes the images from the beginning of the words, unless `-a` has named them: the first word, and those behind it
/// that are no absolute paths. Fails if there is none.
fn take_images(disks: &mut Disks, words: &mut Vec<BString>) -> Result<(), UsageError> {
    let more = words.iter().skip(1).take_while(|word| !word.starts_with(b"/")).count();
    take(disks, words, 1 + more)
}

/// Takes one image from the beginning of the words, unless `-a` has named them, where names of the host's files follow.
/// Fails if there is none.
fn take_image(disks: &mut Disks, words: &mut Vec<BString>) -> Result<(), UsageError> {
    take(disks, words, 1)
}

fn take(disks: &mut Disks, words: &mut Vec<BString>, count: usize) -> Result<(), UsageError> {
    if disks.count() == 0 {
        for image in words.drain(..count.min(words.len())) {
            disks.add(OsString::from_vec(image.into()))?;
        }
    }
    need_images(disks)
}

/// Fails if there is no image.
fn need_images(disks: &Disks) -> Result<(), UsageError> {
    disks.check()?;
    match disks.count() {
        0 => Err(UsageError::see_help("which image? Name it, or give it with -a")),
        _ => Ok(()),
    }
}

/// Help on the options that every command has.
const COMMON_HELP: &str =
    "  -a, --add IMAGE          Add a disk image (several for a guest with several disks); on another
                           machine, by its URI (nbd://…, ssh://…, https://…)
      --format[=FORMAT]    Format of the images that follow (raw, qcow2); without value: detect
      --blocksize[=512|4096]
                           Sector size of the images that follow
  -v, --verbose            Show what is being done
  -x                       Show each call
      --help, -V, --version
";

/// Help on other ways to say which guest is meant.
const GUEST_HELP: &str = "  -d, --domain NAME        Add the disks of a libvirt guest, by its name or UUID
  -c, --connect URI        Of which libvirt it is
      --key SELECTOR       A key of an encrypted disk: DEVICE:key:PASSPHRASE or DEVICE:file:FILE, where DEVICE is its name,
                           its UUID or 'all'
      --keys-from-stdin, --echo-keys
                           How passphrases are asked for that no --key gives
";

/// Help on what is mounted.
const MOUNT_HELP: &str = "  -m, --mount DEVICE[:MOUNTPOINT[:OPTIONS[:FSTYPE]]]
                           Mount a device (on /, unless said otherwise). Without -m, the filesystems of the
                           operating system are mounted as it mounts them, or the only filesystem of the image.
";

/// The form of a name in JSON, which knows text only: bytes that aren't UTF-8 become U+FFFD.
fn text(name: &BStr) -> String {
    name.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a command line, or what is said of wrong use.
    pub fn line(options: Options, own: &mut Own<'_>) -> Result<Line, String> {
        match read_line(options, &String::new, own) {
            Ok(line) => Ok(line.expect("no text is asked for")),
            Err(Failure::Usage(error)) => Err(error.message),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn images_come_first() {
        let take = |words: &[&str]| {
            let mut disks = Disks::default();
            let mut words: Vec<BString> = words.iter().map(|word| (*word).into()).collect();
            take_images(&mut disks, &mut words).map(|()| (disks.count(), words.len()))
        };
        assert_eq!(take(&["/dev/null", "/etc", "/usr"]), Ok((1, 2)));
        assert_eq!(take(&["Cargo.toml", "Cargo.toml", "/etc"]), Ok((2, 1)));
        assert_eq!(take(&["/dev/null"]), Ok((1, 0)));
        assert!(take(&["/nonexistent"]).is_err());
        assert!(take(&[]).unwrap_err().message.contains("which image?"));
    }
}

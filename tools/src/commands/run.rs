//! `glassbox run`: a program that was written for libguestfs, over our library.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::{Failure, finish, print};
use crate::options::UsageError;

/// The library, by the name that programs ask the loader for.
const LIBRARY: &str = "libguestfs.so.0";
/// Where the loader looks first.
const SEARCH_PATH: &str = "LD_LIBRARY_PATH";

/// Runs the command.
pub fn main(program: &str, arguments: Vec<OsString>) -> ExitCode {
    finish(program, run(program, arguments))
}

/// Returns only if the program can't be run: else this process becomes it.
fn run(program: &str, arguments: Vec<OsString>) -> Result<(), Failure> {
    let mut words = arguments.into_iter().peekable();
    match words.peek().and_then(|word| word.to_str()) {
        Some("--help" | "-h") => return print(&usage(program)),
        Some("--") => drop(words.next()),
        _ => {}
    }
    let Some(wanted) = words.next() else {
        return Err(UsageError::see_help("which program?").into());
    };
    let library = library()?;
    let error = Command::new(&wanted).args(words).env(SEARCH_PATH, search_path(&library)).exec();
    Err(Failure::Message(format!("{}: {}", wanted.display(), glassbox_io::Error::from(error))))
}

/// The directory of the library: beside this program, as `cargo xtask dist` lays them out.
fn library() -> Result<PathBuf, Failure> {
    let here = env::current_exe().and_then(|program| program.canonicalize())?;
    let directory = here.parent().unwrap_or(Path::new("/"));
    let candidates = [directory.join("../lib"), directory.to_owned()];
    candidates.iter().find(|candidate| candidate.join(LIBRARY).exists()).cloned().ok_or_else(|| {
        Failure::Message(format!("{LIBRARY} is not beside {}; 'cargo xtask dist' puts it there", here.display()))
    })
}

/// Our directory, then those that were there before.
fn search_path(library: &Path) -> OsString {
    let mut path = library.as_os_str().to_owned();
    if let Some(more) = env::var_os(SEARCH_PATH).filter(|more| !more.is_empty()) {
        path.push(OsStr::new(":"));
        path.push(more);
    }
    path
}

fn usage(program: &str) -> String {
    format!(
        "\
Runs a program that uses libguestfs over this library instead, unchanged: without a virtual machine.

Usage: {program} [--] PROGRAM [ARGUMENTS…]

Examples:
  {program} -- guestfish --ro -a disk.img run : list-filesystems
  {program} -- python3 program.py
"
    )
}

//! `glassbox copy-in`: files and directories of the host, copied into a guest, as virt-copy-in does.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use bstr::ByteSlice;
use glassbox_api::Archive;
use glassbox_io::ResultExt;

use super::{
    COMMON_HELP, Failure, GUEST_HELP, Line, MOUNT_HELP, Opened, common_options, finish, no_own_options, read_line,
    take_image,
};
use crate::options::UsageError;

const LONG: [&str; 1] = ["mount"];

/// Runs the command.
pub fn main(program: &str, arguments: Vec<OsString>) -> ExitCode {
    finish(program, run(program, arguments))
}

fn run(program: &str, arguments: Vec<OsString>) -> Result<(), Failure> {
    let options = common_options(arguments, &[], &LONG);
    let Some(Line { mut disks, mut words }) = read_line(options, &|| usage(program), &mut no_own_options)? else {
        return Ok(());
    };
    take_image(&mut disks, &mut words)?;
    let Some(directory) = words.pop().filter(|_| !words.is_empty()) else {
        let message = "what is to be copied, and where to? Name files of the host and a directory of the guest";
        return Err(UsageError::see_help(message).into());
    };
    for path in &words {
        // Nothing is copied if something isn't there.
        let found = std::fs::symlink_metadata(OsStr::from_bytes(path)).at_path(path);
        found.map_err(|error| Failure::Message(error.to_string()))?;
    }
    let mut opened = Opened::mounted_writable(program, &disks)?;
    for path in &words {
        let copied = opened.handle.copy_in(path.as_bstr(), directory.as_bstr());
        copied.map_err(opened.failed(format!("copy {path} to {directory}")))?;
    }
    opened.close()
}

fn usage(program: &str) -> String {
    format!(
        "\
Copies files and directories of the host, with all that is in them, into a directory of a guest, as virt-copy-in does.

Usage: {program} [OPTIONS] IMAGE PATH… /DIRECTORY
       {program} [OPTIONS] -a IMAGE PATH… /DIRECTORY

The directory must be there. The image is changed: no virtual machine may be using it.

{MOUNT_HELP}{GUEST_HELP}{COMMON_HELP}
Example:
  {program} disk.img resolv.conf /etc
"
    )
}

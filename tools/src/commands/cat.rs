//! `glassbox cat`: files of a guest on stdout, as virt-cat prints them.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;

use bstr::ByteSlice;
use glassbox_api::FilesRead;

use super::{
    COMMON_HELP, Failure, GUEST_HELP, Line, MOUNT_HELP, Opened, common_options, finish, no_own_options, read_line,
    take_images, tell,
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
    take_images(&mut disks, &mut words)?;
    if words.is_empty() {
        return Err(UsageError::see_help("which file of the image? Name it, as /etc/fstab").into());
    }
    let mut opened = Opened::mounted(program, &disks)?;
    // Not std::io::Stdout, which looks for the last newline in everything that passes.
    let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut failed = false;
    for path in &words {
        if let Err(error) = opened.handle.download(path.as_bstr(), &mut out) {
            if error.errno() == glassbox_io::Errno::EPIPE {
                return Err(Failure::OutputClosed);
            }
            tell(program, &opened.failed(path.to_string())(error));
            failed = true;
        }
    }
    if failed { Err(Failure::Told) } else { Ok(()) }
}

fn usage(program: &str) -> String {
    format!(
        "\
Prints files of a guest, as virt-cat does.

Usage: {program} [OPTIONS] IMAGE… /PATH…
       {program} [OPTIONS] -a IMAGE /PATH…

{MOUNT_HELP}{GUEST_HELP}{COMMON_HELP}
Example:
  {program} disk.img /etc/hostname
"
    )
}

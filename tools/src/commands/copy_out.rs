//! `glassbox copy-out`: files and directories of a guest, copied to the host, as virt-copy-out does.

use std::ffi::OsString;
use std::process::ExitCode;

use bstr::ByteSlice;
use glassbox_api::Archive;

use super::{
    COMMON_HELP, Failure, GUEST_HELP, Line, MOUNT_HELP, Opened, common_options, finish, no_own_options, read_line,
    take_images,
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
    // The directory on the host comes off first: it may be a name like that of an image.
    let directory = words.pop();
    take_images(&mut disks, &mut words)?;
    let Some(directory) = directory.filter(|_| !words.is_empty()) else {
        let message = "what is to be copied, and where to? Name paths of the guest and a directory of the host";
        return Err(UsageError::see_help(message).into());
    };
    let mut opened = Opened::mounted(program, &disks)?;
    for path in &words {
        let copied = opened.handle.copy_out(path.as_bstr(), directory.as_bstr());
        copied.map_err(opened.failed(format!("copy {path} to {directory}")))?;
    }
    Ok(())
}

fn usage(program: &str) -> String {
    format!(
        "\
Copies files and directories of a guest, with all that is in them, to the host, as virt-copy-out does.

Usage: {program} [OPTIONS] IMAGE… /PATH… DIRECTORY
       {program} [OPTIONS] -a IMAGE /PATH… DIRECTORY

{MOUNT_HELP}{GUEST_HELP}{COMMON_HELP}
Example:
  {program} disk.img /var/log /etc/fstab .
"
    )
}

//! `glassbox tar-in`: a tar file of the host, unpacked into a guest, as virt-tar-in does.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::ExitCode;

use bstr::{BString, ByteSlice};
use glassbox_api::Archive;
use glassbox_api::options::TarInOpts;
use glassbox_io::ResultExt;

use super::{
    COMMON_HELP, Failure, GUEST_HELP, Line, MOUNT_HELP, Opened, common_options, finish, read_line, take_image,
};
use crate::options::{Options, UsageError};

const LONG: [&str; 5] = ["acls", "compress", "mount", "selinux", "xattrs"];

/// Runs the command.
pub fn main(program: &str, arguments: Vec<OsString>) -> ExitCode {
    finish(program, run(program, arguments))
}

fn run(program: &str, arguments: Vec<OsString>) -> Result<(), Failure> {
    let options = common_options(arguments, &[], &LONG);
    let mut compress: Option<BString> = None;
    let mut tar = TarInOpts::default();
    let own = &mut |_, name: &str, options: &mut Options| {
        match name {
            "compress" => compress = Some(options.value()?.into_vec().into()),
            "xattrs" => tar.xattrs = Some(true),
            "acls" => tar.acls = Some(true),
            "selinux" => tar.selinux = Some(true),
            _ => return Ok(false),
        }
        Ok(true)
    };
    let Some(Line { mut disks, mut words }) = read_line(options, &|| usage(program), own)? else { return Ok(()) };
    take_image(&mut disks, &mut words)?;
    let [file, directory] = words.as_slice() else {
        let message = "what is to be unpacked, and where to? Name a tar file and a directory of the guest";
        return Err(UsageError::see_help(message).into());
    };
    tar.compress = compress.as_ref().map(|method| method.as_bstr());
    let mut archive: Box<dyn Read> = match file.as_slice() {
        b"-" => Box::new(io::stdin()),
        name => {
            let opened = File::open(OsStr::from_bytes(name)).at_path(name);
            Box::new(opened.map_err(|error| Failure::Message(error.to_string()))?)
        }
    };
    let mut opened = Opened::mounted_writable(program, &disks)?;
    let unpacked = opened.handle.tar_in(&mut archive, directory.as_bstr(), tar);
    unpacked.map_err(opened.failed(format!("unpack {file} into {directory}")))?;
    opened.close()
}

fn usage(program: &str) -> String {
    format!(
        "\
Unpacks a tar file of the host into a directory of a guest, as virt-tar-in does.

Usage: {program} [OPTIONS] IMAGE FILE /DIRECTORY
       {program} [OPTIONS] -a IMAGE FILE /DIRECTORY

FILE is the tar file; - is stdin. The directory must be there. The image is changed: no virtual machine may be using it.

      --compress=METHOD    How the file is compressed: gzip, xz, bzip2, zstd …
      --xattrs, --acls, --selinux
                           Unpack these as well
{MOUNT_HELP}{GUEST_HELP}{COMMON_HELP}
Example:
  {program} --compress=gzip disk.img home.tar.gz /home
"
    )
}

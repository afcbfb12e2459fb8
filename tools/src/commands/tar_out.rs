//! `glassbox tar-out`: a directory of a guest as a tar file on the host, as virt-tar-out makes it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::ExitCode;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::Archive;
use glassbox_api::options::TarOutOpts;
use glassbox_io::Error;

use super::{
    COMMON_HELP, Failure, GUEST_HELP, Line, MOUNT_HELP, Opened, common_options, finish, read_line, take_images,
};
use crate::options::{Options, UsageError};

const LONG: [&str; 7] = ["acls", "compress", "exclude", "mount", "numeric-owner", "selinux", "xattrs"];

/// Runs the command.
pub fn main(program: &str, arguments: Vec<OsString>) -> ExitCode {
    finish(program, run(program, arguments))
}

fn run(program: &str, arguments: Vec<OsString>) -> Result<(), Failure> {
    let options = common_options(arguments, &[], &LONG);
    let mut compress: Option<BString> = None;
    let mut excludes: Vec<BString> = Vec::new();
    let mut tar = TarOutOpts::default();
    let own = &mut |_, name: &str, options: &mut Options| {
        match name {
            "compress" => compress = Some(options.value()?.into_vec().into()),
            "exclude" => excludes.push(options.value()?.into_vec().into()),
            "numeric-owner" => tar.numericowner = Some(true),
            "xattrs" => tar.xattrs = Some(true),
            "acls" => tar.acls = Some(true),
            "selinux" => tar.selinux = Some(true),
            _ => return Ok(false),
        }
        Ok(true)
    };
    let Some(Line { mut disks, mut words }) = read_line(options, &|| usage(program), own)? else { return Ok(()) };
    // The file on the host comes off first: it may be a name like that of an image.
    let file = words.pop();
    take_images(&mut disks, &mut words)?;
    let (Some(file), [directory]) = (file, words.as_slice()) else {
        let message = "what is to be packed, and where to? Name a directory of the guest and a file of the host";
        return Err(UsageError::see_help(message).into());
    };
    let excludes: Vec<&BStr> = excludes.iter().map(|pattern| pattern.as_bstr()).collect();
    tar.compress = compress.as_ref().map(|method| method.as_bstr());
    tar.excludes = (!excludes.is_empty()).then(|| excludes.as_slice().into());

    let mut opened = Opened::mounted(program, &disks)?;
    let tried = format!("pack {directory} into {file}");
    let mut out = match file.as_slice() {
        b"-" => File::from(io::stdout().as_fd().try_clone_to_owned()?),
        name => File::create(OsStr::from_bytes(name))
            .map_err(|error| opened.failed(&tried)(Error::from(error).at_path(name)))?,
    };
    match opened.handle.tar_out(directory.as_bstr(), &mut out, tar) {
        Err(error) if error.errno() == glassbox_io::Errno::EPIPE => Err(Failure::OutputClosed),
        Err(error) => {
            if file != "-" {
                // What was packed so far looks like a whole archive to nobody's good.
                let _ = std::fs::remove_file(OsStr::from_bytes(&file));
            }
            Err(opened.failed(tried)(error))
        }
        Ok(()) => Ok(out.flush()?),
    }
}

fn usage(program: &str) -> String {
    format!(
        "\
Packs a directory of a guest into a tar file on the host, as virt-tar-out does.

Usage: {program} [OPTIONS] IMAGE… /DIRECTORY FILE
       {program} [OPTIONS] -a IMAGE /DIRECTORY FILE

FILE is the tar file; - is stdout.

      --compress=METHOD    gzip, xz, bzip2, zstd …
      --exclude=PATTERN    Leave out what matches (may be repeated)
      --numeric-owner      Numbers of users and groups instead of the guest's names
      --xattrs, --acls, --selinux
                           Pack these as well
{MOUNT_HELP}{GUEST_HELP}{COMMON_HELP}
Example:
  {program} --compress=gzip disk.img /home home.tar.gz
"
    )
}

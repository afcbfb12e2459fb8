//! The group `archive`: copying trees to the host and from it, through the calls that archive them.

mod pack;
mod queue;
mod unpack;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use bstr::{BStr, ByteSlice};
use glassbox_api::options::{IsDirOpts, IsFileOpts, TarInOpts, TarOutOpts};
use glassbox_api::{Archive, FilesRead};
use glassbox_io::{Error, Result, ResultExt};

use super::Library;
pub use pack::HostArchive;
use queue::queue;
use unpack::Directory;

impl Archive for Library<'_> {
    fn copy_in(&mut self, localpath: &BStr, remotedir: &BStr) -> Result<()> {
        let local = Path::new(OsStr::from_bytes(localpath));
        let name = pack::archived_name(local)?;
        let mut archive = HostArchive::new(local, name.as_bstr())
            .map_err(|_| Error::usage(format!("source ‘{localpath}’ does not exist (or cannot be read)")))?;
        if !self.0.is_dir(remotedir, IsDirOpts::default())? {
            return Err(Error::usage(format!("target ‘{remotedir}’ is not a directory")));
        }
        self.0.tar_in(&mut archive, remotedir, TarInOpts::default())
    }

    fn copy_out(&mut self, remotepath: &BStr, localdir: &BStr) -> Result<()> {
        let local = Path::new(OsStr::from_bytes(localdir));
        if !local.is_dir() {
            return Err(Error::usage(format!("target ‘{localdir}’ is not a directory")));
        }
        let target = Directory::open(local).at_path(localdir)?;
        let name = last_name(remotepath);
        if self.0.is_dir(remotepath, IsDirOpts { followsymlinks: Some(true) })? {
            // The root has no name: what is in it goes straight into the target.
            let target = if name.is_empty() { target } else { target.make_directory(name).at_path(name)? };
            self.copy_directory(remotepath, target)
        } else if self.0.is_file(remotepath, IsFileOpts { followsymlinks: Some(true) })? {
            let mut file = target.make_file(name, 0o666).at_path(name)?;
            self.0.download(remotepath, &mut file)
        } else {
            Err(Error::usage(format!("‘{remotepath}’ is not a file or directory")))
        }
    }
}

impl Library<'_> {
    /// Archives in this thread, unpacks in another.
    fn copy_directory(&mut self, directory: &BStr, target: Directory) -> Result<()> {
        std::thread::scope(|scope| {
            let (mut archive, reader) = queue();
            let unpacking = scope.spawn(move || unpack::unpack(reader, target));
            let archived = self.0.tar_out(directory, &mut archive, TarOutOpts::default());
            if archived.is_ok() {
                archive.finish();
            }
            drop(archive);
            let unpacked = unpacking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            // What fails first is why the other fails: nobody reads, or the archive is cut off.
            match archived {
                Err(error) if !queue::is_gone(&error) => Err(error),
                _ => unpacked,
            }
        })
    }
}

fn last_name(path: &BStr) -> &BStr {
    let path = path.trim_end_with(|byte| byte == '/');
    path.rfind_byte(b'/').map_or(path, |slash| &path[slash + 1..]).as_bstr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_name_of_a_path() {
        for (path, expected) in [("/", ""), ("/a", "a"), ("/a/b/", "b"), ("/a//b//", "b")] {
            assert_eq!(last_name(path.into()), expected);
        }
    }
}

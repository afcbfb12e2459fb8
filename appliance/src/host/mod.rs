//! What the appliance is made of, as it stands on the host: programs, a kernel, qemu, and the object that we are in.

pub(crate) mod kernel;
pub(crate) mod object;
pub(crate) mod qemu;

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use glassbox_io::{Result, ResultExt};

use crate::build::tools::DIRECTORIES;

/// The host's program of this name: in `PATH`, or where system programs are.
pub(crate) fn program(name: impl AsRef<Path>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Our own directories come first: what PATH names may be a wrapper of somebody's.
    let directories =
        DIRECTORIES.iter().map(PathBuf::from).chain(std::env::split_paths(&path).filter(|path| path.is_absolute()));
    directories.map(|directory| directory.join(name.as_ref())).find(|path| is_program(path))
}

/// Whether it is a file that somebody may execute. Whether we may is no matter: it only has to be readable.
fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o111 != 0)
}

/// What tells one state of a file from another: if this is the same, so are the contents, but for an owner who cheats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity(String);

impl Identity {
    /// Of the file at `path`.
    pub fn of(path: &Path) -> Result<Identity> {
        let metadata = path.metadata().at_file(path)?;
        let text = format!(
            "{} {} {}.{:09} {}",
            metadata.len(),
            metadata.ino(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            OsStr::new(path).as_encoded_bytes().escape_ascii()
        );
        Ok(Identity(text))
    }

    /// As one line of text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

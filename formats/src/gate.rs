//! The gate: whether a file that an image names may be opened.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use glassbox_io::{Errno, Error, Result};

use crate::Format;

/// Why an image names another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// What shows where the image itself holds nothing.
    BackingFile,
    /// Where the image's clusters are.
    DataFile,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::BackingFile => "backing file",
            Role::DataFile => "external data file",
        })
    }
}

/// An image's wish to have another file of the host opened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Reference<'a> {
    /// What the file is to the image.
    pub role: Role,
    /// The file, as it would be opened.
    pub path: &'a Path,
    /// The format that the image says it has; `None` if it would be probed.
    pub format: Option<Format>,
    /// The image that names it.
    pub named_by: &'a Path,
}

/// What [`Gate::Ask`] asks.
pub type Question = dyn Fn(&Reference<'_>) -> bool + Send + Sync;

/// The policy about files that an image names. Every such file of every format goes through it.
#[derive(Clone, Default)]
pub enum Gate {
    /// Open them, as libguestfs and qemu do.
    #[default]
    Open,
    /// Open none.
    Closed,
    /// Open those for which this says `true`. It sees the names as the images spell them: symbolic links and `..` in
    /// them are not resolved.
    Ask(Arc<Question>),
}

impl Gate {
    /// `EACCES` if `reference` may not be opened. It isn't *unsupported*: nobody else should try it then.
    pub(crate) fn check(&self, reference: &Reference<'_>) -> Result<()> {
        let open = match self {
            Gate::Open => true,
            Gate::Closed => false,
            Gate::Ask(question) => question(reference),
        };
        if open {
            return Ok(());
        }
        let message = format!("not opened, by policy: the {} of {}", reference.role, reference.named_by.display());
        Err(Error::os_with(Errno::EACCES, message).at_file(reference.path))
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Gate::Open => "Open",
            Gate::Closed => "Closed",
            Gate::Ask(_) => "Ask",
        })
    }
}

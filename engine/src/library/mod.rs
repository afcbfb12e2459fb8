//! Calls that need no look at a disk, or are made of other calls: the side of libguestfs's library.
//!
//! One file per group of the API, named as the group.

mod archive;
mod debug;
mod domain;
mod drives;
mod features;
mod files_read;
mod files_write;
mod handle_config;
mod host_image;
mod inspection;
mod journal;
mod launch;
mod mount;
mod mount_local;
mod selinux;
mod test_bindings;
mod unanswered;
mod xattr_acl;

use crate::handle::Handle;
pub use archive::HostArchive;

/// Answers the calls of the library's side for a handle.
pub struct Library<'a>(pub(crate) &'a mut Handle);

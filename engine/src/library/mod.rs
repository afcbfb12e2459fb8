//! Calls that need no look at a disk, or are made of other calls: the side of libguestfs's library.
//!
//! One file per group of the API, named as the group.

mod drives;
mod files_read;
mod handle_config;
mod launch;
mod unanswered;

use crate::handle::Handle;

/// Answers the calls of the library's side for a handle.
pub struct Library<'a>(pub(crate) &'a mut Handle);

//! The handle: libguestfs's calls, answered in-process by the parsers.

mod vfs;

pub use vfs::{Follow, Located, Mount, MountId, Step, Vfs, Visit};

//! The handle: libguestfs's calls, answered in-process by the parsers.

mod device_name;
mod events;
mod job;
mod settings;
mod vfs;

pub use device_name::{DiskName, makedev};
pub use events::{Event, EventKind, Events};
pub use job::Job;
pub use settings::Settings;
pub use vfs::{Follow, Located, Mount, MountId, Step, Vfs, Visit};

//! The handle: libguestfs's calls, answered in-process by the parsers.

mod appliance;
mod calendar;
mod device_name;
mod drive;
mod events;
mod handle;
mod in_process;
mod job;
mod kernel_device;
mod lending;
mod library;
pub mod libvirt;
mod message;
mod mount_local;
mod picture;
mod reader;
mod replay;
mod session;
mod settings;
mod trace;
mod vfs;

pub use device_name::{DiskName, makedev};
pub use drive::Drive;
pub use events::{Event, EventKind, Events};
pub use glassbox_partitions::KernelPartition;
pub use handle::{Caller, DescribeDomain, Handle, State};
pub use in_process::{CAPABILITIES, InProcess, Opener, check_arguments, posix_acl};
pub use job::Job;
pub use kernel_device::{KernelDevice, KernelDeviceKind};
pub use lending::Lender;
pub use library::HostArchive;
pub use message::message;
pub use session::Session;
pub use settings::Settings;
pub use vfs::{Follow, Located, Mount, MountId, Step, Vfs, Visit};

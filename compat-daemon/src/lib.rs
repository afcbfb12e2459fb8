//! guestfsd: what needs a Linux kernel, done by the one of the appliance.
//!
//! The appliance's first process is this daemon ([`init`]). It brings the machine up, then answers calls that come through
//! the virtio-serial port ([`server`]). [`Daemon`] does by hand what changes disks: system calls ([`sysroot`]) and the
//! distribution's tools ([`tool`]), one file per group of calls in [`groups`].
//!
//! Everything else is a question, and the engine answers it as it does in the caller's process: [`view`] shows it the
//! appliance's block devices as disks and the kernel's mounts as filesystems.
//!
//! There is no program of its own. Whatever links this crate, a program or a shared library, becomes the daemon when it is
//! started as the appliance's first process ([`entry`]).

mod assembly;
mod daemon;
mod detached;
mod disk_names;
pub mod entry;
mod groups;
pub mod init;
mod ioctl;
mod kernel_file;
mod kernel_tree;
mod labels;
mod libaugeas;
mod lvm;
mod mke2fs;
mod mkfs;
mod modules;
mod mountable;
mod mounts;
mod pipes;
mod port;
mod scratch;
pub mod server;
mod stacked;
mod sysroot;
mod terminal;
mod tool;
mod view;
mod wait;
mod xattrs;
mod xfs_geometry;

pub use daemon::Daemon;

//! The appliance: a small virtual machine with the host's own kernel and tools, which answers what the parsers can't.
//!
//! [`Appliance::start`] brings it up. What it boots is built on first use, without root, from the host's kernel, modules and
//! programs ([`build`]), and kept in the user's cache ([`cache`]). The daemon in it is the very object that this code is in.
//! A booted appliance is saved once, as a *template*; later ones are restored from it in a fraction of a second.
//!
//! A running [`Appliance`] takes disks at any time, and has a [`remote::Remote`], through which the daemon is asked.

pub mod build;
pub mod cache;
mod drive;
mod host;
mod options;
pub mod remote;
pub mod start;

pub use drive::{CacheMode, Discard, Drive, Source};
pub use host::kernel::Kernel;
pub use host::object::carry_daemon;
pub use options::{Accelerator, Console, Options};
pub use start::{Appliance, Rung};

/// The hypervisor that an appliance would be started with, and its version.
pub fn qemu_version(options: &Options, cache: &cache::Cache) -> glassbox_io::Result<(std::path::PathBuf, String)> {
    host::qemu::Qemu::find(options, Some(cache)).map(|qemu| (qemu.path, qemu.version))
}

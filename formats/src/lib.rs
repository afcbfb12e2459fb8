//! Disk image formats: a host file becomes a virtual disk.
//!
//! [`open`] takes a path and gives a [`Disk`], which is a [`ReadAt`](glassbox_io::ReadAt): positioned reads from many
//! threads at once, and extents by which a caller skips holes. Nothing here opens a file for writing.
//!
//! ```no_run
//! use glassbox_formats::{Format, OpenOptions, open};
//! use glassbox_io::ReadAt;
//!
//! // A disk that a guest has written to: its format is known, and must not be guessed from what the guest wrote.
//! let disk = open("guest.img", &OpenOptions::new().format(Format::Raw))?;
//! let mut sector = [0; 512];
//! disk.read_exact_at(&mut sector, 0)?;
//! # Ok::<(), glassbox_io::Error>(())
//! ```
//!
//! # Which files are opened
//!
//! An image may name other files: a backing file, an external data file. By default they are opened, as libguestfs and qemu
//! do; [`Gate`] closes this. An image of unknown origin should be opened with the gate closed, or asked about. A raw image must
//! be opened as [`Format::Raw`] and not probed: see [`OpenOptions`].
//!
//! # Formats
//!
//! Read are raw files, block devices and [`qcow2`]. The others in [`Format`] are recognised, and *unsupported* by name. Each
//! format has a module of its own.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::arithmetic_side_effects
    )
)]

mod format;
mod gate;
mod host_file;
mod named_file;
mod open;
mod probe;
pub mod qcow2;
mod raw;

pub use format::Format;
pub use gate::{Gate, Question, Reference, Role};
pub use host_file::file_extent;
pub use open::{Disk, OpenOptions, disk_format, disk_has_backing_file, disk_virtual_size, open};

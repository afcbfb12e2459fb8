//! `libguestfs.so.0`: the C ABI of libguestfs over the engine's handle.
//!
//! The functions and structs of the API, `guestfs.h` and the shim of the variadic functions are generated from the
//! contract ([`generated`]); what they stand on is written by hand:
//!
//! - [`call`]: the way of a call from C through the engine and back; [`arguments`], [`optargs`] and [`host_files`] are
//!   what it takes, [`returns`], [`structs`] and [`memory`] what it gives;
//! - [`handle`]: what `guestfs_h` points to, its making and closing; [`lock`] is its lock, [`thread`] who holds it;
//! - [`libvirt`]: what a program holds of libvirt's library;
//! - [`errors`], [`events`] and [`private`]: the rest of the handle's API.
//!
//! This is one of the few crates with `unsafe` code (ARCHITECTURE.md). Wherever a pointer comes from C, its validity is the caller's
//! promise, made by calling the function with what the header asks for; comments at `unsafe` blocks say what more
//! they rely on. A panic never leaves the library: it becomes the call's error.

mod arguments;
mod call;
mod errors;
mod events;
mod generated;
mod handle;
mod host_files;
mod libvirt;
mod lock;
mod memory;
mod optargs;
mod private;
mod returns;
mod structs;
mod thread;

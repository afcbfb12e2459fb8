//! What is in a file, in file(1)'s words: libmagic, built in.
//!
//! The C library of Debian 12 stands in `vendor/`, unchanged; its magic is compiled when this crate is built and is part of the
//! program. `c/` decides what libmagic may see: the one file that is described, through [`ReadAt`](glassbox_io::ReadAt), and
//! nothing of the host.
//!
//! ```
//! use glassbox_magic::{Kind, Magic};
//!
//! let mut magic = Magic::new()?;
//! let script = b"#!/bin/sh\necho hello\n".to_vec();
//! assert_eq!(magic.describe(&script, Kind::File { mode: 0o100755 })?, "POSIX shell script, ASCII text executable");
//! # Ok::<(), glassbox_io::Error>(())
//! ```

// The only crate besides the C ABI that calls C: all of it is in `ffi`, each time with its reason.
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

#[allow(unsafe_code)]
mod ffi;
mod magic;
pub mod unpack;

pub use magic::{Kind, Magic};

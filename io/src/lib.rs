//! What every Glassbox crate reads with: one trait for positioned reads ([`ReadAt`]), extents so that holes cost
//! nothing, a bounded cache for metadata ([`Cached`]), checked access to on-disk fields ([`Fields`]) and one error type.
//!
//! A raw file, a qcow2 image, a partition, a logical volume and a file inside a filesystem are all a [`ReadAt`].

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

mod cached;
mod errno;
mod error;
mod fields;
mod input;
mod read_at;
mod window;

pub use cached::Cached;
pub use errno::Errno;
pub use error::{Error, ErrorKind, Result, ResultExt};
pub use fields::Fields;
pub use input::Input;
pub use read_at::{Extent, ExtentKind, Extents, ReadAt, Source};
pub use window::Window;

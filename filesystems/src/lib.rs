//! Filesystems: a volume becomes files. Read-only, in the caller's process, without a kernel.
//!
//! Each format is a folder with one on-disk structure per file; [`Filesystem`] is what they all answer.

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

pub mod detect;
pub mod ext;
pub mod fat;
mod filesystem;
pub mod ntfs;
mod open;

pub use filesystem::{DirEntry, FileType, Filesystem, NodeId, Stat, StatVfs, Timestamp, Xattr};
pub use open::{open, open_as};

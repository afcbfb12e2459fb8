//! systemd's journal: files of log entries, read one after another in the order of time.
//!
//! [`JournalFile`] reads one file (systemd's "Journal File Format"), regular or compact, whatever compressed its data,
//! clean or left open by a crash. [`Journal`] merges several into one sequence, as sd-journal(3) does for a directory.
//!
//! Entries are read in their order, through the arrays that list them. Nothing here needs the hash tables and the
//! objects for fields, which serve searches, nor the tags that seal a file: they are skipped.

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

mod compression;
mod data;
mod entry;
mod entry_array;
mod file;
mod header;
mod journal;
mod object;

pub use entry::Entry;
pub use file::JournalFile;
pub use header::{Header, State};
pub use journal::{Direction, Journal};

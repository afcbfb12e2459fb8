//! Helpers of the whole-system tests: fixtures that are built once, manifests to compare with, images gone bad.

pub mod archives;
pub mod bad_input;
pub mod dist;
pub mod fixtures;
pub mod manifest;
pub mod messages;
pub mod needs;
pub mod oracle;
pub mod program;
pub mod programme;
pub mod written;

pub use dist::library;
pub use fixtures::{corpus, fixture};
pub use needs::has_programs;
pub use program::{glassbox, handle_with_appliance};

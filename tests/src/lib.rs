//! Helpers of the whole-system tests: fixtures that are built once, manifests to compare with, images gone bad.

pub mod bad_input;
pub mod fixtures;
pub mod manifest;

pub use fixtures::{corpus, fixture};

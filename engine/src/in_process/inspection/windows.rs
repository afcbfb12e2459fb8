//! Windows: its system directory, and what its registry tells.

use super::Guest;
use super::facts::Facts;

/// What is known of the Windows whose root this filesystem is; `None` if it isn't one.
pub fn root(_guest: &Guest<'_>) -> Option<Facts> {
    None
}

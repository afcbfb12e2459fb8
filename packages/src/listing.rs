//! A partial answer.

use glassbox_io::{Error, Result};

/// Warnings that are kept: a person reads some of them, and a damaged database could give millions.
const MAX_WARNINGS: usize = 20;

/// What could be read of a database, and what couldn't.
#[derive(Debug)]
pub struct Listing<P> {
    /// The packages, in the order in which the database has them.
    pub packages: Vec<P>,
    /// Why others are missing; the first of them only, where they are many.
    pub warnings: Vec<Error>,
    /// How many warnings there were, kept or not.
    pub warning_count: usize,
}

impl<P> Default for Listing<P> {
    fn default() -> Self {
        Listing { packages: Vec::new(), warnings: Vec::new(), warning_count: 0 }
    }
}

impl<P> Listing<P> {
    /// Adds a package, or the reason why it is missing.
    pub fn push(&mut self, package: Result<P>) {
        match package {
            Ok(package) => self.packages.push(package),
            Err(error) => self.warn(error),
        }
    }

    /// Adds a warning.
    pub fn warn(&mut self, error: Error) {
        self.warning_count = self.warning_count.saturating_add(1);
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(error);
        }
    }
}

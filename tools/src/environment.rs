//! The environment of the host's programs: our own, as `setenv` and `unsetenv` change it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::process::{Command, Stdio};

/// Changes to the environment that we were started with. The process's own isn't changed: that is unsafe while other
/// threads read it.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<OsString, Option<OsString>>);

impl Environment {
    /// Sets a variable.
    pub fn set(&mut self, name: &OsStr, value: &OsStr) {
        self.0.insert(name.to_owned(), Some(value.to_owned()));
    }

    /// Removes a variable.
    pub fn unset(&mut self, name: &OsStr) {
        self.0.insert(name.to_owned(), None);
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<OsString> {
        match self.0.get(OsStr::new(name)) {
            Some(changed) => changed.clone(),
            None => std::env::var_os(name),
        }
    }

    /// The host's shell, about to run `script`.
    pub fn shell(&self, script: &OsStr) -> Command {
        self.program("sh", [OsStr::new("-c"), script])
    }

    /// A program of the host, about to run.
    pub fn program<'a>(&self, name: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = &'a OsStr>) -> Command {
        let mut command = Command::new(name);
        command.args(arguments).stdin(Stdio::inherit());
        for (name, value) in &self.0 {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

//! Passphrases, which are asked for instead of typed on the command line.

use std::io::BufRead;

use bstr::BString;

use super::Shell;
use super::problem::Problem;

/// How passphrases are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys {
    /// They are shown while being typed.
    pub echo: bool,
    /// They are lines of stdin.
    pub from_stdin: bool,
}

impl Shell {
    /// Asks for the passphrase `name`.
    pub(super) fn read_key(&mut self, name: &str) -> Result<BString, Problem> {
        let prompt = format!("Enter key or passphrase (\"{name}\"): ");
        let failed =
            |error: std::io::Error| Problem::Shell(format!("the passphrase \"{name}\" can't be read: {error}"));
        if !self.keys.from_stdin && !self.keys.echo {
            return Ok(rpassword::prompt_password(prompt).map_err(failed)?.into());
        }
        if !self.keys.from_stdin {
            eprint!("{prompt}");
        }
        let mut line = Vec::new();
        std::io::stdin().lock().read_until(b'\n', &mut line).map_err(failed)?;
        if line.pop_if(|last| *last == b'\n').is_none() && line.is_empty() {
            return Err(Problem::Shell(format!("the passphrase \"{name}\" is missing on stdin")));
        }
        Ok(line.into())
    }
}

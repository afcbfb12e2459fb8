//! `man`: the language of this shell.

use std::io::{IsTerminal, Write};
use std::process::Stdio;

use super::Shell;
use super::problem::Problem;

/// The manual.
pub const TEXT: &str = include_str!("manual.txt");

/// Shows the manual, in a pager at a terminal.
pub fn show(shell: &mut Shell) -> Result<(), Problem> {
    if !std::io::stdout().is_terminal() {
        return Ok(shell.out.write_all(TEXT.as_bytes())?);
    }
    shell.out.flush()?;
    let pager = shell.environment.get("PAGER").unwrap_or_else(|| "more".into());
    let mut program = shell.environment.shell(&pager).stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = program.stdin.take() {
        // Who leaves the pager early has seen enough.
        let _ = stdin.write_all(TEXT.as_bytes());
    }
    program.wait()?;
    Ok(())
}

//! The group `command`: the guest's own programs, run below its root.

mod guest;
mod run;

use std::io::Write;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::Commands;
use glassbox_io::{Error, Result};

use crate::Daemon;
use crate::tool::Tool;

use guest::Guest;
use run::{Message, run};

/// What interprets the lines of `sh`.
const SHELL: &[u8] = b"/bin/sh";

impl Daemon {
    /// Runs a program of the guest and writes to `out` what it prints.
    fn run_in_guest(&mut self, arguments: &[&BStr], out: &mut dyn Write) -> Result<()> {
        if arguments.is_empty() {
            return Err(Error::usage("there is no command in the list"));
        }
        let mut job = self.job();
        let guest = Guest::prepare()?;
        let outcome = run(arguments, &mut job, out);
        guest.restore()?;
        outcome
    }

    fn output(&mut self, arguments: &[&BStr]) -> Result<BString> {
        let mut output = Message::default();
        self.run_in_guest(arguments, &mut output)?;
        Ok(output.into_bytes())
    }
}

/// The lines of an output, without their ends.
fn lines(output: &BStr) -> Vec<BString> {
    let whole = output.strip_suffix(b"\n").unwrap_or(output);
    match output.is_empty() {
        true => Vec::new(),
        false => whole.split_str("\n").map(BString::from).collect(),
    }
}

fn shell(command: &BStr) -> [&BStr; 3] {
    [SHELL.as_bstr(), "-c".into(), command]
}

impl Commands for Daemon {
    fn command(&mut self, arguments: &[&BStr]) -> Result<BString> {
        self.output(arguments)
    }

    fn command_lines(&mut self, arguments: &[&BStr]) -> Result<Vec<BString>> {
        Ok(lines(self.output(arguments)?.as_ref()))
    }

    fn command_out(&mut self, arguments: &[&BStr], output: &mut dyn Write) -> Result<()> {
        self.run_in_guest(arguments, output)
    }

    fn sh(&mut self, command: &BStr) -> Result<BString> {
        self.output(&shell(command))
    }

    fn sh_lines(&mut self, command: &BStr) -> Result<Vec<BString>> {
        Ok(lines(self.output(&shell(command))?.as_ref()))
    }

    fn sh_out(&mut self, command: &BStr, output: &mut dyn Write) -> Result<()> {
        self.run_in_guest(&shell(command), output)
    }

    fn modprobe(&mut self, modulename: &BStr) -> Result<()> {
        Tool::new("modprobe").arg("--").arg(modulename).done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_may_have_an_end() {
        assert_eq!(lines("a\nb\n\n".into()), ["a", "b", ""]);
        assert_eq!(lines("a\nb".into()), ["a", "b"]);
        assert_eq!(lines("a\r\n".into()), ["a\r"]);
        assert_eq!(lines("\n".into()), [""]);
        assert!(lines("".into()).is_empty());
    }
}

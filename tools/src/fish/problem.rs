//! Why a command failed, and how that is told.

use std::fmt;

use bstr::{BString, ByteSlice};

use crate::windows_path::Unresolved;

/// Why a command of the shell failed.
#[derive(Debug)]
pub enum Problem {
    /// A call failed: told as libguestfs tells it, with its place in the script.
    Call(glassbox_io::Error),
    /// A file of the host that a call was to read or write can't be; told the same way, without the call's name.
    HostFile(glassbox_io::Error),
    /// The shell itself: told with the program's name.
    Shell(String),
    /// Told as it is.
    Plain(BString),
    /// Was told already.
    Told,
}

impl Problem {
    /// Wrong use of a command.
    pub fn usage(text: impl Into<Vec<u8>>) -> Problem {
        Problem::Plain(BString::new(text.into()))
    }
}

impl From<glassbox_io::Error> for Problem {
    fn from(error: glassbox_io::Error) -> Self {
        Problem::Call(error)
    }
}

impl From<Unresolved> for Problem {
    fn from(unresolved: Unresolved) -> Self {
        match unresolved {
            Unresolved::Call(error) => Problem::Call(error),
            Unresolved::Drive(text) => Problem::Shell(text),
        }
    }
}

/// Printing failed.
impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Problem::Shell(glassbox_io::Error::from(error).to_string())
    }
}

/// A problem with what its text needs to know.
pub struct Told<'a> {
    /// What happened.
    pub problem: &'a Problem,
    /// The name that the program was started by.
    pub program: &'a str,
    /// The script's name and line, unless a person is typing.
    pub place: Option<(&'a str, u64)>,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |f: &mut fmt::Formatter<'_>| match self.place {
            Some((script, line)) => write!(f, "{script}:{line}: "),
            None => Ok(()),
        };
        match self.problem {
            Problem::Call(error) => {
                place(f)?;
                writeln!(f, "libguestfs: error: {}", glassbox_engine::message(error))
            }
            Problem::HostFile(error) => {
                place(f)?;
                writeln!(f, "libguestfs: error: {error}")
            }
            Problem::Shell(text) => writeln!(f, "{}: {text}", self.program),
            Problem::Plain(text) => writeln!(f, "{}", text.as_bstr()),
            Problem::Told => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_told_with_their_place() {
        let problem = Problem::Call(glassbox_io::Error::os(glassbox_io::Errno::ENOENT).at_path("/x").in_call("ll"));
        let told = |place| Told { problem: &problem, program: "fish", place }.to_string();
        assert_eq!(told(Some(("s", 7))), "s:7: libguestfs: error: ll: /x: No such file or directory\n");
        assert_eq!(told(None), "libguestfs: error: ll: /x: No such file or directory\n");
        let problem = Problem::Shell("no".into());
        assert_eq!(Told { problem: &problem, program: "fish", place: Some(("s", 7)) }.to_string(), "fish: no\n");
    }
}

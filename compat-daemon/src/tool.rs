//! The distribution's tools, which the appliance brings along.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Errno, Error, Result};

/// Where tools are looked for.
pub const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// The longest that a tool's standard output may be as an error message.
const MESSAGE_MAX: usize = 4096;

/// A run of a tool that is being put together.
pub struct Tool {
    name: Cow<'static, str>,
    command: Command,
    input: Vec<u8>,
}

/// What every tool finds in its environment. libdevmapper shall make its device nodes itself: there is no udev.
pub const ENVIRONMENT: [(&str, &str); 5] =
    [("PATH", PATH), ("LC_ALL", "C"), ("HOME", "/"), ("TERM", "dumb"), ("DM_DISABLE_UDEV", "1")];

/// What a tool did.
pub struct Outcome {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it said.
    pub stderr: Vec<u8>,
}

impl Tool {
    /// A run of the tool `name`.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        let name = name.into();
        let mut command = Command::new(&*name);
        command.env_clear().envs(ENVIRONMENT).current_dir("/");
        Tool { name, command, input: Vec::new() }
    }

    /// Whether the appliance has it.
    pub fn exists(name: &str) -> bool {
        PATH.split(':').any(|folder| std::path::Path::new(folder).join(name).exists())
    }

    /// One more argument.
    pub fn arg(mut self, argument: impl AsRef<[u8]>) -> Self {
        self.command.arg(OsStr::from_bytes(argument.as_ref()));
        self
    }

    /// More arguments.
    pub fn args<A: AsRef<[u8]>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        for argument in arguments {
            self.command.arg(OsStr::from_bytes(argument.as_ref()));
        }
        self
    }

    /// The argument, where it is wanted.
    pub fn flag(self, wanted: Option<bool>, argument: &str) -> Self {
        if wanted == Some(true) { self.arg(argument) } else { self }
    }

    /// An option and its number, where there is one.
    pub fn number(self, option: &str, value: Option<impl Into<i64>>) -> Self {
        match value {
            Some(value) => self.arg(option).arg(value.into().to_string()),
            None => self,
        }
    }

    /// An option and its text, where there is one.
    pub fn text(self, option: &str, value: Option<&BStr>) -> Self {
        match value {
            Some(value) => self.arg(option).arg(value),
            None => self,
        }
    }

    /// A variable of its environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Where it runs.
    pub fn in_folder(mut self, folder: &BStr) -> Self {
        self.command.current_dir(OsStr::from_bytes(folder));
        self
    }

    /// What it reads from its standard input.
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// What it prints. Fails with what it said if it doesn't end well.
    pub fn run(self) -> Result<Vec<u8>> {
        let name = self.name.clone();
        let outcome = self.outcome()?;
        outcome.success(&name).map(|()| outcome.stdout)
    }

    /// Runs it for what it does. Fails with what it said if it doesn't end well.
    pub fn done(self) -> Result<()> {
        self.run().map(drop)
    }

    /// What it prints, as text without the line's end.
    pub fn line(self) -> Result<BString> {
        let output = self.run()?;
        Ok(output.trim_end_with(|letter| letter == '\n').into())
    }

    /// What it does, whether it ends well or not. *Unsupported* if the appliance doesn't have it.
    pub fn outcome(mut self) -> Result<Outcome> {
        self.command.stdin(if self.input.is_empty() { Stdio::null() } else { Stdio::piped() });
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(|error| missing(&self.name, &error))?;
        let stdin = child.stdin.take();
        let mut errors = child.stderr.take();
        let mut output = child.stdout.take();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let input = &self.input;
        // Three pipes at once, or one that is full would hold up the others.
        std::thread::scope(|scope| {
            if let Some(mut stdin) = stdin {
                // A tool that has read enough closes its end.
                scope.spawn(move || stdin.write_all(input));
            }
            scope.spawn(|| errors.as_mut().map(|pipe| pipe.read_to_end(&mut stderr)));
            output.as_mut().map(|pipe| pipe.read_to_end(&mut stdout)).transpose()
        })?;
        Ok(Outcome { status: child.wait()?, stdout, stderr })
    }

    /// The tool's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The run itself, for those who want its pipes.
    pub fn into_command(self) -> Command {
        self.command
    }
}

impl Outcome {
    /// Fails with what the tool `name` said if it didn't end well.
    pub fn success(&self, name: &str) -> Result<()> {
        if self.status.success() { Ok(()) } else { Err(self.failure(name)) }
    }

    /// The error of a tool that failed: what it said, or how it ended.
    pub fn failure(&self, name: &str) -> Error {
        let said = match self.stderr.trim() {
            // Some tell their troubles on standard output.
            b"" => self.stdout.trim().get(..MESSAGE_MAX).unwrap_or(self.stdout.trim()).as_bstr(),
            said => said.as_bstr(),
        };
        let text = match (said.is_empty(), self.status.code(), self.status.signal()) {
            (false, _, _) => said.to_string(),
            (true, Some(code), _) => format!("ended with status {code}"),
            (true, None, signal) => format!("was ended by signal {}", signal.unwrap_or(0)),
        };
        // Most tools begin with their name themselves.
        let text = text.strip_prefix(&format!("{name}: ")).unwrap_or(&text);
        // No system call of ours failed: libguestfs has no errno then.
        Error::os_with(Errno(0), format!("{name}: {text}"))
    }
}

/// The error of a tool that can't be started.
pub fn missing(name: &str, error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::NotFound => Error::unsupported(format!("the appliance has no {name}")),
        _ => Error::os_with(Errno(error.raw_os_error().unwrap_or(0)), format!("{name}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_answers_fails_with_what_it_said_or_is_missing() {
        assert_eq!(Tool::new("cat").input(vec![b'x'; 1 << 20]).run().unwrap().len(), 1 << 20);
        assert_eq!(Tool::new("sh").args(["-c", "echo one"]).line().unwrap(), "one");
        let failure = Tool::new("sh").args(["-c", "echo so >&2; exit 3"]).run().unwrap_err();
        assert_eq!((failure.to_string().as_str(), failure.errno()), ("sh: so", Errno(0)));
        let named = Tool::new("cat").arg("/nonexistent").run().unwrap_err();
        assert_eq!(named.to_string(), "cat: /nonexistent: No such file or directory");
        let silent = Tool::new("false").run().unwrap_err();
        assert_eq!(silent.to_string(), "false: ended with status 1");
        assert!(Tool::new("no-such-tool").run().unwrap_err().is_unsupported());
        let echo = Tool::new("echo").flag(Some(true), "-f").flag(Some(false), "-n").flag(None, "-n");
        let echo = echo.number("-c", Some(3)).number("-d", None::<i32>).text("-L", Some("l".into())).text("-U", None);
        assert_eq!(echo.line().unwrap(), "-f -c 3 -L l");
    }
}

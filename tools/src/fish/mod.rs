//! `glassbox fish`: guestfish's language.
//!
//! Lines come from a script, from a person or from the command line; [`lexer`] takes them apart; a command is one of
//! the shell's own ([`local`]) or a call of the API ([`command`]), of which nothing is known here but the table.

mod command;
mod completion;
mod edit;
mod events;
mod glob;
mod help;
mod host_file;
mod inspect;
mod invocation;
mod lexer;
mod local;
mod manual;
mod output;
mod prepared;
mod print;
mod problem;
mod prompt;
mod source;
mod tilde;
mod value;

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{ExitCode, Stdio};
use std::rc::Rc;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::{HandleConfig, Launching};
use glassbox_engine::Handle;
use glassbox_io::ResultExt;

use crate::environment::Environment;
use crate::keys::Keys;
use crate::progress::Progress;
use crate::windows_path;
use events::Handler;
use invocation::{Action, Invocation};
use lexer::Statement;
use output::Output;
use problem::{Problem, Told};
use prompt::Prompt;
use source::{Lines, Source, Stdin};

/// How a script on stdin and the commands on the command line are called in messages.
const STDIN_NAME: &str = "*stdin*";

/// The shell.
pub struct Shell {
    /// The name we were started by, for messages.
    program: String,
    /// The handle; shared with the completion of the prompt.
    handle: Rc<RefCell<Handle>>,
    /// Where commands print.
    out: Output,
    /// Where lines come from; a program whose output is run is on top of the script that named it.
    sources: Vec<Box<dyn Source>>,
    /// The script's name.
    script: String,
    /// The number of the script's line that is being run; 0 for the command line.
    line: u64,
    /// How many commands have been begun; `time echo` is two.
    commands: u64,
    /// Whether a person is typing.
    interactive: bool,
    /// Whether failing to write to a pipe is an error.
    pipe_error: bool,
    keys: Keys,
    environment: Environment,
    handlers: Vec<Handler>,
    progress: Option<Progress>,
    /// Set by the command `quit`.
    quit: bool,
}

/// A script ended by an error, which has been told.
#[derive(Debug)]
struct Failed;

/// Runs the shell.
pub fn main(program: &str, arguments: Vec<OsString>) -> ExitCode {
    let invocation = match invocation::parse(program, arguments) {
        Ok(Action::Run(invocation)) => *invocation,
        Ok(Action::Print(text)) => return print(&text(program)),
        Ok(Action::CommandHelp(names)) => return command_help(program, &names),
        Err(error) => return crate::usage_error(program, &error),
    };
    match run(program, invocation) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprint!("{}", Told { problem: &problem, program, place: None });
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn command_help(program: &str, names: &[BString]) -> ExitCode {
    let mut out = std::io::stdout();
    let shown = match names {
        [] => help::list(&mut out).map_err(Problem::from),
        names => names.iter().try_for_each(|name| help::show(&mut out, name.as_bstr())),
    };
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprint!("{}", Told { problem: &problem, program, place: None });
            ExitCode::FAILURE
        }
    }
}

fn run(program: &str, invocation: Invocation) -> Result<(), Problem> {
    let script = match &invocation.file {
        Some(path) => {
            Some(File::open(path).at_file(path).map_err(|error| Problem::Shell(error.during("open").to_string()))?)
        }
        None => None,
    };
    invocation.disks.create()?;
    let mut handle = invocation.disks.empty_handle(program)?;
    let numbers = invocation.disks.add_to(&mut handle, invocation.read_only)?;
    if !invocation.sync {
        handle.set_autosync(false)?;
    }
    if invocation.network {
        handle.set_network(true)?;
    }
    if invocation.inspector || invocation.disks.mounts_something() || !invocation.prepared.is_empty() {
        handle.launch()?;
    }
    for (drive, new) in &invocation.prepared {
        new.make(&mut handle, numbers[*drive]).map_err(|error| {
            eprint!("{}", Told { problem: &Problem::Call(error), program, place: None });
            Problem::Shell(prepared::failed(new))
        })?;
    }
    let inspected = match invocation.inspector {
        true => {
            invocation.disks.keys.open(&mut handle, invocation.read_only, true)?;
            Some(inspect::mount(&mut handle, program, invocation.read_only)?)
        }
        false => None,
    };
    if let Err(failure) = invocation.disks.mount(&mut handle, invocation.read_only) {
        let advice = failure.advice();
        eprint!("{}", Told { problem: &Problem::Call(failure.error), program, place: None });
        advice.iter().for_each(|line| eprintln!("{program}: {line}"));
        return Err(Problem::Told);
    }
    let reads_stdin = script.is_none() && invocation.words.is_empty();
    let interactive = reads_stdin && std::io::stdin().is_terminal();
    let handle = Rc::new(RefCell::new(handle));
    let ending = handle.clone();
    let shows_progress = invocation.progress_bars.unwrap_or(interactive);
    let progress = shows_progress.then(|| Progress::listen(handle.borrow().events()));
    let mut shell = Shell {
        program: program.to_owned(),
        handle: handle.clone(),
        out: Output::new()?,
        sources: Vec::new(),
        script: invocation.file.as_ref().map_or_else(|| STDIN_NAME.into(), |path| path.display().to_string()),
        line: 0,
        commands: 0,
        interactive,
        pipe_error: invocation.pipe_error,
        keys: invocation.disks.keys,
        environment: Environment::default(),
        handlers: Vec::new(),
        progress,
        quit: false,
    };
    let result = if !invocation.words.is_empty() {
        shell.command_line(&invocation.words)
    } else if let Some(script) = script {
        shell.script(Box::new(Lines::new(script)))
    } else if interactive {
        let prompt = Prompt::new(handle, invocation.dest_paths, &shell.environment)?;
        let restore = prompt.restore();
        if let Some(mounted) = &inspected {
            shell.out.write_all(&mounted.summary())?;
            shell.out.flush()?;
        }
        let result = shell.script(Box::new(prompt));
        shell.out.write_all(&restore)?;
        result
    } else {
        shell.script(Box::new(Stdin))
    };
    shell.out.flush()?;
    result.map_err(|Failed| Problem::Told)?;
    // Only now it is known that all that was written has reached the disks.
    Ok(ending.borrow_mut().shutdown()?)
}

impl Shell {
    /// Tells why something failed.
    fn tell(&mut self, problem: &Problem) {
        self.end_progress();
        // What was printed before comes first, where both go the same way.
        let _ = self.out.flush();
        let place = (!self.interactive).then_some((self.script.as_str(), self.line));
        eprint!("{}", Told { problem, program: &self.program, place });
    }

    /// Takes a progress bar away that a call has left.
    fn end_progress(&self) {
        if let Some(progress) = &self.progress {
            progress.clear();
        }
    }

    /// Runs the commands that stand on the command line, separated by `:`.
    fn command_line(&mut self, words: &[BString]) -> Result<(), Failed> {
        let mut commands: Vec<&[BString]> = words.split(|word| word == ":").collect();
        if commands.len() > 1 && commands.last().is_some_and(|last| last.is_empty()) {
            commands.pop();
        }
        for command in commands {
            let Some((name, words)) = command.split_first() else {
                self.tell(&Problem::Shell("empty command on command line".into()));
                return Err(Failed);
            };
            let (ignore_errors, name) = match name.strip_prefix(b"-") {
                Some(name) => (true, BStr::new(name)),
                None => (false, name.as_bstr()),
            };
            self.statement(name, words, None).or_else(|failed| if ignore_errors { Ok(()) } else { Err(failed) })?;
            if self.quit {
                break;
            }
        }
        Ok(())
    }

    /// Runs all lines of a source; stops at the first error unless a person is typing.
    fn script(&mut self, source: Box<dyn Source>) -> Result<(), Failed> {
        let outermost = self.sources.is_empty();
        self.sources.push(source);
        let result = self.lines(outermost);
        self.sources.pop();
        result
    }

    fn lines(&mut self, outermost: bool) -> Result<(), Failed> {
        while !self.quit {
            let Some(source) = self.sources.last_mut() else { return Ok(()) };
            let line = match source.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.tell(&Problem::Shell(error.to_string()));
                    return Err(Failed);
                }
            };
            if outermost {
                self.line += 1;
            }
            let line = lexer::parse(&line, &tilde::home);
            let result = match line.statement {
                Ok(Statement::Nothing) => Ok(()),
                Ok(Statement::Host(command)) => self.host_command(command.as_bstr()),
                Ok(Statement::Inline(command)) => self.inline(command.as_bstr()),
                Ok(Statement::Command(command)) => {
                    self.statement(command.name.as_bstr(), &command.arguments, command.pipe.as_ref())
                }
                Err(error) => {
                    self.tell(&Problem::Shell(error.to_string()));
                    Err(Failed)
                }
            };
            if result.is_err() && !line.ignore_errors && !self.interactive {
                return result;
            }
        }
        Ok(())
    }

    /// The next line of the source that is being read, as it is. The lines of here documents aren't counted, as
    /// guestfish doesn't either.
    fn next_raw_line(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        Ok(match self.sources.last_mut() {
            Some(source) => source.next_raw_line()?,
            None => Stdin.next_raw_line()?,
        })
    }

    /// `!command`. Fails if the command does.
    fn host_command(&mut self, command: &BStr) -> Result<(), Failed> {
        let status = self.out.flush().and_then(|()| self.environment.shell(OsStr::from_bytes(command)).status());
        match status {
            // A command that a signal ends is no error, in guestfish neither.
            Ok(status) if status.code().unwrap_or(0) == 0 => Ok(()),
            Ok(_) => Err(Failed),
            Err(error) => {
                self.tell(&Problem::from(error));
                Err(Failed)
            }
        }
    }

    /// `<!command`: runs what the command prints.
    fn inline(&mut self, command: &BStr) -> Result<(), Failed> {
        let spawned = self
            .out
            .flush()
            .and_then(|()| self.environment.shell(OsStr::from_bytes(command)).stdout(Stdio::piped()).spawn());
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => {
                self.tell(&Problem::from(error));
                return Err(Failed);
            }
        };
        if let Some(stdout) = child.stdout.take() {
            self.script(Box::new(Lines::new(stdout)))?;
        }
        match child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                self.tell(&Problem::Shell(format!("<!{command}: {status}")));
                Err(Failed)
            }
            Err(error) => {
                self.tell(&Problem::from(error));
                Err(Failed)
            }
        }
    }

    /// Runs a command of a script or the command line, its output led to `pipe`, and tells if it fails.
    fn statement(&mut self, name: &BStr, words: &[BString], pipe: Option<&BString>) -> Result<(), Failed> {
        let result = match pipe {
            None => self.run_command(name, words),
            Some(pipe) => self.run_piped(name, words, pipe.as_bstr()),
        };
        let result = result.and_then(|()| Ok(self.out.flush()?));
        result.map_err(|problem| {
            self.tell(&problem);
            Failed
        })
    }

    fn run_piped(&mut self, name: &BStr, words: &[BString], pipe: &BStr) -> Result<(), Problem> {
        self.out.flush()?;
        let child = self.environment.shell(OsStr::from_bytes(pipe)).stdin(Stdio::piped()).spawn()?;
        self.out.pipe_to(child);
        let result = self.run_command(name, words);
        match (result, self.out.unpipe()) {
            (Ok(()), Err(error)) if self.pipe_error => Err(error.into()),
            (result, _) => result,
        }
    }

    /// Runs a command: one of the shell's own, or a call.
    fn run_command(&mut self, name: &BStr, words: &[BString]) -> Result<(), Problem> {
        self.commands += 1;
        if let Some(local) = local::find(name) {
            return (local.run)(self, name, words);
        }
        if let Some(info) = command::find(name) {
            return command::run(self, info, name, words);
        }
        let mut text = format!("{name}: unknown command");
        if self.commands == 1 && !self.interactive {
            let program = &self.program;
            text.push_str(&format!(
                "\nDid you mean to open a disk image?  {program} -a disk.img\nFor a list of commands:             \
                 {program} -h\nFor complete documentation:         {program} man"
            ));
        }
        Err(Problem::usage(text))
    }

    /// A path of the guest, where Windows' way of writing it was meant.
    fn guest_path(&self, path: &BString) -> Result<BString, Problem> {
        Ok(windows_path::resolve_marked(&mut self.handle.borrow_mut(), path.as_bstr())?)
    }

    /// A new handle in the place of the old one, with its properties, and heard by the same event handlers.
    fn reopen(&mut self) -> Result<(), Problem> {
        let mut handle = Handle::new()?;
        {
            let old = self.handle.borrow();
            let settings = &old.session().settings;
            handle.set_program(settings.program.as_bstr())?;
            handle.set_verbose(settings.verbose)?;
            handle.set_trace(settings.trace)?;
            handle.set_autosync(settings.autosync)?;
        }
        for handler in &mut self.handlers {
            *handler = Handler::register(
                handle.events(),
                &self.environment,
                handler.name.as_bstr(),
                handler.mask,
                handler.script.as_bstr(),
            );
        }
        if self.progress.is_some() {
            self.progress = Some(Progress::listen(handle.events()));
        }
        *self.handle.borrow_mut() = handle;
        Ok(())
    }
}

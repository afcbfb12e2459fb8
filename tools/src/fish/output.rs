//! Where commands print: stdout, or the program that a pipe leads to.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin};

/// What a shell reports of a program that died of SIGPIPE; we end that way when nobody reads our output any more.
const SIGPIPE_STATUS: i32 = 128 + 13;

/// The output of commands.
pub struct Output {
    // Not std::io::Stdout, which looks for the last newline in everything that passes.
    stdout: BufWriter<File>,
    pipe: Option<Pipe>,
}

struct Pipe {
    child: Child,
    stdin: BufWriter<ChildStdin>,
    /// Why writing failed, if it did. The rest is dropped.
    error: Option<io::Error>,
}

impl Output {
    /// Prints to stdout.
    pub fn new() -> io::Result<Output> {
        let stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        Ok(Output { stdout: BufWriter::new(stdout), pipe: None })
    }

    /// Leads the output to `child`, whose stdin is a pipe, until [`Output::unpipe`].
    pub fn pipe_to(&mut self, mut child: Child) {
        if let Some(stdin) = child.stdin.take() {
            self.pipe = Some(Pipe { child, stdin: BufWriter::new(stdin), error: None });
        }
    }

    /// Ends the pipe: waits for its program, whose exit status doesn't matter, and tells why writing to it failed, if
    /// it did.
    pub fn unpipe(&mut self) -> io::Result<()> {
        let Some(mut pipe) = self.pipe.take() else { return Ok(()) };
        let flushed = pipe.stdin.flush();
        // What could not be written must not be tried again when the buffer is dropped.
        let (stdin, _unwritten) = pipe.stdin.into_parts();
        drop(stdin);
        pipe.child.wait()?;
        match pipe.error {
            Some(error) => Err(error),
            None => flushed,
        }
    }
}

impl Write for Output {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let Some(pipe) = &mut self.pipe else { return stdout_result(self.stdout.write(buf)) };
        if pipe.error.is_none() {
            match pipe.stdin.write(buf) {
                Ok(written) => return Ok(written),
                Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
                Err(error) => pipe.error = Some(error),
            }
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let Some(pipe) = &mut self.pipe else { return stdout_result(self.stdout.flush()) };
        if pipe.error.is_none() {
            pipe.error = pipe.stdin.flush().err();
        }
        Ok(())
    }
}

/// Without a reader of stdout there is nothing left to do. Programs in C end here by a signal, which Rust ignores.
fn stdout_result<T>(result: io::Result<T>) -> io::Result<T> {
    if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe) {
        std::process::exit(SIGPIPE_STATUS);
    }
    result
}

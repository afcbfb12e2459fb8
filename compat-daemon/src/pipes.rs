//! Tools that read or write a file of the caller's, which passes through without being kept.

use std::io::{self, Read, Write};
use std::process::{Child, Stdio};

use glassbox_api::protocol::ERROR_MESSAGE_MAX;
use glassbox_engine::Job;
use glassbox_io::Result;

use crate::tool::{Outcome, Tool, missing};

/// Passed on at a time.
const PIECE: usize = 256 << 10;

impl Tool {
    /// Writes what the tool prints to `out`. Fails with what it said if it doesn't end well; then the file that was written
    /// is worth nothing.
    pub fn write_to(self, out: &mut dyn Write, job: &mut Job) -> Result<()> {
        let name = self.name().to_owned();
        self.output_to(out, job)?.success(&name)
    }

    /// As [`Self::write_to`], for those who tell how the tool ended in their own words: it may have failed.
    pub fn output_to(self, out: &mut dyn Write, job: &mut Job) -> Result<Outcome> {
        let name = self.name().to_owned();
        let mut command = self.into_command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| missing(&name, &error))?;
        finish(child, |child| match child.stdout.take() {
            Some(mut printed) => pass(&mut printed, out, job),
            None => Ok(()),
        })
    }

    /// Lets the tool read `input`. Fails with what it said if it doesn't end well.
    pub fn read_from(self, input: &mut dyn Read, job: &mut Job) -> Result<()> {
        let name = self.name().to_owned();
        let mut command = self.into_command();
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| missing(&name, &error))?;
        let outcome = finish(child, |child| match child.stdin.take() {
            // Its end is closed with the pipe, when this returns.
            Some(mut pipe) => pass(input, &mut pipe, job),
            None => Ok(()),
        });
        outcome?.success(&name)
    }
}

/// Waits for a tool while `work` is done on its pipes, and listens to what it says meanwhile.
fn finish(mut child: Child, work: impl FnOnce(&mut Child) -> Result<()>) -> Result<Outcome> {
    let errors = child.stderr.take();
    let (worked, stderr) = std::thread::scope(|scope| {
        let errors = scope.spawn(|| errors.map_or(Ok(Vec::new()), read_errors));
        let worked = work(&mut child);
        if worked.is_err() {
            // It would wait for ever for the rest, unless it has ended: that the pipe is broken is no news then.
            let _ = child.try_wait().ok().flatten().is_none().then(|| child.kill());
        }
        (worked, errors.join().unwrap_or_else(|_| Ok(Vec::new())))
    });
    let outcome = Outcome { status: child.wait()?, stdout: Vec::new(), stderr: stderr? };
    match (worked, outcome.status.code()) {
        // Of a tool that was killed because of it, the cause is told; else what the tool said.
        (Err(error), None | Some(0)) => Err(error),
        _ => Ok(outcome),
    }
}

/// The beginning of what a tool says; the rest is read as well, or the tool would wait for us.
fn read_errors(mut stderr: impl Read) -> io::Result<Vec<u8>> {
    let mut said = Vec::new();
    stderr.by_ref().take(ERROR_MESSAGE_MAX as u64).read_to_end(&mut said)?;
    io::copy(&mut stderr, &mut io::sink())?;
    Ok(said)
}

fn pass(from: &mut dyn Read, to: &mut dyn Write, job: &mut Job) -> Result<()> {
    let mut buf = vec![0; PIECE];
    loop {
        job.pulse()?;
        match from.read(&mut buf)? {
            0 => break,
            count => to.write_all(&buf[..count])?,
        }
    }
    to.flush()?;
    job.done(1);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use glassbox_io::Errno;

    fn job() -> (Job, Arc<AtomicBool>) {
        let cancelled = Arc::new(AtomicBool::new(false));
        (Job::new(Arc::default(), cancelled.clone(), 1, 1), cancelled)
    }

    fn shell(script: &str) -> Tool {
        Tool::new("sh").args(["-c", script])
    }

    #[test]
    fn files_pass_through_tools() {
        let mut out = Vec::new();
        shell("head -c 3000000 /dev/zero").write_to(&mut out, &mut job().0).unwrap();
        assert_eq!(out.len(), 3_000_000);
        shell("test $(wc -c) = 3000000").read_from(&mut &out[..], &mut job().0).unwrap();
        let failure = shell("cat; echo so >&2; exit 3").read_from(&mut &b"x"[..], &mut job().0).unwrap_err();
        assert_eq!(failure.to_string(), "sh: so");
        // It doesn't read what it is given, and says why.
        let failure = shell("echo full >&2; exit 1").read_from(&mut &out[..], &mut job().0).unwrap_err();
        assert_eq!(failure.to_string(), "sh: full");
        // Much is said, of which the beginning is kept.
        let much = shell("yes | head -c 1000000 >&2; echo out; exit 3").output_to(&mut out, &mut job().0).unwrap();
        assert_eq!((much.stderr.len(), much.status.code()), (ERROR_MESSAGE_MAX, Some(3)));
    }

    #[test]
    fn a_cancelled_call_ends_its_tool() {
        let (mut job, cancelled) = job();
        cancelled.store(true, Ordering::Relaxed);
        let started = std::time::Instant::now();
        let error = shell("exec sleep 60").write_to(&mut Vec::new(), &mut job).unwrap_err();
        assert_eq!(error.errno(), Errno::EINTR);
        assert!(started.elapsed().as_secs() < 30);
    }
}

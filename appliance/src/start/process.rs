//! The qemu process: started, watched, ended, and never left behind.
//!
//! Its standard input and output are the sockets of its monitor and of the guest's channel: so nothing has a path that
//! somebody else could open, and no descriptor is inherited by the wrong process. Standard error carries qemu's own messages
//! and the guest's console.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use glassbox_io::{Errno, Error, Result, ResultExt};

use crate::options::{Console, Options};

/// How much of what was printed is kept.
const LOG_BYTES: usize = 64 << 10;
/// How often an ending process is looked at.
const POLL: Duration = Duration::from_millis(2);
/// How long the last words of an ended process are waited for.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// Reads a line; if its input ends without one, our process is gone, and the group of processes is killed.
const WATCHER: &str = "read -r line || kill -KILL 0";

/// A running qemu.
pub(crate) struct Process {
    child: Child,
    watcher: Option<Watcher>,
    log: Arc<Mutex<VecDeque<u8>>>,
    reader: Option<JoinHandle<()>>,
}

/// What a new qemu is reached by.
pub(crate) struct Sockets {
    pub monitor: UnixStream,
    pub channel: UnixStream,
}

impl Process {
    /// Starts `hv` with these arguments.
    pub fn start(hv: &Path, arguments: &[OsString], options: &Options) -> Result<(Process, Sockets)> {
        let (monitor, its_monitor) = UnixStream::pair()?;
        let (channel, its_channel) = UnixStream::pair()?;
        let mut command = Command::new(hv);
        command.args(arguments);
        command.stdin(OwnedFd::from(its_monitor)).stdout(OwnedFd::from(its_channel)).stderr(Stdio::piped());
        // Always in a group of its own: what interrupts us at a terminal must not end it in the middle of a write.
        let watcher = options.watcher.then(Watcher::start).flatten();
        command.process_group(watcher.as_ref().map_or(0, Watcher::group));
        let mut child = command.spawn().at_file(hv)?;
        // It holds the guest's ends of the sockets, which must close when qemu ends.
        drop(command);
        let log = Arc::new(Mutex::new(VecDeque::new()));
        let reader = child.stderr.take().map(|output| read_console(output, log.clone(), options.console.clone()));
        Ok((Process { child, watcher, log, reader }, Sockets { monitor, channel }))
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The last that it and the guest printed.
    pub fn log(&self) -> Vec<u8> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().copied().collect()
    }

    /// Ends it at once.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.child.kill()?;
        self.reap()
    }

    /// Waits until it has ended; kills it after `deadline`.
    pub fn wait(&mut self, deadline: Duration) -> Result<ExitStatus> {
        let started = Instant::now();
        while started.elapsed() < deadline {
            if self.has_ended()? {
                return self.reap();
            }
            std::thread::sleep(POLL);
        }
        self.kill()?;
        Err(Error::os_with(Errno::ETIMEDOUT, "qemu didn't end in time and was killed"))
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&self) -> Result<bool> {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let Some(pid) = Pid::from_raw(self.child.id() as i32) else { return Ok(true) };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match waitid(WaitId::Pid(pid), options) {
            Ok(status) => Ok(status.is_some()),
            // Reaped before.
            Err(rustix::io::Errno::CHILD) => Ok(true),
            Err(error) => Err(std::io::Error::from(error).into()),
        }
    }

    fn reap(&mut self) -> Result<ExitStatus> {
        if let Some(watcher) = self.watcher.take() {
            watcher.dismiss();
        }
        let status = self.child.wait()?;
        // So that the log has the last words. The pipe ends with qemu, unless it left children.
        let started = Instant::now();
        while self.reader.as_ref().is_some_and(|reader| !reader.is_finished()) && started.elapsed() < LAST_WORDS {
            std::thread::sleep(POLL);
        }
        Ok(status)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Either it has ended before, or there is nobody left to tell.
        let _ = self.kill();
    }
}

/// A shell that outlives us by an instant: independent of the guest, and of the thread that started it. It leads the group of
/// processes that qemu is started in, so there is no moment at which qemu runs unwatched.
struct Watcher {
    child: Child,
    input: ChildStdin,
}

impl Watcher {
    /// `None` if there is no shell: the daemon powers the guest off when we hang up, so this is the second safety.
    fn start() -> Option<Watcher> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", WATCHER, "glassbox-watcher"]).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let input = child.stdin.take()?;
        Some(Watcher { child, input })
    }

    /// The group that it leads.
    fn group(&self) -> i32 {
        // No process has a number that doesn't fit.
        self.child.id() as i32
    }

    /// Ends it without a kill.
    fn dismiss(mut self) {
        let _ = self.input.write_all(b"done\n");
        drop(self.input);
        let _ = self.child.wait();
    }
}

/// Reads what is printed until the pipe ends.
fn read_console(
    mut output: impl Read + Send + 'static,
    log: Arc<Mutex<VecDeque<u8>>>,
    console: Option<Console>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        loop {
            let bytes = match output.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => &buffer[..count],
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.extend(bytes);
            let surplus = log.len().saturating_sub(LOG_BYTES);
            log.drain(..surplus);
            drop(log);
            if let Some(console) = &console {
                console(bytes);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn start(script: &str) -> (Process, Sockets) {
        let arguments = ["-c".into(), script.into()];
        Process::start(Path::new("/bin/sh"), &arguments, &Options::default()).unwrap()
    }

    #[test]
    fn sockets_and_console_are_connected() {
        let (mut process, mut sockets) = start("read -r line; echo \"$line\" >&1; echo printed >&2; exit 3");
        sockets.monitor.write_all(b"hello\n").unwrap();
        let mut answer = String::new();
        sockets.channel.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "hello\n");
        let status = process.wait(Duration::from_secs(10)).unwrap();
        assert_eq!((status.code(), process.log()), (Some(3), b"printed\n".to_vec()));
        assert!(process.has_ended().unwrap());
    }

    #[test]
    fn it_is_killed_when_it_does_not_end() {
        let (mut process, _sockets) = start("exec sleep 100");
        assert!(!process.has_ended().unwrap());
        assert_eq!(process.wait(Duration::from_millis(20)).unwrap_err().errno(), Errno::ETIMEDOUT);
        let (mut process, _sockets) = start("exec sleep 100");
        assert_eq!(process.kill().unwrap().signal(), Some(9));
    }

    #[test]
    fn the_watcher_kills_its_group_when_its_input_ends() {
        let sleep =
            |watcher: &Watcher| Command::new("sleep").arg("100").process_group(watcher.group()).spawn().unwrap();
        let watcher = Watcher::start().unwrap();
        let mut victim = sleep(&watcher);
        let Watcher { mut child, input } = watcher;
        drop(input);
        child.wait().unwrap();
        assert_eq!(victim.wait().unwrap().signal(), Some(9));

        let watcher = Watcher::start().unwrap();
        let mut spared = sleep(&watcher);
        watcher.dismiss();
        assert!(spared.try_wait().unwrap().is_none());
        spared.kill().unwrap();
        spared.wait().unwrap();
    }
}

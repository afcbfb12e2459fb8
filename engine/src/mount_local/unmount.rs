//! Unmounting from the host: by the system call where that is allowed, else by fusermount.

use std::io;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use bstr::ByteSlice;
use glassbox_io::{Errno, Error, Result, ResultExt};
use rustix::mount::UnmountFlags;

/// The set-user-id helper of libfuse 3, and that of libfuse 2.
const FUSERMOUNT: [&str; 2] = ["fusermount3", "fusermount"];
/// Before the second attempt; three times longer before each that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const PAUSE_GROWTH: u32 = 3;
/// The last attempt is 12 s after the first. Desktop programs that look into every new mount are gone by then.
const ATTEMPTS: u32 = 6;

/// What to do if the filesystem is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Fail with `EBUSY`.
    None,
    /// Try again for some seconds.
    Retry,
    /// Take it out of the tree now; it ends when its last user is gone.
    Detach,
}

/// Unmounts what is mounted on `point`.
pub fn unmount(point: &Path, patience: Patience) -> Result<()> {
    let attempts = if patience == Patience::Retry { ATTEMPTS } else { 1 };
    let mut pause = FIRST_PAUSE;
    for _ in 1..attempts {
        match attempt(point, patience) {
            Err(error) if error.errno() == Errno::EBUSY => {}
            other => return other,
        }
        thread::sleep(pause);
        pause *= PAUSE_GROWTH;
    }
    attempt(point, patience)
}

fn attempt(point: &Path, patience: Patience) -> Result<()> {
    let detach = patience == Patience::Detach;
    let flags = if detach { UnmountFlags::DETACH } else { UnmountFlags::empty() };
    match rustix::mount::unmount(point, flags) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::PERM) => with_helper(point, detach),
        Err(error) => Err(Error::from(io::Error::from(error))),
    }
    .during("umount")
    .at_file(point)
}

fn with_helper(point: &Path, detach: bool) -> Result<()> {
    for program in FUSERMOUNT {
        let mut command = Command::new(program);
        command.arg("-u").args(detach.then_some("-z")).arg("--").arg(point);
        match command.output() {
            Ok(output) if output.status.success() => return Ok(()),
            // It doesn't tell the reason but in words of the user's language; being in use is the usual one.
            Ok(output) => return Err(Error::os_with(Errno::EBUSY, output.stderr.trim().to_str_lossy().into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::os_with(Errno::EPERM, "unmounting without root needs the program fusermount3 or fusermount"))
}

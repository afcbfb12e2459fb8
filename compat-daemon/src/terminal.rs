//! A shell at a terminal, for a person. The terminal is at the other end of a port.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bstr::{BStr, ByteSlice};
use glassbox_api::own_calls::Terminal;
use glassbox_io::{Errno, Error, Result, ResultExt};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process_group};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::init;
use crate::kernel_tree::os;
use crate::tool::ENVIRONMENT;
use crate::wait::wait_for;

/// How soon it is noticed that the shell or the terminal is gone, if nothing else happens.
const MOMENT: Duration = Duration::from_millis(100);
/// How long a shell may take to end when its terminal is gone.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where descriptions of kinds of terminals are, in directories of their first letters.
const TERMINFO: [&str; 3] = ["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo"];
/// What most of those are like that the appliance has no description of.
const LIKELY_KIND: &str = "xterm-256color";

/// Runs a shell until it ends.
pub fn run(terminal: &Terminal) -> Result<()> {
    let port = init::open_port(Terminal::PORT)?;
    // It has its name before the terminal's end is known to be open.
    let connected =
        wait_for(|| Ok((!state(&port, PollFlags::empty(), MOMENT)?.contains(PollFlags::HUP)).then_some(())))?;
    connected.ok_or_else(|| Error::os_with(Errno::ENOTCONN, "nobody is at the terminal"))?;
    let controller = File::from(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).map_err(os)?);
    grantpt(&controller).and_then(|()| unlockpt(&controller)).map_err(os)?;
    let size = |count: u32| u16::try_from(count).unwrap_or(u16::MAX);
    let size = Winsize { ws_row: size(terminal.rows), ws_col: size(terminal.columns), ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&controller, size).map_err(os)?;
    let shell = start_shell(&controller, terminal.kind.as_bstr())?;
    relay(&port, &controller, shell)
}

/// A shell that leads a session at the terminal of this controller.
fn start_shell(controller: &File, kind: &BStr) -> Result<Child> {
    let name = ptsname(controller, Vec::new()).map_err(os)?;
    // Not ours: the session that it belongs to is the shell's.
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let device = File::from(rustix::fs::open(name, flags, Mode::empty()).map_err(os)?);
    let mut command = Command::new("setsid");
    command.args(["--ctty", "bash", "--noprofile", "--norc", "-i"]).current_dir("/").env_clear();
    // vi doesn't look for its defaults then, which aren't here, and doesn't ask that this be confirmed.
    let vi = ("VIMINIT", "set nocompatible backspace=2");
    command.envs(ENVIRONMENT).envs([("LC_ALL", "C.UTF-8"), ("PS1", "><rescue> "), vi]);
    command.env("TERM", if is_known(kind) { kind.to_os_str_lossy() } else { OsStr::new(LIKELY_KIND).into() });
    command.stdin(device.try_clone()?).stdout(device.try_clone()?).stderr(device);
    command.spawn().during("setsid bash")
}

/// Whether the appliance has a description of this kind of terminal.
fn is_known(kind: &BStr) -> bool {
    let Some((Some(first), name)) = kind.to_str().ok().map(|kind| (kind.get(..1), kind)) else { return false };
    let is_name = !name.contains('/');
    is_name && TERMINFO.iter().any(|folder| Path::new(folder).join(first).join(name).exists())
}

/// Carries what is typed and what is printed, until the shell has ended.
fn relay(port: &File, controller: &File, mut shell: Child) -> Result<()> {
    let (has_ended, has_hung_up) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !has_ended.load(Ordering::Relaxed) {
                if !matches!(carry(port, controller), Ok(true)) {
                    has_hung_up.store(true, Ordering::Relaxed);
                    return;
                }
            }
        });
        let ended = print(port, controller, &mut shell, &has_hung_up);
        has_ended.store(true, Ordering::Relaxed);
        ended
    })?;
    shell.wait()?;
    Ok(())
}

/// Carries what is printed, and sees to it that the shell ends if its terminal is gone.
fn print(port: &File, controller: &File, shell: &mut Child, has_hung_up: &AtomicBool) -> Result<()> {
    let mut told: Option<Instant> = None;
    loop {
        match carry(controller, port) {
            Ok(true) => {}
            // Nobody has the terminal open any more: Linux says EIO.
            Ok(false) => return Ok(()),
            Err(error) if error.raw_os_error() == Some(Errno::EIO.0) => return Ok(()),
            Err(_) => has_hung_up.store(true, Ordering::Relaxed),
        }
        if shell.try_wait()?.is_some() && !state(controller, PollFlags::IN, MOMENT)?.contains(PollFlags::IN) {
            return Ok(());
        }
        match told {
            None if has_hung_up.load(Ordering::Relaxed) => {
                told = Some(Instant::now());
                // As the kernel does it for a terminal of its own; the shell tells its jobs.
                if let Some(group) = i32::try_from(shell.id()).ok().and_then(Pid::from_raw) {
                    let _has_ended = kill_process_group(group, Signal::HUP);
                }
            }
            Some(when) if when.elapsed() > PATIENCE => {
                shell.kill()?;
                return Ok(());
            }
            _ => {}
        }
    }
}

/// Carries what comes within a moment. Whether more may come.
fn carry(mut from: &File, mut to: &File) -> io::Result<bool> {
    let came = state(from, PollFlags::IN, MOMENT)?;
    if !came.contains(PollFlags::IN) {
        return Ok(!came.contains(PollFlags::HUP));
    }
    let mut buf = [0; 4096];
    let count = from.read(&mut buf)?;
    let mut rest = &buf[..count];
    while !rest.is_empty() {
        let ready = state(to, PollFlags::OUT, MOMENT)?;
        if ready.contains(PollFlags::HUP) {
            // A write to a port without its other end would wait for it.
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if ready.contains(PollFlags::OUT) {
            let written = to.write(rest)?;
            rest = &rest[written..];
        }
    }
    Ok(count > 0)
}

/// What a file is ready for, of these and a hang-up.
fn state(file: &File, wanted: PollFlags, patience: Duration) -> io::Result<PollFlags> {
    let mut files = [PollFd::new(file, wanted)];
    let patience = Timespec { tv_sec: 0, tv_nsec: i64::from(patience.subsec_nanos()) };
    poll(&mut files, Some(&patience))?;
    Ok(files[0].revents())
}

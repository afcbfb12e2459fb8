//! A shell at a terminal, for a person. The terminal is at the other end of a port.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};

use bstr::ByteSlice;
use glassbox_api::own_calls::Terminal;
use glassbox_io::{Error, Result, ResultExt};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::init;
use crate::kernel_tree::os;
use crate::tool::ENVIRONMENT;

/// How soon it is noticed that the shell has ended, if others keep its terminal open. Nanoseconds.
const POLL: i64 = 100_000_000;

/// Runs a shell until it ends.
pub fn run(terminal: &Terminal) -> Result<()> {
    let port = init::open_port(Terminal::PORT)?;
    let controller = File::from(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).map_err(os)?);
    grantpt(&controller).and_then(|()| unlockpt(&controller)).map_err(os)?;
    let size = |count: u32| u16::try_from(count).unwrap_or(u16::MAX);
    let size = Winsize { ws_row: size(terminal.rows), ws_col: size(terminal.columns), ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&controller, size).map_err(os)?;
    let shell = start_shell(&controller, terminal)?;
    relay(&port, &controller, shell)
}

/// A shell that leads a session at the terminal of this controller.
fn start_shell(controller: &File, terminal: &Terminal) -> Result<Child> {
    let name = ptsname(controller, Vec::new()).map_err(os)?;
    // Not ours: the session that it belongs to is the shell's.
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let device = File::from(rustix::fs::open(name, flags, Mode::empty()).map_err(os)?);
    let mut command = Command::new("setsid");
    command.args(["--ctty", "bash", "--noprofile", "--norc", "-i"]).current_dir("/").env_clear();
    // vi doesn't look for its defaults then, which aren't here, and doesn't ask that this be confirmed.
    let vi = ("VIMINIT", "set nocompatible backspace=2");
    command.envs(ENVIRONMENT).envs([("LC_ALL", "C.UTF-8"), ("PS1", "><rescue> "), vi]);
    command.env("TERM", terminal.kind.to_os_str_lossy());
    command.stdin(device.try_clone()?).stdout(device.try_clone()?).stderr(device);
    command.spawn().during("setsid bash")
}

/// Carries what is typed and what is printed, until the shell has ended.
fn relay(port: &File, controller: &File, mut shell: Child) -> Result<()> {
    let has_ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let typing = scope.spawn(|| {
            while !has_ended.load(Ordering::Relaxed) {
                // The shell is told of a terminal that hangs up by the end of its input.
                if !carry(port, controller)? {
                    break;
                }
            }
            Ok::<(), io::Error>(())
        });
        let printed = loop {
            match carry(controller, port) {
                Ok(true) => {}
                // Nobody has the terminal open any more: Linux says EIO.
                Ok(false) | Err(_) => break Ok(()),
            }
            match shell.try_wait() {
                Ok(None) => {}
                Ok(Some(_)) if !is_readable(controller)? => break Ok(()),
                Ok(Some(_)) => {}
                Err(error) => break Err(Error::from(error)),
            }
        };
        has_ended.store(true, Ordering::Relaxed);
        // What the terminal can't be told any more isn't the shell's failure.
        let _ = typing.join();
        shell.wait()?;
        printed
    })
}

/// Carries what comes within a moment. Whether more may come.
fn carry(mut from: &File, mut to: &File) -> io::Result<bool> {
    if !is_readable(from)? {
        return Ok(true);
    }
    let mut buf = [0; 4096];
    let count = from.read(&mut buf)?;
    to.write_all(&buf[..count])?;
    Ok(count > 0)
}

fn is_readable(file: &File) -> io::Result<bool> {
    let mut files = [PollFd::from_borrowed_fd(file.as_fd(), PollFlags::IN)];
    let moment = Timespec { tv_sec: 0, tv_nsec: POLL };
    Ok(poll(&mut files, Some(&moment))? > 0)
}

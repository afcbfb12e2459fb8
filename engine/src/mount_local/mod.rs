//! The guest's files as a FUSE filesystem of the host: `mount_local` mounts it, `mount_local_run` serves it.
//!
//! Two threads take part while it is served. One, fuser's, reads the kernel's requests and makes a [`Task`] of each
//! ([`Forwarder`]). The other is the one that called `mount_local_run`: it holds the handle, so it performs the tasks
//! with the handle's own calls ([`Server`]), and events are fired where the caller expects them. No thread exists
//! between the two calls, because programs fork there: guestmount goes into the background.
//!
//! Nothing is written in-process, so the kernel is told that the filesystem is read-only. It then answers every
//! attempt to write with `EROFS` by itself, which programs understand, where `ENOSYS` would puzzle them.

mod attributes;
mod directory;
mod forwarder;
mod nodes;
mod options;
mod server;
mod unmount;

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use bstr::{BStr, ByteSlice};
use fuser::Session;
use glassbox_io::{Errno, Error, Result, ResultExt};

use crate::handle::Handle;
use forwarder::{Forwarder, Task};
pub(crate) use options::Options;
use server::Server;
pub(crate) use unmount::Patience;
use unmount::unmount;

/// How long `user_cancel` may take to be noticed while no request comes. It can't wake the thread: it must work in a
/// signal handler.
const CANCEL_LATENCY: Duration = Duration::from_millis(100);
const FUSE_DEVICE: &str = "/dev/fuse";
/// Standard error's number, the highest of the three standard ones.
const STDERR: i32 = 2;

/// A mounted filesystem that isn't served yet.
pub(crate) struct LocalMount {
    point: PathBuf,
    /// `None` only while it is being dropped or served.
    session: Option<Session<Forwarder>>,
    tasks: Receiver<Task>,
    options: Options,
    /// The process that mounted it.
    owner: u32,
}

impl LocalMount {
    /// Mounts on the directory `point`. From then on, whoever looks into it waits until it is served.
    pub fn new(point: &BStr, options: Options) -> Result<Self> {
        let path = checked_mount_point(point, &options)?;
        check_device()?;
        let (sender, tasks) = mpsc::channel();
        let session = Session::new(Forwarder::new(sender, &options), &path, &options.config)
            .map_err(cannot_mount)
            .at_path(point)?;
        Ok(LocalMount { point: path, session: Some(session), tasks, options, owner: std::process::id() })
    }

    /// Where it is mounted.
    pub fn point(&self) -> &Path {
        &self.point
    }

    /// Serves it with the calls of `handle` until it is unmounted. `EINTR` if `user_cancel` ends it before.
    pub fn run(mut self, handle: &mut Handle) -> Result<()> {
        let Some(session) = self.session.take() else {
            return Err(Error::usage("the filesystem is being served already"));
        };
        let cancelled = handle.canceller();
        let background = session.spawn().during("mount_local_run")?;
        let mut server = Server::new(handle, &self.options, &self.point);
        loop {
            match self.tasks.recv_timeout(CANCEL_LATENCY) {
                Ok(task) => task(&mut server),
                Err(RecvTimeoutError::Timeout) => {}
                // The other end goes when the kernel says that it was unmounted.
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if cancelled.load(Ordering::Relaxed) {
                // Files may be open still: they are answered EIO from now on, without waiting for their users.
                unmount(&self.point, Patience::Detach)?;
                return Err(Error::os_with(Errno::EINTR, "operation cancelled by user"));
            }
        }
        background.join().during("mount_local_run")
    }

    /// Unmounts it. A child of the process that mounted it may do so too, while its parent serves it.
    pub fn unmount(&self, patience: Patience) -> Result<()> {
        unmount(&self.point, patience)
    }
}

impl Drop for LocalMount {
    fn drop(&mut self) {
        // A forked child has a copy of the handle. When that is closed, the parent goes on serving.
        if std::process::id() != self.owner {
            std::mem::forget(self.session.take());
        }
    }
}

/// The mount point as an absolute path: the caller may go to another directory while it is mounted.
fn checked_mount_point(point: &BStr, options: &Options) -> Result<PathBuf> {
    let path = point.to_path().map_err(|_| Error::os(Errno::ENOENT)).at_path(point)?;
    let path = path.canonicalize().at_path(point)?;
    if !path.is_dir() {
        return Err(Error::os(Errno::ENOTDIR).at_path(point));
    }
    if !options.nonempty && path.read_dir().at_path(point)?.next().is_some() {
        let message = "the mount point is not empty (the option 'nonempty' allows that)";
        return Err(Error::os_with(Errno::ENOTEMPTY, message).at_path(point));
    }
    Ok(path)
}

/// Tells a host without FUSE from other failures.
fn check_device() -> Result<()> {
    let device = File::options().read(true).write(true).open(FUSE_DEVICE);
    let device = device.map_err(|error| {
        let error = Error::from(error);
        let cure = match error.errno() {
            Errno::EACCES | Errno::EPERM => "this user or container may not use FUSE: allow it the device",
            _ => "this host has no FUSE: load the kernel's module 'fuse', or give the container the device",
        };
        Error::os_with(error.errno(), format!("{}: {cure}", error.message())).at_path(FUSE_DEVICE)
    })?;
    match device.as_raw_fd() > STDERR {
        true => Ok(()),
        // fuser refuses such a number with a panic: what a child prints would go into the device.
        false => Err(Error::usage("standard input, output or error is closed")),
    }
}

fn cannot_mount(error: io::Error) -> Error {
    match error.kind() {
        // The device and the mount point are there.
        io::ErrorKind::NotFound => {
            Error::os_with(Errno::EPERM, "mounting without root needs the program fusermount3 or fusermount")
        }
        _ => Error::from(error),
    }
}

//! The daemon: a call is done by hand, or answered by the engine.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::own_calls::{AwaitDisks, Terminal};
use glassbox_api::table::Group;
use glassbox_api::{AnyCall, ArgKind, CallInfo, StringKind, Value, unsupported_call};
use glassbox_engine::{DiskName, Events, InProcess, Job, check_arguments};
use glassbox_io::{Errno, Error, Result};

use crate::disk_names;
use crate::libaugeas::Augeas;
use crate::mounts;
use crate::terminal;
use crate::view::{self, View};
use crate::wait::wait_for;

/// guestfsd's calls. What it implements by hand changes something; the rest is the engine's ([`View`]).
pub struct Daemon {
    pub(crate) view: View,
    events: Arc<Events>,
    cancelled: Arc<AtomicBool>,
    current: (u64, u64),
    /// The disks whose arrays and volume groups were switched on.
    pub(crate) assembled: Vec<String>,
    expected: u64,
    /// The session's handle of Augeas, if it has one.
    pub(crate) augeas: Option<Augeas>,
}

impl Daemon {
    /// A daemon that tells `events` how far its work is, and stops it when `cancelled` is set.
    pub fn new(events: Arc<Events>, cancelled: Arc<AtomicBool>) -> Result<Self> {
        Ok(Daemon {
            view: View::new()?,
            events,
            cancelled,
            current: (0, 0),
            assembled: Vec::new(),
            expected: 0,
            augeas: None,
        })
    }

    /// How many bytes the file has that the next call reads; 0 if the library doesn't know.
    pub fn expect(&mut self, bytes: u64) {
        self.expected = bytes;
    }

    /// Answers a call; `serial` is its number on the wire.
    pub fn answer(&mut self, call: &mut dyn AnyCall, serial: u64) -> Result<()> {
        let info = call.info();
        self.current = (u64::from(info.proc_nr.unwrap_or(0)), serial);
        let about_devices = is_about_devices(call);
        if about_devices {
            self.assemble_new_disks()?;
        }
        let is_mounted = !mounts::of_guest()?.is_empty();
        check_arguments(call, is_mounted, &check_device)?;
        self.view.release();
        if matches!(info.group, Group::Mount | Group::Launch) {
            self.view.release_mounts();
        }
        match call.answer(self) {
            Err(error) if error.is_unsupported() => self.ask_engine(call, serial, about_devices, error),
            result => {
                self.view.forget();
                result
            }
        }
    }

    /// `refused` is what the daemon itself said: why it can't, or that it has nothing of its own.
    fn ask_engine(&mut self, call: &mut dyn AnyCall, serial: u64, about_devices: bool, refused: Error) -> Result<()> {
        let info = call.info();
        let (events, cancelled) = (self.events.clone(), self.cancelled.clone());
        let engine = self.view.engine(about_devices)?;
        engine.begin(info, serial, events, cancelled);
        match call.answer(engine) {
            Err(error) if error.is_unsupported() => Err(match is_default(&refused, info) {
                true if is_default(&error, info) => Error::unsupported("this appliance doesn't have this call"),
                true => error,
                false => refused,
            }),
            result => result,
        }
    }

    /// Waits until the kernel has found so many disks. Their devices may be there a moment before they can be opened.
    pub fn await_disks(&mut self, disks: AwaitDisks) -> Result<()> {
        let mut usable = 0;
        let all = wait_for(|| {
            let found = disk_names::attached()?;
            usable = found.iter().filter(|name| File::open(format!("/dev/{name}")).is_ok()).count();
            Ok((usable >= disks.count as usize).then_some(()))
        })?;
        self.view.forget();
        all.ok_or_else(|| {
            let message = format!("of {} disks, the appliance's kernel has found {usable}", disks.count);
            Error::os_with(Errno::ETIMEDOUT, message)
        })
    }

    /// Runs a shell at the terminal, until it ends.
    pub fn run_shell(&mut self, terminal: &Terminal) -> Result<()> {
        let ran = terminal::run(terminal);
        // Whatever was typed there.
        self.view.forget();
        ran
    }

    /// The work of the call that is being answered.
    pub(crate) fn job(&self) -> Job {
        Job::new(self.events.clone(), self.cancelled.clone(), self.current.0, self.current.1)
    }

    /// How many bytes the file has that the call reads; 0 if nobody knows.
    pub(crate) fn expected(&self) -> u64 {
        self.expected
    }

    /// The engine, for a question that is part of another call.
    pub(crate) fn engine(&mut self) -> Result<&mut InProcess> {
        self.view.forget();
        self.view.engine(true)
    }
}

/// Whether the error is that of a call that isn't implemented.
fn is_default(error: &Error, info: &'static CallInfo) -> bool {
    error.message() == unsupported_call(info.name).message()
}

/// Whether a call may read block devices, not files alone.
fn is_about_devices(call: &dyn AnyCall) -> bool {
    use Group::{Blockdev, Drives, FilesystemDetect, Inspection, Luks, Lvm, Md, Partitions};
    let info = call.info();
    if [Blockdev, Drives, FilesystemDetect, Inspection, Luks, Lvm, Md, Partitions].contains(&info.group) {
        return true;
    }
    let arguments = call.arguments().required;
    info.args.iter().zip(&arguments).any(|(argument, value)| match (argument.kind, value) {
        (ArgKind::String(StringKind::Device | StringKind::Mountable), _) => true,
        (ArgKind::String(StringKind::DeviceOrPath | StringKind::MountableOrPath), Value::String(name)) => {
            name.starts_with(b"/dev/")
        }
        _ => false,
    })
}

/// Fails with `ENOENT` if there is no such device. A volume group's directory passes: `lvremove` takes it for all of its
/// volumes, and whoever else is given it looks for a device there.
fn check_device(name: &BStr) -> Result<()> {
    let is_directory = |name: &BStr| std::fs::metadata(name.to_os_str_lossy()).is_ok_and(|found| found.is_dir());
    match device(name) {
        Err(_) if name.starts_with(b"/dev/") && is_directory(name) => Ok(()),
        found => found.map(drop),
    }
}

/// The kernel's name of a block device that a caller spells in any of the usual ways; `ENOENT` if there is none. It isn't
/// for callers, nor for the engine: the kernel may count disks in another order.
pub fn device(name: &BStr) -> Result<BString> {
    let canonical = match DiskName::parse(name) {
        Some(disk) => disk_names::kernel_path(disk).ok_or_else(|| Error::os(Errno::ENOENT).at_path(name))?,
        None => view::labelled(name).unwrap_or_else(|| name.to_owned()),
    };
    let found = rustix::fs::stat(canonical.as_bytes()).map_err(|_| Error::os(Errno::ENOENT).at_path(name))?;
    match rustix::fs::FileType::from_raw_mode(found.st_mode) {
        rustix::fs::FileType::BlockDevice => Ok(canonical),
        _ => Err(Error::os(Errno::ENOENT).at_path(name)),
    }
}

/// The kernel's names of several devices, each as [`device`] finds it.
pub fn devices(names: &[&BStr]) -> Result<Vec<BString>> {
    names.iter().map(|name| device(name)).collect()
}

//! Starting the appliance, by the quickest way that works: a ladder of ways, tried from the top.
//!
//! 1. A *template* is restored: an appliance that was booted once and saved. The first start makes it.
//! 2. The kernel boots by PVH: unpacked, past firmware and decompressor.
//! 3. The kernel boots as it is.
//! 4. A fixed appliance boots, if the host lacks the parts for one of its own.
//!
//! KVM is tried once, with a deadline; that it failed is remembered. Each way ends with a ping: what doesn't answer is
//! killed, and the next way is tried.

mod accelerator;
pub(crate) mod arguments;
mod fixed;
mod ladder;
pub(crate) mod process;
pub(crate) mod qmp;
mod template;

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use glassbox_api::own_calls::Terminal;
use glassbox_io::{Errno, Error, Result, ResultExt};
use serde_json::json;

pub use self::fixed::write as write_fixed;
use self::process::Process;
use self::qmp::Qmp;
use crate::drive::{Drive, Source};
use crate::host::kernel::Kernel;
use crate::host::object;
use crate::host::qemu::Qemu;
use crate::options::Options;
use crate::remote::Remote;

/// How long qemu may take to write what it still holds when it is told to end.
const END_DEADLINE: Duration = Duration::from_secs(60);

/// What qemu calls the port of a terminal.
const TERMINAL: &str = "terminal";

/// The way by which an appliance came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// A template was restored.
    Restored,
    /// The kernel was booted by PVH.
    BootedPvh,
    /// The kernel was booted as it is.
    Booted,
    /// A fixed appliance was booted.
    Fixed,
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rung::Restored => "restored from a template",
            Rung::BootedPvh => "booted by PVH",
            Rung::Booted => "booted",
            Rung::Fixed => "a fixed appliance, booted",
        })
    }
}

/// A running appliance. It ends when this is dropped, or when this process ends, however that happens.
pub struct Appliance {
    process: Process,
    monitor: Qmp,
    remote: Remote,
    rung: Rung,
    is_kvm: bool,
    command: Vec<OsString>,
    tmp: PathBuf,
    disks: u32,
    images: Vec<ImageFile>,
}

/// An image's file, open because its name may become another's.
struct ImageFile {
    path: PathBuf,
    file: File,
    /// The most bytes that it was seen to have.
    length: u64,
    /// How many were left when somebody had cut it; what the guest writes may lengthen it again.
    cut: Option<u64>,
}

impl Appliance {
    /// Brings an appliance up, with these disks as `/dev/sda`, `/dev/sdb` …; the first one ever is built on the way. Its
    /// daemon has answered, knows the time, and has random numbers of its own.
    pub fn start(options: &Options, drives: &[Drive]) -> Result<Appliance> {
        ladder::climb(options, drives)
    }

    /// Whether the parts of one are there: a hypervisor, and a fixed appliance or else a kernel and the daemon. Starts nothing.
    pub fn is_possible(options: &Options) -> bool {
        let has_parts = || {
            let kernel = options.kernel.is_some() || Kernel::find().is_ok();
            kernel && (options.daemon.is_some() || object::daemon().is_ok())
        };
        Qemu::program(options).is_ok_and(|program| program.exists()) && (has_parts() || ladder::has_fixed(options))
    }

    /// Its daemon.
    pub fn remote(&mut self) -> &mut Remote {
        &mut self.remote
    }

    /// The number of the qemu process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The way by which it came up.
    pub fn rung(&self) -> Rung {
        self.rung
    }

    /// Whether KVM runs the guest's code.
    pub fn is_kvm(&self) -> bool {
        self.is_kvm
    }

    /// qemu's program and arguments.
    pub fn command(&self) -> &[OsString] {
        &self.command
    }

    /// The last that qemu and the guest printed.
    pub fn console_log(&self) -> Vec<u8> {
        self.process.log()
    }

    /// Adds a disk, and waits until the guest's kernel has found it: disks are named in the order of being found. Fails with
    /// `EBUSY` if another program uses the image.
    pub fn attach(&mut self, drive: &Drive) -> Result<()> {
        self.plug(drive)?;
        self.remote.await_disks(self.disks, ladder::ANSWER_DEADLINE)
    }

    /// Adds a disk to a machine that may not run yet.
    fn plug(&mut self, drive: &Drive) -> Result<()> {
        drive.attach(self.disks, arguments::DISK_BUS, &self.tmp, &mut self.monitor)?;
        self.disks += 1;
        if let Source::File(path) = &drive.source
            && path.is_file()
        {
            let file = File::open(path).at_file(path)?;
            self.images.push(ImageFile { path: path.clone(), length: file.metadata()?.len(), file, cut: None });
        }
        Ok(())
    }

    /// Plugs the port of the [terminal](Terminal); whoever has its other end is the terminal.
    pub fn plug_terminal(&mut self) -> Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        self.monitor.give_file(Terminal::PORT, &File::from(OwnedFd::from(theirs)))?;
        let address = json!({ "type": "fd", "data": { "str": Terminal::PORT } });
        let backend = json!({ "type": "socket", "data": { "addr": address, "server": false } });
        self.monitor.execute("chardev-add", json!({ "id": TERMINAL, "backend": backend }))?;
        let port = json!({ "driver": "virtserialport", "id": TERMINAL, "chardev": TERMINAL, "name": Terminal::PORT });
        self.monitor.execute("device_add", port)?;
        Ok(ours)
    }

    /// Unplugs it again.
    pub fn unplug_terminal(&mut self) {
        // What isn't there any more needn't be removed.
        for (command, id) in [("device_del", "id"), ("chardev-remove", "id")] {
            let _ = self.monitor.execute(command, json!({ id: TERMINAL }));
        }
    }

    /// Fails with `EIO` if an image's file has become shorter: qemu gives the guest zeros for what somebody has cut off.
    pub fn check_images(&mut self) -> Result<()> {
        for image in &mut self.images {
            let length = image.file.metadata()?.len();
            if length < image.length {
                image.cut.get_or_insert(length);
            }
            if let Some(left) = image.cut {
                let message = format!(
                    "the image was cut from {} to {left} bytes while it was in use: what was read of it since can be \
                     wrong, what was written can be lost; restore it from a copy",
                    image.length
                );
                return Err(Error::os_with(Errno::EIO, message).at_file(&image.path));
            }
            image.length = length;
        }
        Ok(())
    }

    /// Whether qemu has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.process.has_ended().unwrap_or(true)
    }

    /// Ends it at once. What the guest hadn't written is lost.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill().map(drop)
    }

    /// Ends it in order: qemu writes what it still holds. The guest's own caches must have been synced before.
    pub fn shutdown(mut self) -> Result<ExitStatus> {
        // It may have ended already, when the daemon powered off.
        let _ = self.monitor.execute("quit", json!({}));
        let status = self.process.wait(END_DEADLINE)?;
        match status.success() {
            true => Ok(status),
            false => Err(self.explain(Error::os_with(Errno::EIO, format!("qemu failed ({status})")))),
        }
    }

    /// The error, with the last that qemu and the guest printed: it mostly says why.
    pub fn explain(&self, error: Error) -> Error {
        with_log(error, &self.process)
    }
}

impl fmt::Debug for Appliance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appliance").field("pid", &self.pid()).field("rung", &self.rung).finish_non_exhaustive()
    }
}

/// The directory of temporary files, checked: an error there would come late and say little.
fn temporary(options: &Options) -> Result<&Path> {
    match options.tmp.is_dir() {
        true => Ok(&options.tmp),
        false => Err(Error::os_with(
            Errno::ENOENT,
            "the directory of temporary files isn't there; set TMPDIR to one of yours",
        )
        .at_file(&options.tmp)),
    }
}

/// The error, with the last that was printed: it mostly says why.
fn with_log(error: Error, process: &Process) -> Error {
    /// A screenful is enough.
    const LINES: usize = 12;
    let log = process.log();
    let text = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    match lines[lines.len().saturating_sub(LINES)..].join("\n") {
        last if last.is_empty() => error,
        last => Error::os_with(error.errno(), format!("{error}; the last that was printed:\n{last}")),
    }
}

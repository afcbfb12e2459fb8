//! The ladder: which ways there are, in which order, and what is told when none works.

use std::path::PathBuf;
use std::time::Duration;

use glassbox_api::Debugging;
use glassbox_io::{Errno, Error, Result};
use serde_json::json;

use super::arguments::{Boot, Machine, Way};
use super::process::Process;
use super::qmp::Qmp;
use super::{Appliance, Rung, accelerator, fixed, template, temporary, with_log};
use crate::build::{Image, Plan};
use crate::cache::{self, Cache};
use crate::drive::Drive;
use crate::host::qemu::Qemu;
use crate::options::Options;
use crate::remote::Remote;

/// How long a boot may take: without KVM it is seconds, on a busy machine many.
const BOOT_DEADLINE: Duration = Duration::from_secs(180);
/// How long a boot under KVM may take, which is a second or two if it works.
const KVM_DEADLINE: Duration = Duration::from_secs(20);
/// How long a daemon that is up may take to answer.
pub(super) const ANSWER_DEADLINE: Duration = Duration::from_secs(20);

/// Where a fixed appliance is looked for when there is no other.
const DEFAULT_FIXED: [&str; 2] = ["/usr/local/lib/guestfs", "/usr/lib/guestfs"];

/// Whether there is a fixed appliance.
pub(super) fn has_fixed(options: &Options) -> bool {
    fixed::find(&options.path).is_some() || fixed::find(&DEFAULT_FIXED.map(PathBuf::from)).is_some()
}

/// Tries one way after the other.
pub(super) fn climb(options: &Options, drives: &[Drive]) -> Result<Appliance> {
    temporary(options)?;
    let cache = Cache::open(options)?;
    let qemu = Qemu::find(options, Some(&cache))?;
    let host = Host { options, cache, qemu };
    if let Some(found) = fixed::find(&options.path) {
        return host.start_fixed(&found, drives);
    }
    let built = Plan::new(options).and_then(|plan| host.start_own(&plan));
    let mut appliance = match built {
        Ok(appliance) => appliance,
        Err(error) => match fixed::find(&DEFAULT_FIXED.map(PathBuf::from)) {
            Some(found) => return host.start_fixed(&found, drives),
            None => return Err(error),
        },
    };
    drives.iter().try_for_each(|drive| appliance.attach(drive))?;
    Ok(appliance)
}

/// What starts need.
pub(super) struct Host<'a> {
    pub options: &'a Options,
    pub cache: Cache,
    pub qemu: Qemu,
}

impl Host<'_> {
    /// Starts an appliance that is built from the host's parts. If what the cache has doesn't start, it is built anew, once.
    fn start_own(&self, plan: &Plan) -> Result<Appliance> {
        let (image, is_new) = plan.find_or_build(&self.cache)?;
        Cache::touch(image.directory());
        match self.start_image(&image) {
            Err(_) if !is_new => {
                let lock = self.cache.lock()?;
                cache::remove(image.directory())?;
                drop(lock);
                self.start_image(&plan.find_or_build(&self.cache)?.0)
            }
            started => started,
        }
    }

    /// Starts a fixed appliance: one of ours as any other, libguestfs's as its own library does.
    fn start_fixed(&self, found: &fixed::Found, drives: &[Drive]) -> Result<Appliance> {
        match found {
            fixed::Found::Ours(image) => {
                let mut appliance = self.start_image(image)?;
                appliance.rung = Rung::Fixed;
                drives.iter().try_for_each(|drive| appliance.attach(drive))?;
                Ok(appliance)
            }
            fixed::Found::Upstream(directory) => {
                let boot = fixed::boot(directory, drives.len());
                let root = fixed::root_drive(directory);
                let drives: Vec<&Drive> = drives.iter().chain([&root]).collect();
                let is_kvm = accelerator::candidates(self.options, &self.qemu, &self.cache).first() == Some(&true);
                let mut appliance = self.boot(&boot, is_kvm, Rung::Fixed, &drives)?;
                // The root disk's number is free for nobody, but it is no disk of the user's.
                appliance.disks = drives.len() as u32;
                Ok(appliance)
            }
        }
    }

    fn start_image(&self, image: &Image) -> Result<Appliance> {
        let mut tried = Vec::new();
        for is_kvm in accelerator::candidates(self.options, &self.qemu, &self.cache) {
            match self.start_accelerated(image, is_kvm) {
                Ok(appliance) => return Ok(appliance),
                Err(errors) => {
                    if is_kvm {
                        let why: Vec<String> = errors.iter().map(Error::to_string).collect();
                        accelerator::remember_failure(&self.qemu, &self.cache, &why.join("\n"));
                    }
                    tried.extend(errors);
                }
            }
        }
        // The last way was the simplest: what failed there says most.
        let error = tried.pop().unwrap_or_else(|| Error::os(Errno::ENOEXEC));
        Err(Error::os_with(error.errno(), "the appliance doesn't start").caused_by(error))
    }

    /// Tries all ways with one accelerator; with KVM only the first, since it isn't the way that fails there.
    fn start_accelerated(&self, image: &Image, is_kvm: bool) -> std::result::Result<Appliance, Vec<Error>> {
        let mut errors = Vec::new();
        if self.options.fits_template() {
            match template::start(self, image, is_kvm) {
                Ok(appliance) => return Ok(appliance),
                Err(error) => errors.push(error),
            }
            if is_kvm {
                return Err(errors);
            }
        }
        for (kernel, rung) in [(image.vmlinux(), Rung::BootedPvh), (Some(image.kernel()), Rung::Booted)] {
            let Some(kernel) = kernel else { continue };
            match self.boot(&Boot::of_image(image, kernel), is_kvm, rung, &[]) {
                Ok(appliance) => return Ok(appliance),
                Err(error) => errors.push(error),
            }
            if is_kvm {
                return Err(errors);
            }
        }
        Err(errors)
    }

    /// Boots, with these disks there from the beginning.
    fn boot(&self, boot: &Boot, is_kvm: bool, rung: Rung, drives: &[&Drive]) -> Result<Appliance> {
        let machine = Machine { qemu: &self.qemu, options: self.options, is_kvm, image: boot };
        let mut appliance = self.spawn(&machine, &Way::Boot, rung)?;
        let up = (|| {
            drives.iter().try_for_each(|drive| appliance.plug(drive))?;
            appliance.monitor.execute("cont", json!({}))?;
            appliance.remote.wait_until_launched(boot_deadline(is_kvm))?;
            match boot.root {
                Some(_) => appliance.remote.resume(ANSWER_DEADLINE),
                // libguestfs's daemon doesn't know that call.
                None => appliance.remote.ping_daemon(),
            }
        })();
        appliance.checked(up)
    }

    /// Starts qemu; the guest doesn't run yet.
    pub fn spawn(&self, machine: &Machine<'_>, way: &Way<'_>, rung: Rung) -> Result<Appliance> {
        let arguments = machine.arguments(way)?;
        let (mut process, sockets) = Process::start(&self.qemu.path, &arguments, self.options)?;
        let monitor = match Qmp::connect(sockets.monitor) {
            Ok(monitor) => monitor,
            Err(error) => {
                // Waits for its last words.
                let _ = process.kill();
                return Err(with_log(error, &process));
            }
        };
        let remote = Remote::new(sockets.channel)?;
        let mut command = vec![self.qemu.path.clone().into_os_string()];
        command.extend(arguments);
        Ok(Appliance {
            process,
            monitor,
            remote,
            rung,
            is_kvm: machine.is_kvm,
            command,
            tmp: self.options.tmp.clone(),
            disks: 0,
            images: Vec::new(),
        })
    }
}

pub(super) fn boot_deadline(is_kvm: bool) -> Duration {
    if is_kvm { KVM_DEADLINE } else { BOOT_DEADLINE }
}

impl Appliance {
    /// Itself, if it came up; else the error, with what was printed.
    pub(super) fn checked(mut self, up: Result<()>) -> Result<Appliance> {
        match up {
            Ok(()) => Ok(self),
            Err(error) => {
                let _ = self.process.kill();
                Err(with_log(error, &self.process))
            }
        }
    }
}

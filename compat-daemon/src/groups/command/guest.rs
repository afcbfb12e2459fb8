//! What the guest's programs need from a running system, for the time that one runs.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::OwnedFd;

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Error, Result, ResultExt};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::mount::{UnmountFlags, mount_bind, unmount};

use crate::kernel_tree::os;
use crate::{init, mounts, sysroot};

/// The appliance's directories that guests expect, where the guest has a directory for them.
const BOUND: [&str; 4] = ["/dev", "/dev/pts", "/proc", "/sys"];

/// Where resolvers look for their servers.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// The guest's own meanwhile.
const HIDDEN: &str = "resolv.conf.glassbox";

/// The guest's root with what its programs need. It should be [restored](Self::restore); it is in any case.
pub struct Guest {
    /// Where directories are bound, in the order of binding.
    bound: Vec<BString>,
    resolver: Option<Resolver>,
}

impl Guest {
    /// Prepares the root that is mounted.
    pub fn prepare() -> Result<Self> {
        if !mounts::of_guest()?.iter().any(|mount| mount.path == "/") {
            return Err(Error::usage("you must call 'mount' first to mount the root filesystem"));
        }
        let mut guest = Guest { bound: Vec::new(), resolver: None };
        for directory in BOUND {
            guest.bind(directory)?;
        }
        guest.resolver = Resolver::replace()?;
        Ok(guest)
    }

    fn bind(&mut self, directory: &'static str) -> Result<()> {
        let Ok(place) = sysroot::appliance_path(directory.into()) else { return Ok(()) };
        match mount_bind(directory, place.as_bytes()) {
            Ok(()) => self.bound.push(place),
            // No directory: such a guest does without.
            Err(rustix::io::Errno::NOTDIR) => {}
            Err(errno) => return Err(os(errno).at_path(directory).during("mount")),
        }
        Ok(())
    }

    /// Takes away again what was prepared.
    pub fn restore(mut self) -> Result<()> {
        self.undo()
    }

    fn undo(&mut self) -> Result<()> {
        let restored = self.resolver.take().map_or(Ok(()), Resolver::restore);
        for place in self.bound.drain(..).rev() {
            // What the program has left running may still use it.
            unmount(place.as_bytes(), UnmountFlags::DETACH).map_err(|errno| os(errno).at_path(&place))?;
        }
        restored
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let Err(error) = self.undo() {
            eprintln!("guestfsd: the guest's root isn't as it was: {error}");
        }
    }
}

/// The appliance's resolver configuration in the place of the guest's, which may lead nowhere here.
struct Resolver {
    directory: OwnedFd,
    had_own: bool,
}

impl Resolver {
    /// Puts it there if the appliance has a network. `None` if there is nothing to restore.
    fn replace() -> Result<Option<Self>> {
        if !init::has_network() {
            return Ok(None);
        }
        let Ok(contents) = fs::read(RESOLV_CONF) else { return Ok(None) };
        let Ok((directory, name)) = sysroot::parent(RESOLV_CONF.into()) else { return Ok(None) };
        let had_own = match rustix::fs::renameat(&directory, name.as_slice(), &directory, HIDDEN) {
            Ok(()) => true,
            Err(rustix::io::Errno::NOENT) => false,
            // A filesystem that is mounted read-only keeps what it has.
            Err(rustix::io::Errno::ROFS) => return Ok(None),
            Err(errno) => return Err(os(errno).at_path(RESOLV_CONF)),
        };
        let resolver = Resolver { directory, had_own };
        match resolver.write(name.as_ref(), &contents) {
            Ok(()) => Ok(Some(resolver)),
            Err(error) => resolver.restore().and(Err(error)),
        }
    }

    fn write(&self, name: &BStr, contents: &[u8]) -> Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
        let file = rustix::fs::openat(&self.directory, name.as_bytes(), flags, mode);
        let mut file = file.map(File::from).map_err(|errno| os(errno).at_path(RESOLV_CONF))?;
        file.write_all(contents).at_path(RESOLV_CONF)
    }

    fn restore(self) -> Result<()> {
        let name = "resolv.conf";
        let restored = match self.had_own {
            true => rustix::fs::renameat(&self.directory, HIDDEN, &self.directory, name),
            false => match rustix::fs::unlinkat(&self.directory, name, AtFlags::empty()) {
                Err(rustix::io::Errno::NOENT) => Ok(()),
                result => result,
            },
        };
        restored.map_err(|errno| os(errno).at_path(RESOLV_CONF))
    }
}

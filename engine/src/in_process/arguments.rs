//! Checks of arguments by their kinds, before a call sees them: what libguestfs's daemon checks for every call.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::{AnyCall, ArgKind, StringKind, Value};
use glassbox_io::{Errno, Error, Result};

use super::InProcess;

impl InProcess {
    /// Fails if a path isn't absolute, a device isn't there, or a file is asked for and nothing is mounted.
    pub(crate) fn check(&self, call: &dyn AnyCall) -> Result<()> {
        let info = call.info();
        let is_checked = |kind| {
            use StringKind::{Device, DeviceOrPath, Mountable, MountableOrPath, Pathname};
            let (ArgKind::String(kind) | ArgKind::StringList(kind)) = kind else { return false };
            matches!(kind, Device | DeviceOrPath | Mountable | MountableOrPath | Pathname)
        };
        if !info.args.iter().any(|argument| is_checked(argument.kind)) {
            return Ok(());
        }
        let arguments = call.arguments();
        for (argument, value) in info.args.iter().zip(&arguments.required) {
            match (argument.kind, value) {
                (ArgKind::String(kind), Value::String(string)) => self.check_string(info.name, kind, string)?,
                (ArgKind::StringList(kind), Value::StringList(list)) => {
                    list.iter().try_for_each(|string| self.check_string(info.name, kind, string))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn check_string(&self, call: &str, kind: StringKind, string: &BString) -> Result<()> {
        let is_device = string.starts_with(b"/dev/");
        match kind {
            StringKind::Pathname => self.check_path(call, string.as_ref()),
            StringKind::DeviceOrPath | StringKind::MountableOrPath if !is_device && !is_subvolume(string) => {
                self.check_path(call, string.as_ref())
            }
            StringKind::Device | StringKind::DeviceOrPath => self.check_device(call, string.as_ref()),
            StringKind::Mountable | StringKind::MountableOrPath if is_subvolume(string) => Ok(()),
            StringKind::Mountable | StringKind::MountableOrPath => self.check_device(call, string.as_ref()),
            _ => Ok(()),
        }
    }

    fn check_path(&self, call: &str, path: &BStr) -> Result<()> {
        if !path.starts_with(b"/") {
            return Err(Error::usage(format!("{call}_stub: path must start with a / character")));
        }
        if !self.vfs.is_mounted() {
            return Err(Error::usage(format!("{call}_stub: you must call 'mount' first to mount the root filesystem")));
        }
        Ok(())
    }

    fn check_device(&self, call: &str, name: &BStr) -> Result<()> {
        match self.device(name) {
            Err(error) if error.errno() == Errno::ENOENT => {
                Err(Error::os_with(Errno::ENOENT, format!("{call}_stub: {name}: {}", Errno::ENOENT.message())))
            }
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }
}

fn is_subvolume(mountable: &BString) -> bool {
    mountable.as_bytes().starts_with(b"btrfsvol:")
}

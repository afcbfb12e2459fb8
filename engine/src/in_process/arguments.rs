//! Checks of arguments by their kinds, before a call sees them: what libguestfs's daemon checks for every call.

use std::slice;

use bstr::BStr;
use glassbox_api::{AnyCall, ArgInfo, ArgKind, Sink, StringKind};
use glassbox_io::{Errno, Error, Result};

use super::InProcess;
use super::mount::is_subvolume;

impl InProcess {
    /// Fails if a path isn't absolute, a device isn't there, or a file is asked for and nothing is mounted.
    pub(crate) fn check(&self, call: &dyn AnyCall) -> Result<()> {
        check_arguments(call, self.vfs.is_mounted(), &|name| self.device(name).map(drop))
    }
}

/// Fails if a path isn't absolute, a file is asked for and nothing is mounted, or `find_device` fails for a device: with
/// `ENOENT` if there is none of the name.
pub fn check_arguments(call: &dyn AnyCall, is_mounted: bool, find_device: &dyn Fn(&BStr) -> Result<()>) -> Result<()> {
    let info = call.info();
    let mut check = Check { is_mounted, find_device, call: info.name, kinds: info.args.iter(), result: Ok(()) };
    call.write(&mut check);
    check.result
}

/// Takes a call's arguments as they are, without a copy: some calls are made for every file of a tree.
struct Check<'a> {
    is_mounted: bool,
    find_device: &'a dyn Fn(&BStr) -> Result<()>,
    call: &'static str,
    kinds: slice::Iter<'static, ArgInfo>,
    result: Result<()>,
}

impl Check<'_> {
    /// The kind of the argument that comes now.
    fn kind(&mut self) -> Option<ArgKind> {
        self.kinds.next().map(|argument| argument.kind)
    }

    fn string_of_kind(&mut self, kind: StringKind, string: &BStr) {
        if self.result.is_ok() {
            self.result = self.check_string(kind, string);
        }
    }

    fn check_string(&self, kind: StringKind, string: &BStr) -> Result<()> {
        let is_device = string.starts_with(b"/dev/");
        match kind {
            StringKind::Pathname => self.check_path(string),
            StringKind::DeviceOrPath | StringKind::MountableOrPath if !is_device && !is_subvolume(string) => {
                self.check_path(string)
            }
            StringKind::Device | StringKind::DeviceOrPath => self.check_device(string),
            StringKind::Mountable | StringKind::MountableOrPath if is_subvolume(string) => Ok(()),
            StringKind::Mountable | StringKind::MountableOrPath => self.check_device(string),
            _ => Ok(()),
        }
    }

    fn check_path(&self, path: &BStr) -> Result<()> {
        let call = self.call;
        if !path.starts_with(b"/") {
            return Err(Error::usage(format!("{call}_stub: path must start with a / character")));
        }
        if !self.is_mounted {
            return Err(Error::usage(format!("{call}_stub: you must call 'mount' first to mount the root filesystem")));
        }
        Ok(())
    }

    fn check_device(&self, name: &BStr) -> Result<()> {
        (self.find_device)(name).map_err(|error| match error.errno() {
            Errno::ENOENT => {
                let message = format!("{}_stub: {name}: {}", self.call, Errno::ENOENT.message());
                Error::os_with(Errno::ENOENT, message)
            }
            _ => error,
        })
    }
}

impl Sink for Check<'_> {
    fn string(&mut self, value: &BStr) {
        if let Some(ArgKind::String(kind)) = self.kind() {
            self.string_of_kind(kind, value);
        }
    }
    fn string_list(&mut self, value: &[&BStr]) {
        if let Some(ArgKind::StringList(kind)) = self.kind() {
            value.iter().for_each(|string| self.string_of_kind(kind, string));
        }
    }
    fn bool(&mut self, _: bool) {
        self.kind();
    }
    fn int(&mut self, _: i32) {
        self.kind();
    }
    fn int64(&mut self, _: i64) {
        self.kind();
    }
    fn nullable_string(&mut self, _: Option<&BStr>) {
        self.kind();
    }
    fn buffer(&mut self, _: &[u8]) {
        self.kind();
    }
    fn pointer(&mut self, _: usize) {
        self.kind();
    }
    fn stream(&mut self) {
        self.kind();
    }
    // No optional argument names a path or a device.
    fn optional_bool(&mut self, _: Option<bool>) {}
    fn optional_int(&mut self, _: Option<i32>) {}
    fn optional_int64(&mut self, _: Option<i64>) {}
    fn optional_string(&mut self, _: Option<&BStr>) {}
    fn optional_string_list(&mut self, _: Option<&[&BStr]>) {}
}

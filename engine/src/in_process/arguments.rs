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
        let info = call.info();
        let mut check = Check { in_process: self, call: info.name, kinds: info.args.iter(), result: Ok(()) };
        call.write(&mut check);
        check.result
    }

    fn check_string(&self, call: &str, kind: StringKind, string: &BStr) -> Result<()> {
        let is_device = string.starts_with(b"/dev/");
        match kind {
            StringKind::Pathname => self.check_path(call, string),
            StringKind::DeviceOrPath | StringKind::MountableOrPath if !is_device && !is_subvolume(string) => {
                self.check_path(call, string)
            }
            StringKind::Device | StringKind::DeviceOrPath => self.check_device(call, string),
            StringKind::Mountable | StringKind::MountableOrPath if is_subvolume(string) => Ok(()),
            StringKind::Mountable | StringKind::MountableOrPath => self.check_device(call, string),
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

/// Takes a call's arguments as they are, without a copy: some calls are made for every file of a tree.
struct Check<'a> {
    in_process: &'a InProcess,
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
            self.result = self.in_process.check_string(self.call, kind, string);
        }
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

//! What a handle is set to: its properties, from their defaults, from the environment, or as the caller set them.

use std::path::PathBuf;

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Error, Result};

/// Where a fixed appliance is looked for, unless `LIBGUESTFS_PATH` says otherwise.
pub(crate) const DEFAULT_PATH: &str = "/usr/local/lib/guestfs:/usr/lib/guestfs";
/// The least memory that libguestfs gives an appliance, in MiB, and what ours gets.
const DEFAULT_MEMSIZE: i32 = 1280;
/// Smaller appliances don't boot.
const LEAST_MEMSIZE: i32 = 256;

/// The properties of a handle.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Print what is being done on stderr.
    pub verbose: bool,
    /// Report every call and its result.
    pub trace: bool,
    /// Sync and unmount on close.
    pub autosync: bool,
    /// Give qemu's output to the terminal; without effect, kept for programs that set it.
    pub direct: bool,
    /// Put subprocesses in a process group of their own.
    pub pgroup: bool,
    /// Start a process that ends qemu when the program dies.
    pub recovery_proc: bool,
    /// Give the appliance a network.
    pub network: bool,
    /// Without effect, kept for programs that set it.
    pub selinux: bool,
    /// Directories of a fixed appliance, separated by colons.
    pub path: BString,
    /// The hypervisor; `None` finds qemu.
    pub hv: Option<BString>,
    /// More words for the appliance's kernel command line.
    pub append: Option<BString>,
    /// The appliance's memory, MiB.
    pub memsize: i32,
    /// The appliance's virtual CPUs.
    pub smp: i32,
    /// Which way calls are answered: `auto`, or one of libguestfs's names, which mean the same.
    pub backend: BString,
    /// Settings of the backend: `name` or `name=value`.
    pub backend_settings: Vec<BString>,
    /// The program's name, for messages.
    pub program: BString,
    /// The handle's name in trace output.
    pub identifier: BString,
    /// Directory of temporary files, if it was set by the caller or `LIBGUESTFS_TMPDIR`.
    pub tmpdir: Option<BString>,
    /// Directory of large, lasting temporary files, if it was set by the caller or `LIBGUESTFS_CACHEDIR`.
    pub cachedir: Option<BString>,
    /// `TMPDIR`, which stands in for both.
    env_tmpdir: Option<BString>,
    /// `XDG_RUNTIME_DIR`.
    env_runtimedir: Option<BString>,
}

impl Default for Settings {
    /// The defaults, without a look at the environment.
    fn default() -> Self {
        let program = std::env::args_os().next().map(PathBuf::from);
        let program = program.as_deref().and_then(|path| path.file_name()).unwrap_or_default();
        Settings {
            verbose: false,
            trace: false,
            autosync: true,
            direct: false,
            pgroup: false,
            recovery_proc: true,
            network: false,
            selinux: false,
            path: DEFAULT_PATH.into(),
            hv: None,
            append: None,
            memsize: DEFAULT_MEMSIZE,
            smp: 1,
            backend: "auto".into(),
            backend_settings: Vec::new(),
            program: program.as_encoded_bytes().into(),
            identifier: BString::default(),
            tmpdir: None,
            cachedir: None,
            env_tmpdir: None,
            env_runtimedir: None,
        }
    }
}

impl Settings {
    /// Takes over what `lookup` has of libguestfs's environment variables, as the call `parse_environment` does.
    pub fn parse_environment(&mut self, lookup: &dyn Fn(&str) -> Option<BString>) -> Result<()> {
        let filled = |name: &str| lookup(name).filter(|value| !value.is_empty());
        if let Some(value) = filled("LIBGUESTFS_TRACE") {
            self.trace = parse_bool("LIBGUESTFS_TRACE", value.as_ref())?;
        }
        if let Some(value) = filled("LIBGUESTFS_DEBUG") {
            self.verbose = parse_bool("LIBGUESTFS_DEBUG", value.as_ref())?;
        }
        self.env_tmpdir = filled("TMPDIR").or(self.env_tmpdir.take());
        self.env_runtimedir = filled("XDG_RUNTIME_DIR").or(self.env_runtimedir.take());
        self.tmpdir = filled("LIBGUESTFS_TMPDIR").or(self.tmpdir.take());
        self.cachedir = filled("LIBGUESTFS_CACHEDIR").or(self.cachedir.take());
        if let Some(value) = filled("LIBGUESTFS_PATH") {
            self.path = value;
        }
        if let Some(value) = filled("LIBGUESTFS_HV").or(filled("LIBGUESTFS_QEMU")) {
            self.hv = Some(value);
        }
        if let Some(value) = filled("LIBGUESTFS_APPEND") {
            self.append = Some(value);
        }
        if let Some(value) = filled("LIBGUESTFS_MEMSIZE") {
            let memsize = value
                .to_str()
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| Error::usage(format!("non-numeric value for LIBGUESTFS_MEMSIZE: {value}")))?;
            self.set_memsize(memsize)?;
        }
        if let Some(value) = filled("LIBGUESTFS_BACKEND").or(filled("LIBGUESTFS_ATTACH_METHOD")) {
            self.set_backend(value.as_ref())?;
        }
        if let Some(value) = filled("LIBGUESTFS_BACKEND_SETTINGS") {
            self.backend_settings = value.split_str(":").map(BString::from).collect();
        }
        Ok(())
    }

    /// Sets the appliance's memory, in MiB.
    pub fn set_memsize(&mut self, memsize: i32) -> Result<()> {
        if memsize < LEAST_MEMSIZE {
            return Err(Error::usage(format!("memsize must be at least {LEAST_MEMSIZE}, not {memsize}")));
        }
        self.memsize = memsize;
        Ok(())
    }

    /// Sets the backend: `auto`, `inprocess` or `appliance`; libguestfs's `direct`, `libvirt`, `libvirt:URI` and
    /// `appliance` are taken too, since programs set them.
    pub fn set_backend(&mut self, backend: &BStr) -> Result<()> {
        let known = [&b"auto"[..], b"inprocess", b"appliance", b"direct", b"libvirt"].contains(&backend.as_bytes())
            || backend.starts_with(b"libvirt:");
        if !known {
            return Err(Error::usage(format!("invalid backend: {backend}")));
        }
        self.backend = backend.to_owned();
        Ok(())
    }

    /// The directory of temporary files.
    pub fn tmpdir(&self) -> BString {
        self.tmpdir.clone().or(self.env_tmpdir.clone()).unwrap_or_else(|| "/tmp".into())
    }

    /// The directory of large, lasting temporary files.
    pub fn cachedir(&self) -> BString {
        self.cachedir.clone().or(self.env_tmpdir.clone()).unwrap_or_else(|| "/var/tmp".into())
    }

    /// The directory of sockets: their paths must be short, so `TMPDIR` doesn't count.
    pub fn sockdir(&self) -> BString {
        self.env_runtimedir.clone().unwrap_or_else(|| "/tmp".into())
    }
}

/// What libguestfs takes for a truth value in its variables.
fn parse_bool(name: &str, value: &BStr) -> Result<bool> {
    match value.to_ascii_lowercase().as_slice() {
        b"1" | b"true" | b"t" | b"yes" | b"y" | b"on" => Ok(true),
        b"0" | b"false" | b"f" | b"no" | b"n" | b"off" => Ok(false),
        _ => Err(Error::usage(format!("{name}={value}: expected a truth value such as 1 or 0"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(variables: &[(&str, &str)]) -> Result<Settings> {
        let mut settings = Settings::default();
        settings.parse_environment(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| BString::from(*value))
        })?;
        Ok(settings)
    }

    #[test]
    fn the_environment_is_taken_over() {
        let settings =
            parse(&[("LIBGUESTFS_DEBUG", "1"), ("TMPDIR", "/big"), ("LIBGUESTFS_CACHEDIR", "/cache")]).unwrap();
        assert!(settings.verbose && !settings.trace);
        assert_eq!((settings.tmpdir(), settings.cachedir()), ("/big".into(), "/cache".into()));
        let settings = parse(&[("LIBGUESTFS_BACKEND_SETTINGS", "force_tcg:gdb")]).unwrap();
        assert_eq!(settings.backend_settings, ["force_tcg", "gdb"]);
        assert_eq!(settings.tmpdir(), "/tmp");
    }

    #[test]
    fn nonsense_in_the_environment_is_an_error() {
        for (name, value) in [("LIBGUESTFS_MEMSIZE", "big"), ("LIBGUESTFS_MEMSIZE", "1"), ("LIBGUESTFS_TRACE", "maybe")]
        {
            assert!(parse(&[(name, value)]).is_err(), "{name}={value}");
        }
        assert!(parse(&[("LIBGUESTFS_BACKEND", "unheard-of")]).is_err());
    }
}

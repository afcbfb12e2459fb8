//! The group `handle-config`: the handle's properties.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::HandleConfig;
use glassbox_io::{Errno, Error, Result, ResultExt};

use super::Library;
use crate::settings::Settings;

/// As many virtual CPUs as libguestfs gives to its appliance at most.
const MAX_SMP: i32 = 255;

impl Library<'_> {
    fn settings(&self) -> &Settings {
        &self.0.session.settings
    }

    fn settings_mut(&mut self) -> &mut Settings {
        &mut self.0.session.settings
    }

    fn hv(&self) -> BString {
        self.settings().hv.clone().unwrap_or_else(|| "/usr/bin/qemu-system-x86_64".into())
    }
}

/// Whether `setting` (`name` or `name=value`) is called `name`.
fn is_called(setting: &BStr, name: &BStr) -> bool {
    setting == name || setting.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
}

/// A directory of the host, by its absolute path: it must be there.
fn absolute(directory: &BStr) -> Result<BString> {
    let path = std::fs::canonicalize(directory.to_path_lossy()).at_path(directory)?;
    Ok(path.into_os_string().into_encoded_bytes().into())
}

impl HandleConfig for Library<'_> {
    fn set_verbose(&mut self, verbose: bool) -> Result<()> {
        self.settings_mut().verbose = verbose;
        Ok(())
    }
    fn get_verbose(&mut self) -> Result<bool> {
        Ok(self.settings().verbose)
    }
    fn set_trace(&mut self, trace: bool) -> Result<()> {
        self.settings_mut().trace = trace;
        Ok(())
    }
    fn get_trace(&mut self) -> Result<bool> {
        Ok(self.settings().trace)
    }
    fn set_autosync(&mut self, autosync: bool) -> Result<()> {
        self.settings_mut().autosync = autosync;
        Ok(())
    }
    fn get_autosync(&mut self) -> Result<bool> {
        Ok(self.settings().autosync)
    }
    fn set_direct(&mut self, direct: bool) -> Result<()> {
        self.settings_mut().direct = direct;
        Ok(())
    }
    fn get_direct(&mut self) -> Result<bool> {
        Ok(self.settings().direct)
    }
    fn set_pgroup(&mut self, pgroup: bool) -> Result<()> {
        self.settings_mut().pgroup = pgroup;
        Ok(())
    }
    fn get_pgroup(&mut self) -> Result<bool> {
        Ok(self.settings().pgroup)
    }
    fn set_recovery_proc(&mut self, recoveryproc: bool) -> Result<()> {
        self.settings_mut().recovery_proc = recoveryproc;
        Ok(())
    }
    fn get_recovery_proc(&mut self) -> Result<bool> {
        Ok(self.settings().recovery_proc)
    }
    fn set_network(&mut self, network: bool) -> Result<()> {
        self.settings_mut().network = network;
        Ok(())
    }
    fn get_network(&mut self) -> Result<bool> {
        Ok(self.settings().network)
    }
    fn set_program(&mut self, program: &BStr) -> Result<()> {
        self.settings_mut().program = program.into();
        Ok(())
    }
    fn get_program(&mut self) -> Result<BString> {
        Ok(self.settings().program.clone())
    }
    fn set_identifier(&mut self, identifier: &BStr) -> Result<()> {
        if !identifier.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
            return Err(Error::usage("the identifier may have letters, digits, underscores and dashes only"));
        }
        self.settings_mut().identifier = identifier.into();
        Ok(())
    }
    fn get_identifier(&mut self) -> Result<BString> {
        Ok(self.settings().identifier.clone())
    }
    fn set_path(&mut self, searchpath: Option<&BStr>) -> Result<()> {
        self.settings_mut().path = searchpath.map_or_else(|| Settings::default().path, BString::from);
        Ok(())
    }
    fn get_path(&mut self) -> Result<BString> {
        Ok(self.settings().path.clone())
    }
    fn set_append(&mut self, append: Option<&BStr>) -> Result<()> {
        self.settings_mut().append = append.map(BString::from);
        Ok(())
    }
    fn get_append(&mut self) -> Result<Option<BString>> {
        Ok(self.settings().append.clone())
    }
    fn set_hv(&mut self, hv: &BStr) -> Result<()> {
        self.settings_mut().hv = Some(hv.into());
        Ok(())
    }
    fn get_hv(&mut self) -> Result<BString> {
        Ok(self.hv())
    }
    fn set_qemu(&mut self, hv: Option<&BStr>) -> Result<()> {
        self.settings_mut().hv = hv.map(BString::from);
        Ok(())
    }
    fn get_qemu(&mut self) -> Result<BString> {
        Ok(self.hv())
    }
    fn set_memsize(&mut self, memsize: i32) -> Result<()> {
        self.settings_mut().set_memsize(memsize)
    }
    fn get_memsize(&mut self) -> Result<i32> {
        Ok(self.settings().memsize)
    }
    fn set_smp(&mut self, smp: i32) -> Result<()> {
        if smp < 1 {
            return Err(Error::usage(format!("invalid smp parameter: {smp}")));
        }
        if smp > MAX_SMP {
            return Err(Error::usage(format!("no more than {MAX_SMP} virtual CPUs can be had, {smp} were asked for")));
        }
        self.settings_mut().smp = smp;
        Ok(())
    }
    fn get_smp(&mut self) -> Result<i32> {
        Ok(self.settings().smp)
    }
    fn set_backend(&mut self, backend: &BStr) -> Result<()> {
        self.settings_mut().set_backend(backend)
    }
    fn get_backend(&mut self) -> Result<BString> {
        Ok(self.settings().backend.clone())
    }
    fn set_attach_method(&mut self, backend: &BStr) -> Result<()> {
        // The old name of the backend that starts qemu itself.
        self.settings_mut().set_backend(if backend == "appliance" { "direct".into() } else { backend })
    }
    fn get_attach_method(&mut self) -> Result<BString> {
        let backend = &self.settings().backend;
        Ok(if backend == "direct" { "appliance".into() } else { backend.clone() })
    }
    fn set_backend_settings(&mut self, settings: &[&BStr]) -> Result<()> {
        self.settings_mut().backend_settings = settings.iter().map(|setting| BString::from(*setting)).collect();
        Ok(())
    }
    fn get_backend_settings(&mut self) -> Result<Vec<BString>> {
        Ok(self.settings().backend_settings.clone())
    }
    fn set_backend_setting(&mut self, name: &BStr, val: &BStr) -> Result<()> {
        let settings = &mut self.settings_mut().backend_settings;
        settings.retain(|setting| !is_called(setting.as_ref(), name));
        settings.push(BString::from([name.as_bytes(), b"=", val].concat()));
        Ok(())
    }
    fn get_backend_setting(&mut self, name: &BStr) -> Result<BString> {
        let setting = self.settings().backend_settings.iter().find(|setting| is_called(setting.as_ref(), name));
        match setting {
            // A setting without a value is a switch that is on.
            Some(setting) if setting == name => Ok("1".into()),
            Some(setting) => Ok(setting[name.len() + 1..].into()),
            None => Err(Error::os_with(Errno::ESRCH, "there is no such backend setting").at_path(name)),
        }
    }
    fn clear_backend_setting(&mut self, name: &BStr) -> Result<i32> {
        let settings = &mut self.settings_mut().backend_settings;
        let before = settings.len();
        settings.retain(|setting| !is_called(setting.as_ref(), name));
        Ok((before - settings.len()) as i32)
    }
    fn set_tmpdir(&mut self, tmpdir: Option<&BStr>) -> Result<()> {
        self.settings_mut().tmpdir = tmpdir.map(absolute).transpose()?;
        Ok(())
    }
    fn get_tmpdir(&mut self) -> Result<BString> {
        Ok(self.settings().tmpdir())
    }
    fn set_cachedir(&mut self, cachedir: Option<&BStr>) -> Result<()> {
        self.settings_mut().cachedir = cachedir.map(absolute).transpose()?;
        Ok(())
    }
    fn get_cachedir(&mut self) -> Result<BString> {
        Ok(self.settings().cachedir())
    }
    fn get_sockdir(&mut self) -> Result<BString> {
        Ok(self.settings().sockdir())
    }
}

//! The group `launch`: from configuration to questions, and back.

use std::sync::atomic::Ordering;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::Launching;
use glassbox_io::{Errno, Error, Result};

use super::Library;
use crate::events::EventKind;
use crate::handle::State;
use crate::in_process::InProcess;

/// The states' numbers in the C ABI.
const CONFIG: i32 = 0;
const READY: i32 = 2;

impl Library<'_> {
    fn stop(&mut self) -> Result<()> {
        self.0.check_idle()?;
        let stopped = self.0.shut_down_appliance();
        if self.0.in_process.take().is_some() {
            self.0.session.drives.clear();
            self.0.replay = Default::default();
        }
        stopped
    }
}

impl Launching for Library<'_> {
    /// Opens the images. Nothing is started, so this takes no longer than reading a few headers; unless one is of a kind that
    /// only qemu reads.
    fn launch(&mut self) -> Result<()> {
        let handle = &mut *self.0;
        let (in_process, unread) = match InProcess::open(&handle.session.drives) {
            // Without disks: all about them is asked of the appliance.
            Err(error) if error.is_unsupported() => (InProcess::open(&[])?, Some(error)),
            opened => (opened?, None),
        };
        handle.in_process = Some(in_process);
        let drives = handle.session.drives.len();
        let by_whom = if unread.is_some() { "by qemu" } else { "in-process" };
        handle.debug(|| format!("launch: {drives} drives, read {by_whom}"));
        if (unread.is_some() || handle.wants_appliance_at_once())
            && let Err(error) = handle.bring_up(unread.as_ref())
        {
            handle.in_process = None;
            return Err(error);
        }
        handle.fire(EventKind::LaunchDone, b"");
        Ok(())
    }

    fn wait_ready(&mut self) -> Result<()> {
        match self.0.state() {
            State::Ready => Ok(()),
            State::Config => Err(Error::usage("the handle has not been launched yet")),
        }
    }

    /// Nothing to do before the launch, as in libguestfs.
    fn shutdown(&mut self) -> Result<()> {
        self.stop()
    }

    fn kill_subprocess(&mut self) -> Result<()> {
        self.0.shutdown()
    }

    fn get_state(&mut self) -> Result<i32> {
        Ok(match self.0.state() {
            State::Config => CONFIG,
            State::Ready => READY,
        })
    }

    fn is_config(&mut self) -> Result<bool> {
        Ok(self.0.state() == State::Config)
    }

    fn is_launching(&mut self) -> Result<bool> {
        Ok(false)
    }

    fn is_ready(&mut self) -> Result<bool> {
        Ok(self.0.state() == State::Ready)
    }

    fn is_busy(&mut self) -> Result<bool> {
        // Only ever asked between calls.
        Ok(false)
    }

    fn get_pid(&mut self) -> Result<i32> {
        match &self.0.appliance {
            Some(appliance) => Ok(appliance.pid() as i32),
            None => Err(Error::os_with(Errno::ESRCH, "no qemu subprocess: the images are read in this process")),
        }
    }

    fn config(&mut self, hvparam: &BStr, hvvalue: Option<&BStr>) -> Result<()> {
        if !hvparam.is_empty() && !hvparam.starts_with(b"-") {
            return Err(Error::usage("parameter must begin with '-' character"));
        }
        // These would change what the appliance is started with.
        const RESERVED: [&[u8]; 6] = [b"-kernel", b"-initrd", b"-nographic", b"-display", b"-serial", b"-full-screen"];
        if RESERVED.contains(&hvparam.as_bytes()) {
            return Err(Error::usage(format!("parameter '{hvparam}' isn't allowed")));
        }
        self.0.session.hv_params.push((hvparam.to_owned(), hvvalue.map(BString::from)));
        Ok(())
    }

    fn parse_environment(&mut self) -> Result<()> {
        let lookup = |name: &str| std::env::var_os(name).map(|value| BString::from(value.into_encoded_bytes()));
        self.0.session.settings.parse_environment(&lookup)
    }

    fn parse_environment_list(&mut self, environment: &[&BStr]) -> Result<()> {
        let lookup = |name: &str| {
            environment
                .iter()
                .find_map(|variable| variable.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
                .map(BString::from)
        };
        self.0.session.settings.parse_environment(&lookup)
    }

    fn user_cancel(&mut self) -> Result<()> {
        self.0.canceller().store(true, Ordering::Relaxed);
        Ok(())
    }
}

//! The appliance of a handle: brought up by the first call that needs it, told what the session was, and asked from then on.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::AnyCall;
use glassbox_api::Launching;
use glassbox_appliance::remote::Watch;
use glassbox_appliance::{Accelerator, Appliance, Options};
use glassbox_io::{Errno, Error, Result};

use crate::drive::Drive;
use crate::events::{Event, EventKind};
use crate::handle::Handle;
use crate::settings::{DEFAULT_PATH, Settings};

/// Of what a machine printed before it ended unexpectedly, as many lines are told.
const LINES: usize = 12;

/// What a guest prints during one call; of more, the last is told. A boot prints some 50 KiB.
const MOST_PRINTED: usize = 1 << 20;

/// Which side answers calls about disks, as the setting `backend` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// The parsers, until a call needs the appliance.
    Auto,
    /// The parsers and nothing else.
    InProcess,
    /// The appliance from the launch on.
    Appliance,
}

impl Backend {
    /// libguestfs's own names mean that the caller wants it done, whatever does it.
    pub fn of(settings: &Settings) -> Self {
        match settings.backend.as_bytes() {
            b"inprocess" => Backend::InProcess,
            b"appliance" => Backend::Appliance,
            _ => Backend::Auto,
        }
    }
}

impl Handle {
    /// Answers a call that the parsers didn't, for the reason `refused`.
    pub(crate) fn ask_appliance(&mut self, call: &mut dyn AnyCall, refused: Option<Error>) -> Result<()> {
        if self.appliance.is_none() {
            self.bring_up(refused.as_ref())?;
        }
        let asked = self.work_with(
            call.info().name,
            |handle| &mut handle.appliance,
            |appliance| {
                let remote = appliance.remote();
                (remote.perform(call), remote.is_lost())
            },
        );
        self.tell_printed();
        match asked {
            Some((result, false)) => result,
            Some((_, true)) => Err(self.appliance_died()),
            None => Err(Error::usage("the appliance has been shut down")),
        }
    }

    /// Whether an appliance can be started if a call needs it.
    pub(crate) fn may_have_appliance(&self) -> bool {
        Backend::of(&self.session.settings) != Backend::InProcess && Appliance::is_possible(&self.appliance_options())
    }

    /// Starts the appliance and makes it what the session is. `refused` says what it is needed for.
    pub(crate) fn bring_up(&mut self, refused: Option<&Error>) -> Result<()> {
        if let Some(refused) = refused {
            self.debug(|| format!("starting the appliance: {refused}"));
        }
        // A callback may have brought it up.
        let result = if self.appliance.is_none() { self.start_appliance(refused) } else { Ok(()) };
        self.tell_printed();
        result
    }

    fn start_appliance(&mut self, refused: Option<&Error>) -> Result<()> {
        let needed = |what: &str| match refused {
            Some(refused) => format!("{refused}; this needs the appliance, {what}"),
            None => format!("the appliance {what}"),
        };
        if Backend::of(&self.session.settings) == Backend::InProcess {
            return Err(Error::unsupported(needed("which the backend 'inprocess' doesn't start")));
        }
        let options = self.appliance_options();
        let failed = |error: Error| {
            let message = needed(&format!("which can't be started: {error}"));
            match error.is_unsupported() {
                true => Error::unsupported(message),
                false => Error::os_with(error.errno(), message),
            }
        };
        let drives: Vec<_> = self.session.drives.iter().map(Drive::to_appliance).collect();
        let mut appliance = Appliance::start(&options, &drives).map_err(failed)?;
        let remote = appliance.remote();
        let events = self.events.clone();
        remote.watch(Watch {
            cancelled: self.canceller(),
            progress: Arc::new(move |progress| {
                let numbers = [progress.proc_nr.into(), progress.serial.into(), progress.position, progress.total];
                events.fire(&Event { kind: EventKind::Progress, text: b"", numbers: &numbers });
            }),
        });
        self.replay.run(|procedure, arguments| remote.repeat(procedure, arguments))?;
        self.appliance = Some(appliance);
        Ok(())
    }

    fn appliance_options(&self) -> Options {
        let settings = &self.session.settings;
        let path = |text: &BStr| text.to_path_lossy().into_owned();
        let mut options = Options {
            memory: settings.memsize.unsigned_abs(),
            cpus: settings.smp.unsigned_abs(),
            network: settings.network,
            append: settings.append.clone(),
            hv: settings.hv.as_ref().map(|hv| path(hv.as_ref())),
            // A fixed appliance in the usual places counts only where the host lacks the parts for one of its own.
            path: match settings.path == DEFAULT_PATH {
                true => Vec::new(),
                false => settings.path.split_str(":").map(|folder| path(folder.as_bstr())).collect(),
            },
            cache: settings.cachedir.as_ref().map(|folder| path(folder.as_ref())),
            tmp: path(settings.tmpdir().as_ref()),
            verbose: settings.verbose,
            watcher: settings.recovery_proc,
            ..Options::default()
        };
        if settings.backend_settings.iter().any(|setting| setting == "force_tcg") {
            options.accelerator = Accelerator::Tcg;
        }
        if settings.backend_settings.iter().any(|setting| setting == "force_kvm") {
            options.accelerator = Accelerator::Kvm;
        }
        for (name, value) in &self.session.hv_params {
            options
                .arguments
                .extend([Some(name), value.as_ref()].into_iter().flatten().map(|word| path(word.as_ref()).into()));
        }
        if settings.verbose {
            let (events, printed) = (self.events.clone(), self.printed.clone());
            options.console = Some(Arc::new(move |text| match events.wants(EventKind::Appliance) {
                true => printed.add(text),
                false => events.tell(EventKind::Appliance, text, ""),
            }));
        }
        options
    }

    /// The machine has ended by itself: the handle is where it was before the launch, and whoever listens is told.
    fn appliance_died(&mut self) -> Error {
        let ended = self.appliance.take().map(|appliance| appliance.console_log());
        self.in_process = None;
        self.session.drives.clear();
        self.replay = Default::default();
        self.fire(EventKind::SubprocessQuit, b"");
        let log = ended.unwrap_or_default();
        let last: Vec<_> = log.lines().rev().take(LINES).collect();
        let last: BString = bstr::join("\n", last.into_iter().rev()).into();
        Error::os_with(Errno::EPIPE, format!("the appliance ended unexpectedly; the last that was printed:\n{last}"))
    }

    /// Ends the appliance, if there is one. What can't be written any more is an error.
    pub(crate) fn shut_down_appliance(&mut self) -> Result<()> {
        let Some(mut appliance) = self.appliance.take() else { return Ok(()) };
        let remote = appliance.remote();
        let synced = match self.session.settings.autosync && !remote.is_lost() {
            true => remote.internal_autosync(),
            false => Ok(()),
        };
        let ended = appliance.shutdown();
        self.tell_printed();
        synced.and(ended.map(drop))
    }

    /// Tells those who listen what the appliance has printed.
    fn tell_printed(&mut self) {
        let text = self.printed.take();
        if !text.is_empty() {
            self.tell(EventKind::Appliance, &text, "");
        }
    }
}

/// What the appliance has printed for those who listen. A thread of its own reads it; programs are told in the thread that
/// calls, at the end of the call: they don't expect callbacks in threads that aren't theirs, and Perl's can't bear them.
#[derive(Clone, Default)]
pub(crate) struct Printed(Arc<Mutex<VecDeque<u8>>>);

impl Printed {
    fn lock(&self) -> MutexGuard<'_, VecDeque<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, text: &[u8]) {
        let mut printed = self.lock();
        printed.extend(text);
        let surplus = printed.len().saturating_sub(MOST_PRINTED);
        printed.drain(..surplus);
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.lock()).into()
    }
}

//! The appliance of a handle: brought up by the first call that needs it, told what the session was, and asked from then on.

use std::collections::VecDeque;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bstr::{BStr, ByteSlice};
use glassbox_api::own_calls::Terminal;
use glassbox_api::{AnyCall, CallInfo, Launching};
use glassbox_appliance::remote::Watch;
use glassbox_appliance::{Accelerator, Appliance, Options, Rung};
use glassbox_io::{Error, Result};

use crate::drive::Drive;
use crate::events::{Event, EventKind};
use crate::handle::{Handle, State};
use crate::settings::{DEFAULT_PATH, Settings};

/// How long our daemon may take for an answer that needs no disk, on a busy host without KVM.
const ANSWER_DEADLINE: Duration = Duration::from_secs(30);

/// What a guest prints during one call; of more, the last is told. A boot prints some 50 KiB.
const MOST_PRINTED: usize = 1 << 20;

/// Which side answers calls about disks, as the setting `backend` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backend {
    /// The parsers, until a call needs the appliance.
    Auto,
    /// The parsers and nothing else.
    InProcess,
    /// The appliance from the launch on.
    Appliance,
}

impl Backend {
    /// libguestfs's own names mean that the caller wants it done, whatever does it.
    fn of(settings: &Settings) -> Self {
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
                let result = remote.perform(call);
                if remote.is_lost() {
                    return (result, true);
                }
                // An image that was cut explains whatever else went wrong.
                (appliance.check_images().and(result), false)
            },
        );
        self.tell_printed();
        match asked {
            Some((Err(error), true)) => Err(self.appliance_died(error)),
            Some((result, _)) => {
                result?;
                self.tell_warnings(call.info());
                Ok(())
            }
            None => Err(Error::usage("the appliance has been shut down")),
        }
    }

    /// What our daemon has warned of while it looked for systems. libguestfs's daemon has no such call.
    fn tell_warnings(&mut self, info: &CallInfo) {
        let Some(appliance) = self.appliance.as_mut().filter(|_| info.inspects) else { return };
        for warning in appliance.remote().warnings(ANSWER_DEADLINE).unwrap_or_default() {
            self.warn(&warning.to_str_lossy());
        }
    }

    /// Whether the appliance answers from the launch on.
    pub(crate) fn wants_appliance_at_once(&self) -> bool {
        Backend::of(&self.session.settings) == Backend::Appliance
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
        let needed = refused.map_or_else(String::new, |refused| format!("{refused}; this needs an appliance: "));
        if Backend::of(&self.session.settings) == Backend::InProcess {
            return Err(Error::unsupported(format!("{needed}the backend 'inprocess' starts none")));
        }
        let options = self.appliance_options();
        let failed = |error: Error| {
            let message = format!("{needed}the appliance can't be started: {error}");
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

    /// Runs a shell in the appliance, at a terminal whose keyboard and screen `begin` is given. Returns when the shell ends.
    /// *Unsupported* by a fixed appliance of libguestfs's.
    pub fn run_shell(&mut self, terminal: &Terminal, begin: impl FnOnce(UnixStream) -> Result<()>) -> Result<()> {
        self.check_idle()?;
        if self.state() == State::Config {
            return Err(Error::usage("call launch before using this function"));
        }
        self.bring_up(None)?;
        let Some(appliance) = &mut self.appliance else {
            return Err(Error::usage("the appliance has been shut down"));
        };
        let is_fixed = appliance.rung() == Rung::Fixed;
        let ran = begin(appliance.plug_terminal()?).and_then(|()| appliance.remote().run_shell(terminal));
        let is_lost = appliance.remote().is_lost();
        appliance.unplug_terminal();
        self.tell_printed();
        ran.map_err(|error| match is_lost {
            true => self.appliance_died(error),
            false if is_fixed => Error::unsupported(format!("a terminal of this fixed appliance: {error}")),
            false => error,
        })
    }

    /// How its appliance would be started, as its settings are now.
    pub fn appliance_options(&self) -> Options {
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

    /// The machine has ended by itself, or can't be understood, as `error` says: the handle is where it was before the
    /// launch, and whoever listens is told.
    fn appliance_died(&mut self, error: Error) -> Error {
        let error = match self.appliance.take() {
            Some(appliance) => appliance.explain(error),
            None => error,
        };
        self.in_process = None;
        self.session.drives.clear();
        self.replay = Default::default();
        self.fire(EventKind::SubprocessQuit, b"");
        error
    }

    /// Ends the appliance, if there is one. What can't be written any more is an error.
    pub(crate) fn shut_down_appliance(&mut self) -> Result<()> {
        let Some(mut appliance) = self.appliance.take() else { return Ok(()) };
        let remote = appliance.remote();
        let synced = match self.session.settings.autosync && !remote.is_lost() {
            true => remote.internal_autosync(),
            false => Ok(()),
        };
        let whole = appliance.check_images();
        let ended = appliance.shutdown();
        self.tell_printed();
        synced.and(whole).and(ended.map(drop))
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

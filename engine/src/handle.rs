//! The handle: the one door that every call passes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bstr::{BStr, BString};
use glassbox_api::protocol::{Header, MESSAGE_MAX};
use glassbox_api::table::Group;
use glassbox_api::{AnyCall, Call, CallInfo, Door, Pending};
use glassbox_appliance::Appliance;
use glassbox_io::{Errno, Error, Result};

use crate::appliance::Printed;
use crate::events::{Event, EventKind, Events};
use crate::in_process::InProcess;
use crate::lending::Lender;
use crate::library::Library;
use crate::mount_local::LocalMount;
use crate::replay::Replay;
use crate::session::Session;
use crate::trace;

/// Where a handle is in its life. Upstream's `LAUNCHING` passes within the call `launch` and is never seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Drives are being added.
    Config,
    /// Launched: disks can be asked about.
    Ready,
}

/// A libguestfs handle. It has every call of the API, through the group traits of [`glassbox_api`].
///
/// ```no_run
/// use glassbox_api::{Drives, FilesRead, Launching, Mounting};
///
/// let mut g = glassbox_engine::Handle::new()?;
/// g.add_drive_ro("disk.img".into())?;
/// g.launch()?;
/// g.mount_ro("/dev/sda1".into(), "/".into())?;
/// println!("{}", g.cat("/etc/hostname".into())?);
/// # Ok::<(), glassbox_io::Error>(())
/// ```
///
/// A call is checked and traced, then goes one of three ways: [`Library`] answers what needs no disk, or is made of
/// other calls; [`InProcess`] answers questions about disks; what it can't answer goes to an appliance, and from then on
/// everything about disks does, because only the appliance knows what was written.
pub struct Handle {
    pub(crate) session: Session,
    pub(crate) in_process: Option<InProcess>,
    /// Once a call needed it.
    pub(crate) appliance: Option<Appliance>,
    /// What it is told of the session then.
    pub(crate) replay: Replay,
    /// Where the guest's files are mounted on the host, between `mount_local` and the end of `mount_local_run`.
    pub(crate) local_mount: Option<LocalMount>,
    pub(crate) events: Arc<Events>,
    cancelled: Arc<AtomicBool>,
    serial: u64,
    /// How many calls are under way: calls of the library are made of others.
    pub(crate) depth: u32,
    /// How many callbacks are under way, each in a call of the one before.
    pub(crate) nesting: u32,
    /// The call that works with the disks while the rest of the handle is lent.
    pub(crate) at_work: Option<&'static str>,
    /// Who has the handle while callbacks are called, if they may call.
    pub(crate) lender: Option<Arc<dyn Lender>>,
    /// What the appliance has printed, and nobody was told yet.
    pub(crate) printed: Printed,
    /// Where C finds this handle, if C has it.
    pub(crate) c_address: Option<usize>,
    /// Reads libvirt's own objects, if C has them.
    pub(crate) describe_domain: Option<DescribeDomain>,
}

/// What libvirt's object at an address tells of itself: the URI of its connection, and its XML.
pub type DescribeDomain = fn(address: usize) -> Result<(BString, String)>;

/// What the caller of [`Handle::perform`] tells of itself.
#[derive(Clone, Copy, Default)]
pub struct Caller<'a> {
    /// The name of the file that the call reads, for traces.
    pub input: Option<&'a BStr>,
    /// The name of the file that the call writes, for traces.
    pub output: Option<&'a BStr>,
    /// Told of the call's error, where it belongs between the traces.
    pub on_error: Option<&'a dyn Fn(&Error)>,
}

impl Handle {
    /// A handle with the settings that the environment asks for.
    pub fn new() -> Result<Self> {
        let mut handle = Handle::without_environment();
        handle
            .session
            .settings
            .parse_environment(&|name| std::env::var_os(name).map(|value| BString::from(value.into_encoded_bytes())))?;
        Ok(handle)
    }

    /// A handle with the default settings.
    pub fn without_environment() -> Self {
        Handle {
            session: Session::default(),
            in_process: None,
            appliance: None,
            replay: Replay::default(),
            local_mount: None,
            events: Arc::default(),
            cancelled: Arc::default(),
            serial: 0,
            depth: 0,
            nesting: 0,
            at_work: None,
            lender: None,
            printed: Printed::default(),
            c_address: None,
            describe_domain: None,
        }
    }

    /// Where it is in its life.
    pub fn state(&self) -> State {
        if self.in_process.is_some() || self.at_work.is_some() { State::Ready } else { State::Config }
    }

    /// Who listens to it.
    pub fn events(&self) -> &Arc<Events> {
        &self.events
    }

    /// Set to end the call that is under way, from another thread or a signal handler.
    pub fn canceller(&self) -> Arc<AtomicBool> {
        self.cancelled.clone()
    }

    /// Says where C finds this handle: what the call `c_pointer` answers.
    pub fn set_c_address(&mut self, address: usize) {
        self.c_address = Some(address);
    }

    /// Says how domains are read that the caller holds as objects of libvirt's library. Without that they can't be added.
    pub fn set_describe_domain(&mut self, describe: DescribeDomain) {
        self.describe_domain = Some(describe);
    }

    /// Has `lender` keep the handle while callbacks are called, so that they may call too. Without one they can't.
    pub fn set_lender(&mut self, lender: Arc<dyn Lender>) {
        self.lender = Some(lender);
    }

    /// Settings and drives.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What the library prints when it is verbose: to those who listen, else to stderr.
    pub fn debug(&mut self, message: impl FnOnce() -> String) {
        if self.session.settings.verbose {
            self.tell(EventKind::Library, message().as_bytes(), "libguestfs: ");
        }
    }

    /// A warning: to those who listen, else to stderr.
    pub fn warn(&mut self, message: &str) {
        let events = self.events.clone();
        self.lend(&mut || events.warn(message));
    }

    fn trace(&mut self, text: &[u8]) {
        let identifier = &self.session.settings.identifier;
        let prefix = match identifier.is_empty() {
            true => "libguestfs: trace: ".to_owned(),
            false => format!("libguestfs: trace: {identifier}: "),
        };
        self.tell(EventKind::Trace, text, &prefix);
    }

    /// Tells those who listen, who may call, or else stderr.
    pub(crate) fn tell(&mut self, kind: EventKind, text: &[u8], prefix: &str) {
        let events = self.events.clone();
        self.lend(&mut || events.tell(kind, text, prefix));
    }

    /// Tells those who listen, who may call.
    pub(crate) fn fire(&mut self, kind: EventKind, text: &[u8]) {
        if self.events.wants(kind) {
            let events = self.events.clone();
            self.lend(&mut || {
                events.fire(&Event { kind, text, numbers: &[] });
            });
        }
    }

    /// Answers a call as [`Door::call`] does, for a caller who has more to say. The reply stays with `call`.
    pub fn perform(&mut self, call: &mut dyn AnyCall, caller: &Caller<'_>) -> Result<()> {
        // It comes from outside. A call before may have ended in a panic, and left its depth.
        self.depth = 0;
        self.pass(call, caller)
    }

    /// What happens to every call. Not generic: compiled once for all of them.
    fn pass(&mut self, call: &mut dyn AnyCall, caller: &Caller<'_>) -> Result<()> {
        let info = call.info();
        if !info.wrapper {
            return call.answer(&mut Library(self));
        }
        if let Err(error) = self.check_nesting() {
            let result = Err(error.in_call(info.name));
            self.tell_error(caller, &result);
            return result;
        }
        if self.depth == 0 && self.nesting == 0 {
            // What was cancelled before this call is over.
            self.cancelled.store(false, Ordering::Relaxed);
        }
        self.fire(EventKind::Enter, info.name.as_bytes());
        // The call that switches tracing on isn't traced, the one that switches it off is to its end.
        let traced = self.session.settings.trace;
        if traced {
            self.trace(&trace::call(call, caller));
        }
        self.depth += 1;
        let result = self.answer(call).map_err(|error| error.in_call(info.name));
        self.depth -= 1;
        // libguestfs's daemon tells of an error after the call's trace, its library before.
        let late = info.is_daemon() && self.state() == State::Ready;
        if !late {
            self.tell_error(caller, &result);
        }
        if traced {
            self.trace(&match &result {
                Ok(()) => call.value().map_or_else(BString::default, |value| trace::result(info, &value)),
                Err(_) => trace::failure(info),
            });
        }
        if late {
            self.tell_error(caller, &result);
        }
        result
    }

    fn tell_error(&mut self, caller: &Caller<'_>, result: &Result<()>) {
        if let (Err(error), Some(on_error)) = (result, caller.on_error) {
            self.lend(&mut || on_error(error));
        }
    }

    fn answer(&mut self, call: &mut dyn AnyCall) -> Result<()> {
        let info = call.info();
        if info.config_only && self.state() != State::Config {
            return Err(Error::usage(format!("{}: this function can only be called in the config state", info.name)));
        }
        if !info.is_daemon() {
            return call.answer(&mut Library(self));
        }
        self.check_idle()?;
        if self.state() == State::Config {
            return Err(Error::usage(
                "call launch before using this function\n(in guestfish, don't forget to use the 'run' command)",
            ));
        }
        self.serial += 1;
        if self.appliance.is_some() && !self.has_answer_of_inspection(info) {
            return self.ask_appliance(call, None);
        }
        let answered = self.ask_parsers(call);
        self.remember(call, answered.is_ok())?;
        match answered {
            Err(error) if error.is_unsupported() => return self.ask_appliance(call, Some(error)),
            answered => answered?,
        }
        match self.depth {
            1 => check_reply(call.reply_length()),
            // Calls of the library take these replies as they are: libguestfs has them in files.
            _ => Ok(()),
        }
    }

    /// Whether a call tells what inspection has found, which doesn't change by being asked for again.
    fn has_answer_of_inspection(&mut self, info: &CallInfo) -> bool {
        let Some(in_process) = &mut self.in_process else { return false };
        if info.inspects {
            in_process.forget_inspection();
        }
        info.inspected && in_process.has_inspected()
    }

    fn ask_parsers(&mut self, call: &mut dyn AnyCall) -> Result<()> {
        let info = call.info();
        // Looked up for those calls alone that may answer with less: it takes a look at the host's files.
        let may_tell_less = info.inspects || info.group == Group::Features;
        let has_appliance = may_tell_less && self.may_have_appliance();
        if let Some(in_process) = &mut self.in_process {
            in_process.has_appliance = has_appliance;
            in_process.begin(info, self.serial, self.events.clone(), self.cancelled.clone());
        }
        let answered = self.work_with(
            info.name,
            |handle| &mut handle.in_process,
            |in_process| in_process.check(call).and_then(|()| call.answer(in_process)),
        );
        answered.unwrap_or_else(|| Err(Error::usage("the handle has been shut down")))
    }

    /// Keeps what the appliance must be told, if it ever takes over, after the parsers had this call.
    fn remember(&mut self, call: &dyn AnyCall, succeeded: bool) -> Result<()> {
        let Some(in_process) = &self.in_process else { return Ok(()) };
        if let Some(change) = in_process.change().filter(|_| succeeded) {
            self.replay.record(call, change)?;
        }
        // Not only calls for mounting unmount, inspection does, and even one that fails.
        if !in_process.vfs.is_mounted() {
            self.replay.forget_mounts();
        }
        Ok(())
    }
}

/// Refuses what libguestfs's daemon couldn't send, so that programs find the same limit however they are answered. There
/// no system call failed: the error has no number.
fn check_reply(length: usize) -> Result<()> {
    let length = length.saturating_add(Header::SIZE);
    match length <= MESSAGE_MAX {
        true => Ok(()),
        false => {
            let what =
                format!("the reply has {length} bytes, more than the {MESSAGE_MAX} of a message of the protocol");
            Err(Error::os_with(Errno(0), what))
        }
    }
}

impl Door for Handle {
    fn call<C: Call>(&mut self, call: C) -> Result<C::Reply> {
        let mut pending = Pending::new(call);
        self.pass(&mut pending, &Caller::default())?;
        pending.into_reply()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.session.settings.trace {
            self.trace(b"close");
        }
        if let Err(error) = self.shut_down_appliance() {
            self.warn(&format!("closing the handle: {error}"));
        }
        // Whoever listens finds the handle as after `shutdown`.
        self.in_process = None;
        self.fire(EventKind::Close, b"");
    }
}

//! Calls from within a callback, on the handle whose call is under way.
//!
//! A call has its handle to itself: it holds the only `&mut Handle`. A listener in C, though, was given a pointer to the
//! same handle, and may call with it. So a call that tells its listeners something lends its borrow to a [`Lender`], and
//! doesn't touch the handle until it has it back. A call from within finds the borrow there, and takes it out for as long
//! as it runs: at any moment one frame of the stack uses the handle, and no call waits for one further up.
//!
//! - *Before and after the work* (`ENTER`, `TRACE`, errors, `LAUNCH_DONE`, `CLOSE`, …) the whole handle is lent: every
//!   call is as good as between two calls.
//! - *During the work* on disks (`PROGRESS`, `WARNING`) what is worked with, the parsers or the appliance, is taken out of
//!   the handle, and the rest is lent: what needs no disk is answered, the other calls fail and say what is under way.

use glassbox_io::{Error, Result};

use crate::handle::Handle;

/// Callbacks that call, and so are called back, within each other: more are taken for a program that never ends. A few
/// are used by programs that trace what their own callbacks do; each takes some kilobytes of the thread's stack.
const DEEPEST: u32 = 32;

/// Keeps a handle for calls that come from within callbacks.
pub trait Lender: Send + Sync {
    /// Runs `meanwhile`, during which such calls may use `handle`.
    fn lend(&self, handle: &mut Handle, meanwhile: &mut dyn FnMut());
}

/// What is to be restored when a handle comes back, also when a panic brings it.
struct Lent<'a> {
    handle: &'a mut Handle,
    depth: u32,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.handle.depth = self.depth;
        self.handle.nesting -= 1;
    }
}

/// A part of a handle that is being worked with.
struct Taken<'a, P> {
    handle: &'a mut Handle,
    place: fn(&mut Handle) -> &mut Option<P>,
    part: Option<P>,
}

impl<P> Drop for Taken<'_, P> {
    fn drop(&mut self) {
        *(self.place)(self.handle) = self.part.take();
        self.handle.at_work = None;
    }
}

impl Handle {
    /// Lends the handle to calls that come from within `meanwhile`.
    pub(crate) fn lend(&mut self, meanwhile: &mut dyn FnMut()) {
        let Some(lender) = self.lender.clone() else { return meanwhile() };
        self.nesting += 1;
        let lent = Lent { depth: std::mem::take(&mut self.depth), handle: self };
        lender.lend(lent.handle, meanwhile);
    }

    /// Has the call `name` work with a part of the handle, while calls from within callbacks may use the rest. `None` if
    /// the part is not there.
    pub(crate) fn work_with<P, R>(
        &mut self,
        name: &'static str,
        place: fn(&mut Handle) -> &mut Option<P>,
        mut work: impl FnMut(&mut P) -> R,
    ) -> Option<R> {
        if !self.may_be_called_back() {
            return place(self).as_mut().map(work);
        }
        let part = Some(place(self).take()?);
        self.at_work = Some(name);
        let mut taken = Taken { handle: self, place, part };
        let Taken { handle, part, .. } = &mut taken;
        let mut result = None;
        handle.lend(&mut || result = part.as_mut().map(&mut work));
        result
    }

    /// Whether a call may come from within the work of another: without listeners there is nobody to make one.
    fn may_be_called_back(&self) -> bool {
        self.lender.is_some() && self.events.has_listeners()
    }

    /// Fails while another call works with the disks: this one comes from within its callback.
    pub(crate) fn check_idle(&self) -> Result<()> {
        match self.at_work {
            None => Ok(()),
            Some(name) => Err(Error::usage(format!("{name} is under way: its callbacks can't use the disks"))),
        }
    }

    /// Fails for callbacks that call back without end.
    pub(crate) fn check_nesting(&self) -> Result<()> {
        match self.nesting <= DEEPEST {
            true => Ok(()),
            false => Err(Error::usage(format!("callbacks call each other more than {DEEPEST} levels deep"))),
        }
    }
}

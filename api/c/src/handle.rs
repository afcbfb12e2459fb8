//! What `guestfs_h` points to: the engine's handle, and what belongs to it in C alone.

use std::collections::BTreeSet;
use std::ffi::{CStr, CString, c_char, c_int, c_uint};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};

use glassbox_api::requests;
use glassbox_engine::{Events, Handle};

use crate::call::{call, complain};
use crate::errors::Errors;
use crate::events::OldCallbacks;
use crate::libvirt;
use crate::lock::{Exclusive, Refused};
use crate::private::PrivateData;

/// `guestfs_abort_cb`
pub type AbortCallback = unsafe extern "C" fn();

/// A handle. Only ever borrowed shared: what changes is behind a lock of its own.
pub struct Guestfs {
    /// Taken out when it is closed.
    pub engine: Exclusive<Handle>,
    /// The engine's listeners, for whom its lock isn't needed.
    pub listeners: Arc<Events>,
    /// Set to end the call that is under way.
    cancelled: Arc<AtomicBool>,
    /// Each thread's errors.
    pub errors: Errors,
    /// Callbacks from before there were events.
    pub old_callbacks: OldCallbacks,
    /// The caller's own data.
    pub private: PrivateData,
    /// Strings that were lent to the caller, each once.
    strings: Mutex<BTreeSet<CString>>,
    /// What is called when there is no memory.
    out_of_memory: Mutex<AbortCallback>,
}

/// The handles that are open, by address: all of them, and those to be closed when the program exits.
static OPEN: Mutex<Open> = Mutex::new(Open { all: BTreeSet::new(), until_exit: BTreeSet::new() });

struct Open {
    all: BTreeSet<usize>,
    until_exit: BTreeSet<usize>,
}

fn open() -> std::sync::MutexGuard<'static, Open> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Guestfs {
    /// The handle behind the pointer; `None` if it is NULL.
    ///
    /// # Safety
    /// `g` is NULL or came from `guestfs_create`, and is not closed before the borrow ends.
    pub unsafe fn borrow<'a>(g: *mut Guestfs) -> Option<&'a Guestfs> {
        // SAFETY: the caller's.
        unsafe { g.as_ref() }
    }

    /// The pointer by which C knows it.
    pub fn as_c(&self) -> *mut Guestfs {
        ptr::from_ref(self).cast_mut()
    }

    fn new() -> Box<Guestfs> {
        let mut engine = Handle::without_environment();
        engine.set_describe_domain(libvirt::describe);
        let (listeners, cancelled) = (engine.events().clone(), engine.canceller());
        let engine = Exclusive::new(engine);
        let lender = engine.loan().clone();
        // Nobody else has it yet: it can't be refused.
        let _ = engine.with(|engine| engine.set_lender(lender));
        Box::new(Guestfs {
            listeners,
            cancelled,
            engine,
            errors: Errors::default(),
            old_callbacks: OldCallbacks::default(),
            private: PrivateData::default(),
            strings: Mutex::default(),
            out_of_memory: Mutex::new(abort),
        })
    }

    /// A string that lives as long as the handle.
    pub fn lend(&self, string: &[u8]) -> *const c_char {
        let string = CString::new(string.split(|byte| *byte == 0).next().unwrap_or_default()).unwrap_or_default();
        let mut strings = self.strings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = strings.get::<CStr>(&string) {
            return known.as_ptr();
        }
        // The bytes are on the heap: they stay where they are when the string moves into the set.
        let lent = string.as_ptr();
        strings.insert(string);
        lent
    }

    /// Calls the out-of-memory handler, which must not return.
    pub fn out_of_memory(&self) -> ! {
        let handler = *self.out_of_memory.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the program gave this callback for this.
        unsafe { handler() };
        std::process::abort()
    }
}

unsafe extern "C" fn abort() {
    std::process::abort()
}

/// Ends the call that is under way in another thread. Takes no lock, allocates nothing: safe in a signal handler.
///
/// # Safety
/// As [`Guestfs::borrow`].
pub unsafe fn user_cancel(g: *mut Guestfs) -> c_int {
    // SAFETY: the caller's.
    match unsafe { Guestfs::borrow(g) } {
        Some(handle) => {
            handle.cancelled.store(true, Ordering::Relaxed);
            0
        }
        None => -1,
    }
}

/// `GUESTFS_CREATE_NO_ENVIRONMENT`
const NO_ENVIRONMENT: c_uint = 1 << 0;
/// `GUESTFS_CREATE_NO_CLOSE_ON_EXIT`
const NO_CLOSE_ON_EXIT: c_uint = 1 << 1;

#[unsafe(no_mangle)]
extern "C" fn guestfs_create() -> *mut Guestfs {
    guestfs_create_flags(0)
}

/// Variadic in the header, for arguments that flags may one day have; none has.
#[unsafe(no_mangle)]
extern "C" fn guestfs_create_flags(flags: c_uint) -> *mut Guestfs {
    catch_unwind(|| create(flags)).unwrap_or(ptr::null_mut())
}

fn create(flags: c_uint) -> *mut Guestfs {
    // As the appliance's first process, what loads this library has become its daemon before it comes here.
    glassbox_compat_daemon::entry::link();
    let g = Box::into_raw(Guestfs::new());
    let address = g.expose_provenance();
    // SAFETY: `g` was just made.
    if let Some(handle) = unsafe { Guestfs::borrow(g) } {
        let _ = handle.engine.with(|engine| engine.set_c_address(address));
    }
    {
        let mut open = open();
        open.all.insert(address);
        if flags & NO_CLOSE_ON_EXIT == 0 {
            open.until_exit.insert(address);
            close_at_exit();
        }
    }
    if flags & NO_ENVIRONMENT == 0 {
        // What is wrong there is told by the handler that prints it, and else ignored.
        // SAFETY: `g` was just made.
        unsafe { call(g, |_| Ok(requests::ParseEnvironment)) };
    }
    g
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_close(g: *mut Guestfs) {
    if !g.is_null() && !open().all.contains(&g.addr()) {
        complain("guestfs_close: the handle is closed already");
        return;
    }
    // SAFETY: the caller's; and it is open.
    let Some(handle) = (unsafe { Guestfs::borrow(g) }) else { return };
    // It tells its listeners, to whom the handle must still be one.
    let closed = catch_unwind(AssertUnwindSafe(|| handle.engine.close()));
    if matches!(closed, Ok(Err(Refused::InUse))) {
        complain("guestfs_close: called from within a call on the same handle: not closed");
        return;
    }
    {
        let mut open = open();
        open.until_exit.remove(&g.addr());
        if !open.all.remove(&g.addr()) {
            // A second thread was faster.
            return;
        }
    }
    // SAFETY: made by `Box::into_raw`, no longer among the open ones, so freed only here; the borrow has ended.
    drop(unsafe { Box::from_raw(g) });
}

/// Has the handles that are open when the program exits closed.
fn close_at_exit() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the function is there when it is called: what a library registers is called before it is unloaded.
        let registered = unsafe { libc::atexit(close_all) };
        debug_assert_eq!(registered, 0, "there is room for at least 32 functions");
    });
}

extern "C" fn close_all() {
    let addresses = std::mem::take(&mut open().until_exit);
    for address in addresses {
        let g: *const Guestfs = ptr::with_exposed_provenance(address);
        // Only the engine is dropped, and only if no call is under way in any thread: what else there is ends with the
        // program, and other threads may still look at it.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: it was open, and only we are about to close it.
            if let Some(handle) = unsafe { g.as_ref() } {
                // In use by another thread, or closed by it: there is nothing to do.
                let _ = handle.engine.try_close();
            }
        }));
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_set_out_of_memory_handler(g: *mut Guestfs, callback: Option<AbortCallback>) {
    // SAFETY: the caller's.
    if let (Some(handle), Some(callback)) = (unsafe { Guestfs::borrow(g) }, callback) {
        *handle.out_of_memory.lock().unwrap_or_else(PoisonError::into_inner) = callback;
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_get_out_of_memory_handler(g: *mut Guestfs) -> Option<AbortCallback> {
    // SAFETY: the caller's.
    let handle = unsafe { Guestfs::borrow(g) }?;
    Some(*handle.out_of_memory.lock().unwrap_or_else(PoisonError::into_inner))
}

//! Errors as C sees them: the last one of each thread, and the handlers that are told.

use std::collections::BTreeMap;
use std::ffi::{CString, c_char, c_int, c_void};
use std::io::Write;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use glassbox_engine::message;
use glassbox_io::{Error, ErrorKind};

use crate::handle::Guestfs;
use crate::thread::ThreadId;

/// `guestfs_error_handler_cb`
pub type ErrorHandler = unsafe extern "C" fn(*mut Guestfs, *mut c_void, *const c_char);

/// Handlers that call what fails, and so are called again, within each other: the innermost errors aren't told any more.
const DEEPEST: u32 = 8;

/// Who is told of errors.
#[derive(Clone, Copy)]
struct Handler {
    callback: Option<ErrorHandler>,
    opaque: *mut c_void,
}

// SAFETY: `opaque` is only passed back to the program, in the thread that set it.
unsafe impl Send for Handler {}

impl Default for Handler {
    fn default() -> Self {
        Handler { callback: Some(print), opaque: ptr::null_mut() }
    }
}

/// The handler of a new handle: prints on stderr.
unsafe extern "C" fn print(_: *mut Guestfs, _: *mut c_void, message: *const c_char) {
    // SAFETY: called with a C string, by us or by a program that got it from `guestfs_get_error_handler`.
    let message = unsafe { crate::arguments::bytes(message) }.unwrap_or_default();
    let line = [b"libguestfs: error: ", message, b"\n"].concat();
    // There is nobody to tell if it can't be printed.
    let _ = std::io::stderr().write_all(&line);
}

/// What a thread knows of its errors with a handle.
#[derive(Default)]
struct OfThread {
    last: Option<(CString, c_int)>,
    handler: Handler,
    pushed: Vec<Handler>,
    /// How many handlers are under way.
    telling: u32,
}

/// The errors of a handle. Each thread has its own, so that none reads or frees another's.
#[derive(Default)]
pub struct Errors(Mutex<BTreeMap<ThreadId, OfThread>>);

impl Errors {
    fn all(&self) -> MutexGuard<'_, BTreeMap<ThreadId, OfThread>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<R>(&self, use_them: impl FnOnce(&mut OfThread) -> R) -> R {
        use_them(self.all().entry(ThreadId::current()).or_default())
    }

    /// Makes `error` the thread's last, and tells its handler.
    pub fn report(&self, g: *mut Guestfs, error: &Error) {
        let text = message(error);
        // A C string ends at the first NUL.
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        let text = CString::new(text).unwrap_or_default();
        let errno = errno(error);
        let handler = self.with(|errors| {
            errors.last = Some((text.clone(), errno));
            (errors.telling < DEEPEST).then_some(errors.handler)
        });
        if let Some(Handler { callback: Some(callback), opaque }) = handler {
            self.with(|errors| errors.telling += 1);
            // SAFETY: the program gave this callback for this. No lock is held, and `text` outlives the call.
            unsafe { callback(g, opaque, text.as_ptr()) };
            self.with(|errors| errors.telling -= 1);
        }
    }

    /// The thread's last error; the pointer is valid until its next.
    fn last(&self) -> (*const c_char, c_int) {
        self.with(|errors| match &errors.last {
            Some((text, errno)) => (text.as_ptr(), *errno),
            None => (ptr::null(), 0),
        })
    }
}

/// The error number that libguestfs gives: none where no system call failed.
fn errno(error: &Error) -> c_int {
    match error.kind() {
        ErrorKind::Usage => 0,
        _ => error.errno().0,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_last_error(g: *mut Guestfs) -> *const c_char {
    // SAFETY: the caller's.
    unsafe { Guestfs::borrow(g) }.map_or(ptr::null(), |handle| handle.errors.last().0)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_last_errno(g: *mut Guestfs) -> c_int {
    // SAFETY: the caller's.
    unsafe { Guestfs::borrow(g) }.map_or(0, |handle| handle.errors.last().1)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_set_error_handler(g: *mut Guestfs, callback: Option<ErrorHandler>, opaque: *mut c_void) {
    // SAFETY: the caller's.
    if let Some(handle) = unsafe { Guestfs::borrow(g) } {
        handle.errors.with(|errors| errors.handler = Handler { callback, opaque });
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_get_error_handler(g: *mut Guestfs, opaque: *mut *mut c_void) -> Option<ErrorHandler> {
    // SAFETY: the caller's.
    let handler = unsafe { Guestfs::borrow(g) }?.errors.with(|errors| errors.handler);
    if !opaque.is_null() {
        // SAFETY: the caller's.
        unsafe { opaque.write(handler.opaque) };
    }
    handler.callback
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_push_error_handler(g: *mut Guestfs, callback: Option<ErrorHandler>, opaque: *mut c_void) {
    // SAFETY: the caller's.
    if let Some(handle) = unsafe { Guestfs::borrow(g) } {
        handle.errors.with(|errors| {
            errors.pushed.push(errors.handler);
            errors.handler = Handler { callback, opaque };
        });
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_pop_error_handler(g: *mut Guestfs) {
    // SAFETY: the caller's.
    if let Some(handle) = unsafe { Guestfs::borrow(g) } {
        handle.errors.with(|errors| errors.handler = errors.pushed.pop().unwrap_or_default());
    }
}

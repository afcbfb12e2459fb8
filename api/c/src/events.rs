//! Events, and the callbacks from before there were events.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use glassbox_api::table::EVENTS;
use glassbox_engine::{Event, EventKind};
use glassbox_io::Error;

use crate::handle::Guestfs;
use crate::memory::Memory;

/// `guestfs_event_callback`
pub type EventCallback =
    unsafe extern "C" fn(*mut Guestfs, *mut c_void, u64, c_int, c_int, *const c_char, usize, *const u64, usize);

/// Pointers that a listener keeps.
struct Kept {
    handle: *mut Guestfs,
    opaque: *mut c_void,
}

// SAFETY: `opaque` is only given back to the program, in the thread that makes a call on the handle. `handle` outlives
// its listeners, and everything in it is behind a lock.
unsafe impl Send for Kept {}
// SAFETY: as above.
unsafe impl Sync for Kept {}

/// Calls `callback` for the events in `mask`.
///
/// # Safety
/// `callback` may be called with `opaque` as long as the handle is open, or until it is removed.
unsafe fn listen(handle: &Guestfs, callback: EventCallback, mask: u64, opaque: *mut c_void) -> c_int {
    let kept = Kept { handle: handle.as_c(), opaque };
    handle.listeners.add_numbered(mask, move |number| {
        move |event: &Event<'_>| {
            let Kept { handle, opaque } = &kept;
            // A NUL behind the text, which doesn't count, for programs that print it.
            let text = (!event.text.is_empty()).then(|| [event.text, b"\0"].concat());
            let buf = text.as_ref().map_or(ptr::null(), |text| text.as_ptr().cast());
            let array = if event.numbers.is_empty() { ptr::null() } else { event.numbers.as_ptr() };
            let (bit, len) = (event.kind.info().mask(), event.text.len());
            // SAFETY: the caller's; text and numbers outlive the call.
            unsafe { callback(*handle, *opaque, bit, number, 0, buf, len, array, event.numbers.len()) };
        }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_set_event_callback(
    g: *mut Guestfs,
    callback: Option<EventCallback>,
    event_bitmask: u64,
    flags: c_int,
    opaque: *mut c_void,
) -> c_int {
    // SAFETY: the caller's.
    let Some(handle) = (unsafe { Guestfs::borrow(g) }) else { return -1 };
    let refused = |why: &'static str| {
        handle.errors.report(g, &Error::usage(why));
        -1
    };
    match callback {
        _ if flags != 0 => refused("flags parameter should be passed as 0 to this function"),
        // SAFETY: the caller's.
        Some(callback) => unsafe { listen(handle, callback, event_bitmask, opaque) },
        None => refused("set_event_callback: cb: parameter cannot be NULL"),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_delete_event_callback(g: *mut Guestfs, event_handle: c_int) {
    // SAFETY: the caller's.
    if let Some(handle) = unsafe { Guestfs::borrow(g) } {
        handle.listeners.remove(event_handle);
    }
}

#[unsafe(no_mangle)]
extern "C" fn guestfs_event_to_string(event: u64) -> *mut c_char {
    let mut names: Vec<&str> = EVENTS.iter().filter(|info| info.mask() & event != 0).map(|info| info.name).collect();
    names.sort_unstable();
    Memory::default().string(names.join(",").as_bytes())
}

/// The listeners by which callbacks of the old kind are called, each with its event.
#[derive(Default)]
pub struct OldCallbacks(Mutex<Vec<(EventKind, c_int)>>);

impl OldCallbacks {
    /// Puts `listener` into the place of the one for `kind`.
    fn replace(
        &self,
        handle: &Guestfs,
        kind: EventKind,
        listener: Option<impl Fn(&Event<'_>) + Send + Sync + 'static>,
    ) {
        let mut set = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        set.retain(|(known, number)| {
            let old = *known == kind;
            if old {
                handle.listeners.remove(*number);
            }
            !old
        });
        if let Some(listener) = listener {
            set.push((kind, handle.listeners.add(kind.info().mask(), listener)));
        }
    }
}

/// Defines the function that sets a callback of the old kind: its name, its event, the callback's further parameters
/// and how they are made of the event.
macro_rules! old_callback {
    ($function:ident, $kind:ident, ($($type:ty),*), |$event:ident| ($($value:expr),*)) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $function(
            g: *mut Guestfs,
            callback: Option<unsafe extern "C" fn(*mut Guestfs, *mut c_void $(, $type)*)>,
            opaque: *mut c_void,
        ) {
            // SAFETY: the caller's.
            let Some(handle) = (unsafe { Guestfs::borrow(g) }) else { return };
            let kept = Kept { handle: g, opaque };
            let listener = callback.map(|callback| {
                move |$event: &Event<'_>| {
                    let Kept { handle, opaque } = &kept;
                    // SAFETY: the program gave the callback for this.
                    unsafe { callback(*handle, *opaque $(, $value)*) };
                }
            });
            handle.old_callbacks.replace(handle, EventKind::$kind, listener);
        }
    };
}

old_callback!(guestfs_set_log_message_callback, Appliance, (*mut c_char, c_int), |event| (
    // Not const in C: a copy, so that whoever writes to it does no harm.
    [event.text, b"\0"].concat().as_mut_ptr().cast(),
    event.text.len() as c_int
));
old_callback!(guestfs_set_subprocess_quit_callback, SubprocessQuit, (), |_event| ());
old_callback!(guestfs_set_launch_done_callback, LaunchDone, (), |_event| ());
old_callback!(guestfs_set_close_callback, Close, (), |_event| ());
old_callback!(guestfs_set_progress_callback, Progress, (c_int, c_int, u64, u64), |event| (
    number(event, 0) as c_int,
    number(event, 1) as c_int,
    number(event, 2),
    number(event, 3)
));

fn number(event: &Event<'_>, place: usize) -> u64 {
    event.numbers.get(place).copied().unwrap_or_default()
}

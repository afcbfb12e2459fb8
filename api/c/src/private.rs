//! The private data area: the caller's pointers, by key.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ops::Bound;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::handle::Guestfs;

/// A pointer of the program, which we never follow.
#[derive(Clone, Copy)]
struct Pointer(*mut c_void);

// SAFETY: it is only given back to the program.
unsafe impl Send for Pointer {}

/// What the caller keeps with a handle. A key whose pointer is NULL is as good as none.
#[derive(Default)]
pub struct PrivateData(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    all: BTreeMap<CString, Pointer>,
    /// Where a walk is.
    walked: Option<CString>,
}

impl PrivateData {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Walks on; gives the key out by `key_rtn`.
    ///
    /// # Safety
    /// `key_rtn` is NULL or may be written to.
    unsafe fn next(&mut self, key_rtn: *mut *const c_char) -> *mut c_void {
        let from = match &self.walked {
            Some(key) => Bound::Excluded(key.clone()),
            None => Bound::Unbounded,
        };
        let Some((key, data)) = self.all.range((from, Bound::Unbounded)).next() else { return ptr::null_mut() };
        if !key_rtn.is_null() {
            // SAFETY: the caller's. The key stays where it is as long as the entry does.
            unsafe { key_rtn.write(key.as_ptr()) };
        }
        self.walked = Some(key.clone());
        data.0
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_set_private(g: *mut Guestfs, key: *const c_char, data: *mut c_void) {
    // SAFETY: the caller's.
    let (Some(handle), Some(key)) = (unsafe { Guestfs::borrow(g) }, unsafe { string(key) }) else { return };
    let mut entries = handle.private.entries();
    match data.is_null() {
        true => entries.all.remove(key),
        false => entries.all.insert(key.to_owned(), Pointer(data)),
    };
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_get_private(g: *mut Guestfs, key: *const c_char) -> *mut c_void {
    // SAFETY: the caller's.
    let (Some(handle), Some(key)) = (unsafe { Guestfs::borrow(g) }, unsafe { string(key) }) else {
        return ptr::null_mut();
    };
    handle.private.entries().all.get(key).map_or(ptr::null_mut(), |data| data.0)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_first_private(g: *mut Guestfs, key_rtn: *mut *const c_char) -> *mut c_void {
    // SAFETY: the caller's.
    let Some(handle) = (unsafe { Guestfs::borrow(g) }) else { return ptr::null_mut() };
    let mut entries = handle.private.entries();
    entries.walked = None;
    // SAFETY: the caller's.
    unsafe { entries.next(key_rtn) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn guestfs_next_private(g: *mut Guestfs, key_rtn: *mut *const c_char) -> *mut c_void {
    // SAFETY: the caller's.
    let Some(handle) = (unsafe { Guestfs::borrow(g) }) else { return ptr::null_mut() };
    // SAFETY: the caller's.
    unsafe { handle.private.entries().next(key_rtn) }
}

/// # Safety
/// `string` is NULL or a C string that lives longer than what is returned.
unsafe fn string<'a>(string: *const c_char) -> Option<&'a CStr> {
    // SAFETY: the caller's.
    (!string.is_null()).then(|| unsafe { CStr::from_ptr(string) })
}

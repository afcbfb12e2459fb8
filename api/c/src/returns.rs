//! What calls return to C, and what they return when they fail.

use std::ffi::{c_char, c_int};
use std::ptr;

use bstr::BString;

use crate::handle::Guestfs;
use crate::memory::Memory;
use crate::structs::{CStruct, List};
use glassbox_api::Record;

/// The C form of a call's reply. What isn't `const` is the caller's to free.
pub trait Return {
    /// Its type in C.
    type C;

    /// What tells that the call failed.
    const FAILED: Self::C;

    /// The C form.
    fn into_c(self, handle: &Guestfs, memory: &Memory) -> Self::C;
}

impl Return for () {
    type C = c_int;
    const FAILED: c_int = -1;
    fn into_c(self, _: &Guestfs, _: &Memory) -> c_int {
        0
    }
}

impl Return for bool {
    type C = c_int;
    const FAILED: c_int = -1;
    fn into_c(self, _: &Guestfs, _: &Memory) -> c_int {
        c_int::from(self)
    }
}

impl Return for i32 {
    type C = c_int;
    const FAILED: c_int = -1;
    fn into_c(self, _: &Guestfs, _: &Memory) -> c_int {
        self
    }
}

impl Return for i64 {
    type C = i64;
    const FAILED: i64 = -1;
    fn into_c(self, _: &Guestfs, _: &Memory) -> i64 {
        self
    }
}

impl Return for BString {
    type C = *mut c_char;
    const FAILED: *mut c_char = ptr::null_mut();
    fn into_c(self, _: &Guestfs, memory: &Memory) -> *mut c_char {
        memory.hand_over(self.into())
    }
}

/// A string that the handle keeps, or none.
impl Return for Option<BString> {
    type C = *const c_char;
    const FAILED: *const c_char = ptr::null();
    fn into_c(self, handle: &Guestfs, _: &Memory) -> *const c_char {
        self.map_or(ptr::null(), |string| handle.lend(&string))
    }
}

impl Return for Vec<BString> {
    type C = *mut *mut c_char;
    const FAILED: *mut *mut c_char = ptr::null_mut();
    fn into_c(self, _: &Guestfs, memory: &Memory) -> *mut *mut c_char {
        memory.strings(self.iter().map(|string| string.as_slice()))
    }
}

/// Keys and values in turn.
impl Return for Vec<(BString, BString)> {
    type C = *mut *mut c_char;
    const FAILED: *mut *mut c_char = ptr::null_mut();
    fn into_c(self, _: &Guestfs, memory: &Memory) -> *mut *mut c_char {
        let strings: Vec<&[u8]> = self.iter().flat_map(|(key, value)| [key.as_slice(), value.as_slice()]).collect();
        memory.strings(strings.into_iter())
    }
}

/// The struct of the engine whose C form is `C`.
pub trait HasCForm: Record {
    /// Its C form.
    type C: CStruct<Record = Self>;
}

impl<T: HasCForm> Return for T {
    type C = *mut T::C;
    const FAILED: *mut T::C = ptr::null_mut();
    fn into_c(self, _: &Guestfs, memory: &Memory) -> *mut T::C {
        memory.boxed(T::C::new(self, memory))
    }
}

impl<T: HasCForm> Return for Vec<T> {
    type C = *mut List<T::C>;
    const FAILED: *mut List<T::C> = ptr::null_mut();
    fn into_c(self, _: &Guestfs, memory: &Memory) -> *mut List<T::C> {
        memory.boxed(List::new(self, memory))
    }
}

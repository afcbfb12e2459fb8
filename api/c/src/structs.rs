//! What is the same for all structs of the C ABI: making, freeing, copying and comparing them and lists of them.

use std::cmp::Ordering;
use std::ffi::{CStr, c_char, c_int};
use std::{ptr, slice};

use crate::memory::Memory;

/// A struct of the C ABI.
pub trait CStruct: Copy {
    /// The same struct in the engine.
    type Record;

    /// The C form of `record`, with strings and buffers of its own.
    fn new(record: Self::Record, memory: &Memory) -> Self;

    /// Shows all pointers that it owns.
    fn owned(&mut self, visit: &mut dyn FnMut(&mut *mut c_char, Owned));

    /// Which comes first, by their fields in order.
    ///
    /// # Safety
    /// Strings and buffers of both are valid.
    unsafe fn compare(&self, other: &Self) -> Ordering;
}

/// What hangs on a pointer.
#[derive(Clone, Copy)]
pub enum Owned {
    /// A string, ended by NUL.
    String,
    /// As many bytes.
    Bytes(u32),
}

/// `struct guestfs_NAME_list`
#[repr(C)]
pub struct List<T> {
    len: u32,
    val: *mut T,
}

impl<T: CStruct> List<T> {
    /// The C form of `records`.
    pub fn new(records: Vec<T::Record>, memory: &Memory) -> Self {
        let records = records.into_iter().take(u32::MAX as usize);
        List { len: records.len() as u32, val: memory.list(records.map(|record| T::new(record, memory))) }
    }

    /// # Safety
    /// The list is one of ours, or made in the same way.
    unsafe fn values(&self) -> &[T] {
        match self.val.is_null() {
            true => &[],
            // SAFETY: `val` points to `len` structs.
            false => unsafe { slice::from_raw_parts(self.val, self.len as usize) },
        }
    }
}

fn free_owned<T: CStruct>(value: &mut T) {
    value.owned(&mut |pointer, _| {
        // SAFETY: it came from malloc(3), and is set to NULL so that nothing frees it again.
        unsafe { libc::free((*pointer).cast()) };
        *pointer = ptr::null_mut();
    });
}

/// Frees a struct. NULL is nothing to do.
///
/// # Safety
/// `value` is NULL or came from this library, and wasn't freed yet.
pub unsafe fn free<T: CStruct>(value: *mut T) {
    // SAFETY: the caller's.
    unsafe {
        if let Some(value) = value.as_mut() {
            free_owned(value);
        }
        libc::free(value.cast());
    }
}

/// Frees a list with its structs.
///
/// # Safety
/// As [`free`].
pub unsafe fn free_list<T: CStruct>(list: *mut List<T>) {
    // SAFETY: the caller's.
    unsafe {
        if let Some(list) = list.as_mut() {
            let len = if list.val.is_null() { 0 } else { list.len as usize };
            (0..len).for_each(|place| free_owned(&mut *list.val.add(place)));
            libc::free(list.val.cast());
        }
        libc::free(list.cast());
    }
}

/// A copy with strings of its own. What couldn't be copied for want of memory is NULL, and `memory` knows.
///
/// # Safety
/// The strings and buffers of `value` are valid.
unsafe fn copy_of<T: CStruct>(value: &T, memory: &Memory) -> T {
    let mut copy = *value;
    copy.owned(&mut |pointer, owned| {
        if !pointer.is_null() {
            // SAFETY: the caller's.
            *pointer = unsafe { memory.bytes(bytes_of(*pointer, owned)) };
        }
    });
    copy
}

/// # Safety
/// `pointer` is valid for what hangs on it.
unsafe fn bytes_of<'a>(pointer: *const c_char, owned: Owned) -> &'a [u8] {
    match owned {
        // SAFETY: the caller's.
        Owned::String => unsafe { CStr::from_ptr(pointer) }.to_bytes(),
        // SAFETY: the caller's.
        Owned::Bytes(len) => unsafe { slice::from_raw_parts(pointer.cast(), len as usize) },
    }
}

/// Copies a struct; NULL if there is no memory.
///
/// # Safety
/// `value` is NULL or a valid struct.
pub unsafe fn copy<T: CStruct>(value: *const T) -> *mut T {
    let memory = Memory::default();
    // SAFETY: the caller's.
    let Some(value) = (unsafe { value.as_ref() }) else { return ptr::null_mut() };
    // SAFETY: the caller's.
    let copy = memory.boxed(unsafe { copy_of(value, &memory) });
    if memory.is_exhausted() && !copy.is_null() {
        // SAFETY: just made, and nobody has it.
        unsafe { free(copy) };
        return ptr::null_mut();
    }
    copy
}

/// Copies a list with its structs; NULL if there is no memory.
///
/// # Safety
/// `list` is NULL or a valid list.
pub unsafe fn copy_list<T: CStruct>(list: *const List<T>) -> *mut List<T> {
    let memory = Memory::default();
    // SAFETY: the caller's.
    let Some(values) = (unsafe { list.as_ref().map(|list| list.values()) }) else { return ptr::null_mut() };
    // SAFETY: the caller's.
    let copies = memory.list(values.iter().map(|value| unsafe { copy_of(value, &memory) }));
    let len = if copies.is_null() { 0 } else { values.len() as u32 };
    let copy = memory.boxed(List { len, val: copies });
    if memory.is_exhausted() && !copy.is_null() {
        // SAFETY: just made, and nobody has it.
        unsafe { free_list(copy) };
        return ptr::null_mut();
    }
    copy
}

/// Less than, equal to or greater than 0. NULL comes before everything.
///
/// # Safety
/// Each is NULL or a valid struct.
pub unsafe fn compare<T: CStruct>(left: *const T, right: *const T) -> c_int {
    // SAFETY: the caller's.
    unsafe { both(left.as_ref(), right.as_ref(), |left, right| left.compare(right)) as c_int }
}

/// Shorter lists come first, others by their structs.
///
/// # Safety
/// Each is NULL or a valid list.
pub unsafe fn compare_list<T: CStruct>(left: *const List<T>, right: *const List<T>) -> c_int {
    // SAFETY: the caller's.
    let (left, right) = unsafe { (left.as_ref(), right.as_ref()) };
    both(left, right, |left, right| {
        // SAFETY: the caller's.
        let (left, right) = unsafe { (left.values(), right.values()) };
        // SAFETY: the caller's.
        let unequal = left.iter().zip(right).map(|(left, right)| unsafe { left.compare(right) });
        left.len().cmp(&right.len()).then_with(|| unequal.fold(Ordering::Equal, Ordering::then))
    }) as c_int
}

fn both<T>(left: Option<T>, right: Option<T>, compare: impl FnOnce(T, T) -> Ordering) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) => compare(left, right),
        (left, right) => left.is_some().cmp(&right.is_some()),
    }
}

/// # Safety
/// Each is NULL or a valid string.
pub unsafe fn compare_strings(left: *const c_char, right: *const c_char) -> Ordering {
    // SAFETY: the caller's.
    let bytes = |pointer: *const c_char| (!pointer.is_null()).then(|| unsafe { bytes_of(pointer, Owned::String) });
    both(bytes(left), bytes(right), Ord::cmp)
}

/// # Safety
/// Each is NULL or valid for its length.
pub unsafe fn compare_bytes(left: *const c_char, left_len: u32, right: *const c_char, right_len: u32) -> Ordering {
    let bytes = |pointer: *const c_char, len| {
        // SAFETY: the caller's.
        (!pointer.is_null()).then(|| unsafe { bytes_of(pointer, Owned::Bytes(len)) })
    };
    both(bytes(left, left_len), bytes(right, right_len), Ord::cmp)
}

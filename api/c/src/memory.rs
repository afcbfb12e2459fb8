//! Memory that the caller frees: from malloc(3), because free(3) is what the caller has.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ffi::c_char;
use std::ptr;

/// The allocator of all that Rust does in this library: malloc(3), so that a reply can be handed to the caller as it is.
/// The standard library's is malloc as well, but doesn't promise it.
struct Malloc;

/// What malloc aligns to: enough for every type of C.
const ALIGNMENT: usize = align_of::<libc::max_align_t>();

#[global_allocator]
static MALLOC: Malloc = Malloc;

// SAFETY: malloc(3) and its relatives are what the trait asks for, up to their alignment; the standard library's allocator
// does the rest. The layout, which stays the same for a block's life, says whose a block is.
unsafe impl GlobalAlloc for Malloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match layout.align() <= ALIGNMENT {
            // SAFETY: malloc may be called with any size.
            true => unsafe { libc::malloc(layout.size()) }.cast(),
            // SAFETY: the caller's.
            false => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match layout.align() <= ALIGNMENT {
            // SAFETY: calloc may be called with any size.
            true => unsafe { libc::calloc(layout.size(), 1) }.cast(),
            // SAFETY: the caller's.
            false => unsafe { System.alloc_zeroed(layout) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match layout.align() <= ALIGNMENT {
            // SAFETY: the caller's: the block is one of `alloc`, so of malloc.
            true => unsafe { libc::realloc(block.cast(), size) }.cast(),
            // SAFETY: the caller's.
            false => unsafe { System.realloc(block, layout, size) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match layout.align() <= ALIGNMENT {
            // SAFETY: the caller's: the block is one of `alloc`, so of malloc.
            true => unsafe { libc::free(block.cast()) },
            // SAFETY: the caller's.
            false => unsafe { System.dealloc(block, layout) },
        }
    }
}

/// Allocates, and remembers whether it ever failed: whoever builds an answer of many parts looks at the end.
#[derive(Default)]
pub struct Memory {
    exhausted: Cell<bool>,
}

impl Memory {
    /// Whether an allocation failed; what was built then has NULL in it.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted.get()
    }

    /// Room for `count` values, not yet set; NULL if there is none.
    pub fn array<T>(&self, count: usize) -> *mut T {
        // malloc(0) may return NULL, which would look like a failure.
        let size = count.checked_mul(size_of::<T>()).map(|size| size.max(1));
        // SAFETY: malloc may be called with any size. What it returns is aligned for every type of the C ABI.
        let room = size.map_or(ptr::null_mut(), |size| unsafe { libc::malloc(size) });
        if room.is_null() {
            self.exhausted.set(true);
        }
        room.cast()
    }

    /// A value of its own; NULL if there is no room.
    pub fn boxed<T>(&self, value: T) -> *mut T {
        let room = self.array::<T>(1);
        if !room.is_null() {
            // SAFETY: `room` has the size and alignment of a `T`, and nobody else has it.
            unsafe { room.write(value) };
        }
        room
    }

    /// A list of values, as a C array; NULL if there is no room.
    pub fn list<T>(&self, values: impl ExactSizeIterator<Item = T>) -> *mut T {
        let count = values.len();
        let room = self.array::<T>(count);
        if !room.is_null() {
            // `take`: an iterator that is wrong about its length must not write past the end.
            for (place, value) in values.take(count).enumerate() {
                // SAFETY: `place` is below `count`, for which there is room.
                unsafe { room.add(place).write(value) };
            }
        }
        room
    }

    /// Bytes followed by a NUL, which doesn't count.
    pub fn bytes(&self, bytes: &[u8]) -> *mut c_char {
        let room = self.array::<u8>(bytes.len().saturating_add(1));
        if !room.is_null() {
            // SAFETY: there is room for the bytes and the NUL, and it doesn't overlap with what we were given.
            unsafe {
                ptr::copy_nonoverlapping(bytes.as_ptr(), room, bytes.len());
                room.add(bytes.len()).write(0);
            }
        }
        room.cast()
    }

    /// The same of bytes that nobody needs any more: handed over without a copy, which may be as long as the call.
    pub fn hand_over(&self, mut bytes: Vec<u8>) -> *mut c_char {
        if bytes.try_reserve_exact(1).is_err() {
            self.exhausted.set(true);
            return ptr::null_mut();
        }
        bytes.push(0);
        // Not empty, so allocated; by `Malloc`, so from malloc.
        Box::into_raw(bytes.into_boxed_slice()).cast()
    }

    /// A C string. One with a NUL in it ends there for whoever reads it.
    pub fn string(&self, string: &[u8]) -> *mut c_char {
        self.bytes(string)
    }

    /// A list of C strings, ended by NULL.
    pub fn strings<'a>(&self, strings: impl ExactSizeIterator<Item = &'a [u8]>) -> *mut *mut c_char {
        let count = strings.len();
        let list = self.array::<*mut c_char>(count.saturating_add(1));
        if list.is_null() {
            return list;
        }
        // SAFETY: there is room for `count` pointers and the NULL at the end, set before anything else so that the
        // list is ended even if the iterator is wrong about its length.
        unsafe {
            for place in 0..=count {
                list.add(place).write(ptr::null_mut());
            }
            for (place, string) in strings.take(count).enumerate() {
                list.add(place).write(self.string(string));
            }
        }
        list
    }
}

//! Which thread is calling.
//!
//! The standard library's `ThreadId` belongs to a description of the thread that it allocates; this is only a number, so
//! that a program's threads cost nothing and leave nothing behind.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// A thread, by a number that no other thread of the process ever has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ThreadId(u64);

impl ThreadId {
    /// The calling thread.
    pub fn current() -> ThreadId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        thread_local!(static NUMBER: Cell<u64> = const { Cell::new(0) });
        NUMBER.with(|number| {
            if number.get() == 0 {
                number.set(NEXT.fetch_add(1, Ordering::Relaxed));
            }
            ThreadId(number.get())
        })
    }

    /// Its number, never 0.
    pub fn number(self) -> u64 {
        self.0
    }
}

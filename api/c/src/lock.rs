//! The lock of a handle: other threads wait, and the thread that holds it is told so instead of waiting for itself.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use crate::thread::ThreadId;

/// A value that one thread uses at a time.
pub struct Exclusive<T> {
    /// The thread that uses the value. Only that thread ever finds itself here.
    owner: Mutex<Option<ThreadId>>,
    value: Mutex<T>,
}

/// The calling thread uses the value already, further up its stack.
#[derive(Debug, PartialEq, Eq)]
pub struct Reentered;

impl<T> Exclusive<T> {
    /// A lock around `value`.
    pub fn new(value: T) -> Self {
        Exclusive { owner: Mutex::new(None), value: Mutex::new(value) }
    }

    /// Uses the value, once no other thread does.
    pub fn with<R>(&self, use_it: impl FnOnce(&mut T) -> R) -> Result<R, Reentered> {
        if self.is_mine() {
            return Err(Reentered);
        }
        // A panic in a call leaves the value as usable as an error does.
        Ok(self.own(self.value.lock().unwrap_or_else(PoisonError::into_inner), use_it))
    }

    /// Uses the value, unless any thread does.
    pub fn try_with<R>(&self, use_it: impl FnOnce(&mut T) -> R) -> Option<R> {
        match self.value.try_lock() {
            Ok(value) => Some(self.own(value, use_it)),
            Err(TryLockError::Poisoned(poisoned)) => Some(self.own(poisoned.into_inner(), use_it)),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Whether the calling thread uses the value.
    fn is_mine(&self) -> bool {
        *self.owner() == Some(ThreadId::current())
    }

    fn own<R>(&self, mut value: MutexGuard<'_, T>, use_it: impl FnOnce(&mut T) -> R) -> R {
        *self.owner() = Some(ThreadId::current());
        let _disown = Disown(self);
        use_it(&mut value)
    }

    fn owner(&self) -> MutexGuard<'_, Option<ThreadId>> {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the owner's name away, also when a panic passes.
struct Disown<'a, T>(&'a Exclusive<T>);

impl<T> Drop for Disown<'_, T> {
    fn drop(&mut self) {
        *self.0.owner() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::thread;

    #[test]
    fn a_thread_never_waits_for_itself() {
        let lock = Exclusive::new(1);
        assert_eq!(lock.with(|_| lock.with(|_| ())), Ok(Err(Reentered)));
        assert_eq!(lock.with(|_| lock.try_with(|_| ())), Ok(None));
        assert_eq!(lock.with(|value| *value), Ok(1));
    }

    #[test]
    fn a_panic_gives_the_lock_back() {
        let lock = Exclusive::new(1);
        assert!(catch_unwind(AssertUnwindSafe(|| lock.with(|_| panic!("on purpose")))).is_err());
        assert_eq!(lock.with(|value| *value), Ok(1));
    }

    #[test]
    fn threads_take_turns() {
        let lock = Exclusive::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| lock.with(|value| *value += 1).unwrap()));
            }
        });
        assert_eq!(lock.with(|value| *value), Ok(4000));
    }
}

//! The lock of a handle: other threads wait; the thread that has it uses it in its callbacks, or is told that it can't,
//! instead of waiting for itself.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use glassbox_engine::{Handle, Lender};

use crate::thread::ThreadId;

/// A value that one thread uses at a time, until it is taken out.
pub struct Exclusive<T> {
    value: Mutex<Option<T>>,
    loan: Arc<Loan<T>>,
}

/// Why a value can't be used.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// The calling thread uses it already, further up its stack, and hasn't lent it.
    InUse,
    /// It was taken out.
    Gone,
}

/// Who uses a value, and where it is while it is lent to callbacks.
pub struct Loan<T> {
    /// The number of the thread that uses the value, else [`NOBODY`]. Only that thread ever finds itself here, so its own
    /// order is enough.
    owner: AtomicU64,
    /// Set while the value is lent, and not in use by a call from within. Only the owner looks.
    lent: AtomicPtr<T>,
}

/// No thread's number.
const NOBODY: u64 = 0;

impl<T> Exclusive<T> {
    /// A lock around `value`.
    pub fn new(value: T) -> Self {
        let loan = Loan { owner: AtomicU64::new(NOBODY), lent: AtomicPtr::new(ptr::null_mut()) };
        Exclusive { value: Mutex::new(Some(value)), loan: Arc::new(loan) }
    }

    /// By which whoever uses the value lends it to its callbacks.
    pub fn loan(&self) -> &Arc<Loan<T>> {
        &self.loan
    }

    /// Uses the value: at once if the calling thread has lent it, else once no other thread uses it.
    #[inline(always)]
    pub fn with<R>(&self, use_it: impl FnOnce(&mut T) -> R) -> Result<R, Refused> {
        let thread = ThreadId::current();
        if self.loan.is_owned_by(thread) {
            return self.loan.borrow(use_it);
        }
        // A panic in a call leaves the value as usable as an error does.
        let mut value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        let _owned = self.loan.own(thread);
        value.as_mut().map(use_it).ok_or(Refused::Gone)
    }

    /// Takes the value out and drops it, once no other thread uses it.
    pub fn close(&self) -> Result<(), Refused> {
        let thread = ThreadId::current();
        if self.loan.is_owned_by(thread) {
            return Err(Refused::InUse);
        }
        self.drop_value(thread, self.value.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same, unless any thread uses it.
    pub fn try_close(&self) -> Result<(), Refused> {
        match self.value.try_lock() {
            Ok(value) => self.drop_value(ThreadId::current(), value),
            Err(TryLockError::Poisoned(poisoned)) => self.drop_value(ThreadId::current(), poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(Refused::InUse),
        }
    }

    /// Behind the lock, because a value may lend itself once more while it is dropped.
    fn drop_value(&self, thread: ThreadId, mut value: MutexGuard<'_, Option<T>>) -> Result<(), Refused> {
        let _owned = self.loan.own(thread);
        value.take().map(drop).ok_or(Refused::Gone)
    }
}

impl<T> Loan<T> {
    fn is_owned_by(&self, thread: ThreadId) -> bool {
        self.owner.load(Ordering::Relaxed) == thread.number()
    }

    fn own(&self, thread: ThreadId) -> Owned<'_, T> {
        self.owner.store(thread.number(), Ordering::Relaxed);
        Owned(self)
    }

    /// Uses the value that the calling thread has lent.
    #[cold]
    fn borrow<R>(&self, use_it: impl FnOnce(&mut T) -> R) -> Result<R, Refused> {
        let lent = self.lent.load(Ordering::Relaxed);
        if lent.is_null() {
            return Err(Refused::InUse);
        }
        // Taken, so that nobody else can while it is in use; given back also when a panic passes.
        let _returned = self.replace(ptr::null_mut());
        // SAFETY: `lend` made the pointer of a borrow that outlives its callbacks, of which this is one: the owner alone
        // comes here. Nobody else uses that borrow: `lend` doesn't while it is lent, and it was taken.
        Ok(use_it(unsafe { &mut *lent }))
    }

    /// Has calls of this thread from within `meanwhile` use `value`.
    fn lend(&self, value: &mut T, meanwhile: &mut dyn FnMut()) {
        let _returned = self.replace(value);
        meanwhile();
    }

    /// Puts `lent` into the place of what is lent, until what is returned is dropped.
    fn replace(&self, lent: *mut T) -> Replaced<'_, T> {
        let before = self.lent.load(Ordering::Relaxed);
        self.lent.store(lent, Ordering::Relaxed);
        Replaced { loan: self, before }
    }
}

impl Lender for Loan<Handle> {
    fn lend(&self, handle: &mut Handle, meanwhile: &mut dyn FnMut()) {
        self.lend(handle, meanwhile);
    }
}

/// Takes the owner's name away when it is dropped.
struct Owned<'a, T>(&'a Loan<T>);

impl<T> Drop for Owned<'_, T> {
    fn drop(&mut self) {
        self.0.owner.store(NOBODY, Ordering::Relaxed);
    }
}

/// Puts back what was lent before.
struct Replaced<'a, T> {
    loan: &'a Loan<T>,
    before: *mut T,
}

impl<T> Drop for Replaced<'_, T> {
    fn drop(&mut self) {
        self.loan.lent.store(self.before, Ordering::Relaxed);
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
        assert_eq!(lock.with(|_| lock.with(|_| ())), Ok(Err(Refused::InUse)));
        assert_eq!(lock.with(|_| lock.close()), Ok(Err(Refused::InUse)));
        assert_eq!(lock.with(|_| lock.try_close()), Ok(Err(Refused::InUse)));
        assert_eq!(lock.with(|value| *value), Ok(1));
    }

    #[test]
    fn what_is_lent_is_used_by_one_call_at_a_time() {
        let lock = Exclusive::new(1);
        let add = |more: i32| lock.with(|value| *value += more);
        let used = lock.with(|value| {
            lock.loan().lend(value, &mut || {
                assert_eq!(add(10), Ok(()));
                // A call from within that doesn't lend it further has it for itself; one that does gets it back.
                let inner = lock.with(|value| {
                    assert_eq!(add(100), Err(Refused::InUse));
                    lock.loan().lend(value, &mut || assert_eq!(add(1000), Ok(())));
                    *value += 10000;
                });
                assert_eq!(inner, Ok(()));
                assert_eq!(add(100000), Ok(()));
            });
            assert_eq!(add(1), Err(Refused::InUse));
            *value
        });
        assert_eq!(used, Ok(111011));
    }

    #[test]
    fn a_panic_gives_the_lock_and_the_loan_back() {
        let lock = Exclusive::new(1);
        let panics = |of: &dyn Fn()| catch_unwind(AssertUnwindSafe(of)).is_err();
        assert!(panics(&|| lock.with(|_| panic!("on purpose")).unwrap()));
        let used = lock.with(|value| {
            lock.loan().lend(value, &mut || assert!(panics(&|| lock.with(|_| panic!("on purpose")).unwrap())));
            assert!(panics(&|| lock.loan().lend(&mut 0, &mut || panic!("on purpose"))));
            assert_eq!(lock.with(|_| ()), Err(Refused::InUse));
        });
        assert_eq!((used, lock.with(|value| *value)), (Ok(()), Ok(1)));
    }

    #[test]
    fn what_was_taken_out_is_gone() {
        let lock = Exclusive::new(1);
        assert_eq!(lock.close(), Ok(()));
        assert_eq!(
            (lock.with(|_| ()), lock.close(), lock.try_close()),
            (Err(Refused::Gone), Err(Refused::Gone), Err(Refused::Gone))
        );
    }

    #[test]
    fn threads_take_turns_and_do_not_see_what_others_lend() {
        let lock = Exclusive::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        let lent =
                            lock.with(|value| lock.loan().lend(value, &mut || lock.with(|value| *value += 1).unwrap()));
                        assert_eq!(lent, Ok(()));
                    }
                });
            }
        });
        assert_eq!(lock.with(|value| *value), Ok(4000));
    }
}

//! What a handle tells whoever listens: messages, progress, calls and results.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::trace::printable;

/// The kinds of events. A listener names several by joining their masks.
pub use glassbox_api::table::Event as EventKind;

/// One event.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// What kind it is.
    pub kind: EventKind,
    /// Its text: of messages, traces and entered calls.
    pub text: &'a [u8],
    /// Its numbers: of progress, these are procedure number, serial number, position and total.
    pub numbers: &'a [u64],
}

type Listener = dyn Fn(&Event<'_>) + Send + Sync;

/// Those who listen.
#[derive(Default)]
pub struct Events {
    listeners: Mutex<Listeners>,
    /// The masks of all listeners, so that what nobody wants to hear, which is most of what happens, takes no lock.
    wanted: AtomicU64,
}

#[derive(Default)]
struct Listeners {
    next: i32,
    all: Vec<(i32, u64, Arc<Listener>)>,
}

impl Events {
    /// Calls `listener` for every event whose bit is in `mask`. The number is for [`Self::remove`].
    pub fn add(&self, mask: u64, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> i32 {
        self.add_numbered(mask, |_| listener)
    }

    /// The same for a listener that wants to know its number.
    pub fn add_numbered<L: Fn(&Event<'_>) + Send + Sync + 'static>(
        &self,
        mask: u64,
        listener: impl FnOnce(i32) -> L,
    ) -> i32 {
        let mut listeners = self.lock();
        let number = listeners.next;
        listeners.next += 1;
        listeners.all.push((number, mask, Arc::new(listener(number))));
        self.note_wanted(&listeners);
        number
    }

    /// Stops calling a listener. Whether there was one of that number.
    pub fn remove(&self, number: i32) -> bool {
        let mut listeners = self.lock();
        let before = listeners.all.len();
        listeners.all.retain(|(known, _, _)| *known != number);
        self.note_wanted(&listeners);
        listeners.all.len() < before
    }

    /// Whether anybody listens to events of this kind: a text that nobody reads need not be made.
    pub fn wants(&self, kind: EventKind) -> bool {
        self.wanted.load(Ordering::Relaxed) & kind.info().mask() != 0
    }

    /// Whether anybody listens to anything.
    pub fn has_listeners(&self) -> bool {
        self.wanted.load(Ordering::Relaxed) != 0
    }

    /// Tells everybody who listens, in the order in which they came. Whether there was anybody.
    pub fn fire(&self, event: &Event<'_>) -> bool {
        if !self.wants(event.kind) {
            return false;
        }
        let listening: Vec<Arc<Listener>> = self
            .lock()
            .all
            .iter()
            .filter(|(_, mask, _)| mask & event.kind.info().mask() != 0)
            .map(|(_, _, listener)| listener.clone())
            .collect();
        // Called without the lock: a listener may add or remove listeners.
        listening.iter().for_each(|listener| listener(event));
        !listening.is_empty()
    }

    /// Tells those who listen, or else stderr.
    pub fn tell(&self, kind: EventKind, text: &[u8], prefix: &str) {
        if !self.fire(&Event { kind, text, numbers: &[] }) {
            let line = [prefix.as_bytes(), &printable(text), b"\n"].concat();
            // There is nobody to tell if it can't be printed.
            let _ = std::io::stderr().write_all(&line);
        }
    }

    /// A warning: to those who listen, else to stderr.
    pub fn warn(&self, message: &str) {
        self.tell(EventKind::Warning, message.as_bytes(), "libguestfs: warning: ");
    }

    /// Whoever adds a listener while another thread makes a call can't expect to hear of that one: no order is needed.
    fn note_wanted(&self, listeners: &Listeners) {
        let wanted = listeners.all.iter().fold(0, |wanted, (_, mask, _)| wanted | mask);
        self.wanted.store(wanted, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Listeners> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn listeners_hear_what_they_asked_for_and_may_leave_while_being_told() {
        let events = Arc::new(Events::default());
        let heard = Arc::new(AtomicUsize::new(0));
        let (count, registry) = (heard.clone(), Arc::downgrade(&events));
        let number = events.add(EventKind::Trace.info().mask() | EventKind::Enter.info().mask(), move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            registry.upgrade().unwrap().remove(0);
        });
        assert_eq!(number, 0);
        let event = |kind| Event { kind, text: b"", numbers: &[] };
        assert!(!events.fire(&event(EventKind::Progress)));
        assert!(events.fire(&event(EventKind::Trace)));
        assert!(!events.fire(&event(EventKind::Trace)));
        assert_eq!(heard.load(Ordering::Relaxed), 1);
        assert!(!events.remove(number));
        assert!(!events.has_listeners());
    }
}

//! The warnings of a handle, kept for a report.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bstr::ByteSlice;
use glassbox_engine::{EventKind, Events};

/// As many are kept at a time: what an image makes them say is for people to read.
const LIMIT: usize = 1000;

/// The warnings since they were last taken.
#[derive(Clone, Debug, Default)]
pub struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    /// Keeps what a handle warns of from now on, instead of having it printed.
    pub fn listen(events: &Events) -> Warnings {
        let warnings = Warnings::default();
        let heard = warnings.clone();
        events.add(EventKind::Warning.info().mask(), move |event| heard.add(&event.text.as_bstr().to_string()));
        warnings
    }

    /// Keeps another one.
    pub fn add(&self, warning: &str) {
        let mut kept = self.lock();
        match kept.len() {
            ..LIMIT => kept.push(warning.to_owned()),
            LIMIT => kept.push("there were more warnings".to_owned()),
            _ => {}
        }
    }

    /// Takes them away.
    pub fn take(&self) -> Vec<String> {
        mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_bounded_and_taken_once() {
        let events = Events::default();
        let warnings = Warnings::listen(&events);
        (0..LIMIT * 2).for_each(|number| events.warn(&number.to_string()));
        let taken = warnings.take();
        assert_eq!((taken.len(), taken[0].as_str()), (LIMIT + 1, "0"));
        assert_eq!(taken[LIMIT], "there were more warnings");
        assert!(warnings.take().is_empty());
    }
}

//! Progress bars for long calls.

use std::sync::{Arc, Mutex, PoisonError};

use glassbox_engine::{Event, EventKind, Events};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows how far a handle's calls are, on stderr. Handles report on calls only that take longer than two seconds.
pub struct Progress {
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Progress {
    /// Shows the progress of a handle from now on.
    pub fn listen(events: &Events) -> Progress {
        let bar = Arc::new(Mutex::new(None));
        let shown = bar.clone();
        events.add(EventKind::Progress.info().mask(), move |event| update(&shown, event));
        Progress { bar }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}

fn update(bar: &Mutex<Option<ProgressBar>>, event: &Event<'_>) {
    let [_procedure, _serial, position, total] = event.numbers else { return };
    let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
    let shown = bar.get_or_insert_with(|| {
        // 0 of 1, until it is 1 of 1: nobody knows how much it is.
        let style = ProgressStyle::with_template(match total {
            0 | 1 => "{spinner} {elapsed_precise}",
            _ => "{spinner} {percent:>3}% [{bar:45}] {eta_precise}",
        });
        let bar = ProgressBar::with_draw_target(Some(*total), ProgressDrawTarget::stderr());
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("#--"))
    });
    shown.set_length(*total);
    shown.set_position(*position);
    shown.tick();
    if position >= total {
        shown.finish_and_clear();
        *bar = None;
    }
}

//! Many guests at once.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Does `work` for each of `items` on all cores, and shows `done` the results in the order of the items, each as soon as
/// it and all before it are there. Ends early when `done` fails.
pub fn in_order<T: Sync, R: Send, E>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut done: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        // Bounded, so that results don't pile up behind a slow reader.
        let (sender, results) = mpsc::sync_channel(cores * 2);
        for _ in 0..cores.min(items.len()) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    if sender.send((index, work(item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut due = 0;
        for (index, result) in results {
            early.insert(index, result);
            while let Some(result) = early.remove(&due) {
                done(result)?;
                due += 1;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order() {
        let items: Vec<u64> = (0..200).collect();
        let mut seen = Vec::new();
        let slow = |item: &u64| {
            thread::sleep(std::time::Duration::from_micros((item * 7919) % 300));
            *item
        };
        in_order(&items, slow, |item| {
            seen.push(item);
            Ok::<_, ()>(())
        })
        .unwrap();
        assert_eq!(seen, items);
        let mut shown = 0;
        let stopped = in_order(
            &items,
            |item| *item,
            |item| {
                shown += 1;
                if item == 10 { Err("enough") } else { Ok(()) }
            },
        );
        assert_eq!((stopped, shown), (Err("enough"), 11));
    }
}

//! Long work: reading in large pieces, telling how far it is, stopping when it is cancelled.

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use glassbox_io::{Errno, Error, ExtentKind, Extents, ReadAt, Result};

use crate::events::{Event, EventKind, Events};

/// Work that takes less is not reported on, as libguestfs documents.
const FIRST_REPORT: Duration = Duration::from_secs(2);
/// Between two reports.
const NEXT_REPORT: Duration = Duration::from_millis(333);
/// Read at a time: large enough that the cost of a call vanishes, small enough for every cache.
const PIECE: usize = 512 << 10;

/// One call's work.
pub struct Job {
    events: Arc<Events>,
    cancelled: Arc<AtomicBool>,
    procedure: u64,
    serial: u64,
    due: Instant,
    reported: bool,
}

impl Job {
    /// Work for the procedure of this number; `serial` tells it from the handle's other work.
    pub fn new(events: Arc<Events>, cancelled: Arc<AtomicBool>, procedure: u64, serial: u64) -> Self {
        Job { events, cancelled, procedure, serial, due: Instant::now() + FIRST_REPORT, reported: false }
    }

    /// Tells how far the work is, if it is time to. Fails with `EINTR` once `user_cancel` was called.
    pub fn at(&mut self, position: u64, total: u64) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::os_with(Errno::EINTR, "operation cancelled by user"));
        }
        let now = Instant::now();
        if now >= self.due {
            self.due = now + NEXT_REPORT;
            self.reported = true;
            self.report(position, total);
        }
        Ok(())
    }

    /// As [`Self::at`] for work of which nobody knows how much it is: 0 of 1 until it is done, which those who listen to
    /// libguestfs know to mean that.
    pub fn pulse(&mut self) -> Result<()> {
        self.at(0, 1)
    }

    /// Tells that it is done, if anything was told before. The total is 1 for [`Self::pulse`].
    pub fn done(&mut self, total: u64) {
        if self.reported {
            self.report(total, total);
        }
    }

    /// Writes `range` of `source` to `out`. Holes are written as zeros without being read; a range that ends past the
    /// source ends with it. The number of bytes written.
    pub fn copy(&mut self, source: &dyn ReadAt, range: Range<u64>, out: &mut dyn Write) -> Result<u64> {
        let end = range.end.min(source.len());
        let total = end.saturating_sub(range.start);
        let mut buf = vec![0; PIECE.min(usize::try_from(total).unwrap_or(PIECE))];
        let mut zeroed = true;
        let mut done = 0;
        for extent in Extents::new(source, range.start) {
            let (start, extent) = extent?;
            if start >= end {
                break;
            }
            let mut offset = start;
            let stop = end.min(start + extent.length);
            while offset < stop {
                self.at(done, total)?;
                let piece = buf.len().min(usize::try_from(stop - offset).unwrap_or(PIECE));
                let piece = &mut buf[..piece];
                if extent.kind == ExtentKind::Data {
                    zeroed = false;
                    source.read_exact_at(piece, offset)?;
                } else if !zeroed {
                    piece.fill(0);
                    zeroed = piece.len() == PIECE;
                }
                out.write_all(piece)?;
                offset += piece.len() as u64;
                done += piece.len() as u64;
            }
        }
        self.done(total);
        Ok(done)
    }

    fn report(&self, position: u64, total: u64) {
        let numbers = [self.procedure, self.serial, position, total];
        self.events.fire(&Event { kind: EventKind::Progress, text: b"", numbers: &numbers });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbox_io::Extent;

    /// Data, a hole, data: in pieces of 700,001 bytes.
    struct Striped;
    const STRIPE: u64 = 700_001;
    impl ReadAt for Striped {
        fn len(&self) -> u64 {
            STRIPE * 3
        }
        fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
            for (i, byte) in buf.iter_mut().enumerate() {
                let at = offset + i as u64;
                assert!(at / STRIPE != 1, "the hole is read");
                *byte = (at % 251) as u8 + 1;
            }
            Ok(buf.len())
        }
        fn extent_at(&self, offset: u64) -> Result<Extent> {
            let kind = if offset / STRIPE == 1 { ExtentKind::Hole } else { ExtentKind::Data };
            Ok(Extent { length: STRIPE - offset % STRIPE, kind })
        }
    }

    fn job() -> (Job, Arc<AtomicBool>) {
        let cancelled = Arc::new(AtomicBool::new(false));
        (Job::new(Arc::default(), cancelled.clone(), 1, 1), cancelled)
    }

    #[test]
    fn holes_become_zeros_without_a_read() {
        let mut out = Vec::new();
        let written = job().0.copy(&Striped, 5..u64::MAX, &mut out).unwrap();
        assert_eq!((written, out.len() as u64), (STRIPE * 3 - 5, STRIPE * 3 - 5));
        for (i, byte) in out.iter().enumerate() {
            let at = i as u64 + 5;
            let expected = if at / STRIPE == 1 { 0 } else { (at % 251) as u8 + 1 };
            assert_eq!(*byte, expected, "at {at}");
        }
    }

    #[test]
    fn cancelled_work_ends_with_eintr() {
        let (mut job, cancelled) = job();
        cancelled.store(true, Ordering::Relaxed);
        assert_eq!(job.copy(&Striped, 0..10, &mut Vec::new()).unwrap_err().errno(), Errno::EINTR);
    }
}

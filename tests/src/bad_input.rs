//! Images gone bad: the same every run, each in bounded time.

use std::sync::mpsc;
use std::time::Duration;

use glassbox_io::{ReadAt, Result, Source};

/// A small generator of reproducible numbers (splitmix64): tests need variety, not secrecy.
pub struct Rng(pub u64);

impl Rng {
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 if the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw().checked_rem(bound).unwrap_or(0)
    }
}

/// A source with some bytes changed, or cut short; the one below stays as it is.
pub struct Damaged {
    inner: Source,
    patches: Vec<(u64, u8)>,
    length: u64,
}

impl Damaged {
    /// `inner`, with nothing damaged yet.
    pub fn new(inner: Source) -> Self {
        Damaged { length: inner.len(), inner, patches: Vec::new() }
    }

    /// Overwrites one byte.
    pub fn patch(mut self, offset: u64, byte: u8) -> Self {
        self.patches.push((offset, byte));
        self
    }

    /// Cuts it to `length` bytes.
    pub fn truncate(mut self, length: u64) -> Self {
        self.length = self.length.min(length);
        self
    }

    /// Changes 1 to 8 bytes within `areas` (offset, length): flipped bits, zeros, all ones, or random; numbers of
    /// on-disk structures meet their extremes this way.
    pub fn scramble(mut self, rng: &mut Rng, areas: &[(u64, u64)]) -> Self {
        for _ in 0..=rng.below(8) {
            let Some((start, length)) = areas.get(rng.below(areas.len() as u64) as usize) else { break };
            let offset = start + rng.below(*length);
            let mut old = [0];
            let _ = self.inner.read_at(&mut old, offset);
            let byte = match rng.below(4) {
                0 => old[0] ^ (1 << rng.below(8)),
                1 => 0,
                2 => 0xff,
                _ => rng.draw() as u8,
            };
            self.patches.push((offset, byte));
        }
        self
    }
}

impl ReadAt for Damaged {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let left = self.length.saturating_sub(offset);
        let count = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = self.inner.read_at(&mut buf[..count], offset)?;
        for (at, byte) in &self.patches {
            if let Some(place) = at.checked_sub(offset).and_then(|at| buf[..count].get_mut(at as usize)) {
                *place = *byte;
            }
        }
        Ok(count)
    }
}

/// Runs `work` in a thread, and fails the test if it panics or takes longer than `limit`.
///
/// # Panics
/// As said; `what` is in the message, so that the case can be repeated.
pub fn bounded<T: Send + 'static>(what: &str, limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, finished) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let _ = done.send(work());
    });
    match finished.recv_timeout(limit) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{what}: not done after {limit:?}"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            let _ = thread.join();
            panic!("{what}: panicked")
        }
    }
}

//! A bounded cache of pages, for metadata.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Extent, ReadAt, Result};

/// Shards cut the contention between threads; each holds its part of the pages under its own lock.
const SHARDS: usize = 8;

/// A source whose reads go through a bounded cache of fixed-size pages.
///
/// Meant for metadata: small reads that hit the same places again. File data belongs in the caller's buffer and
/// should go to the source below, or it would wash the metadata out.
pub struct Cached<S> {
    inner: S,
    page_size: usize,
    pages_per_shard: usize,
    shards: [Mutex<Shard>; SHARDS],
}

/// Pages with the second-chance ("clock") order of eviction: cheap on a hit, and a scan doesn't evict what is hot.
#[derive(Default)]
struct Shard {
    slots: Vec<Slot>,
    by_page: HashMap<u64, usize, BuildHasherDefault<PageHasher>>,
    hand: usize,
}

struct Slot {
    page: u64,
    bytes: Vec<u8>,
    referenced: bool,
}

/// Spreads page numbers by a multiplication. An image can choose pages that collide, but a shard has few.
#[derive(Default)]
struct PageHasher(u64);

impl Hasher for PageHasher {
    fn write_u64(&mut self, page: u64) {
        // 2^64 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
        self.0 = page.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<S: ReadAt> Cached<S> {
    /// The page size that suits most metadata: a few inode-table or directory blocks in one read.
    pub const PAGE_SIZE: usize = 16 << 10;

    /// Caches at most `capacity` bytes of `inner`, in pages of [`Self::PAGE_SIZE`].
    pub fn new(inner: S, capacity: usize) -> Self {
        let pages = capacity.checked_div(Self::PAGE_SIZE).unwrap_or(0);
        Cached {
            inner,
            page_size: Self::PAGE_SIZE,
            pages_per_shard: pages.checked_div(SHARDS).unwrap_or(0).max(1),
            shards: Default::default(),
        }
    }

    /// The source below, for reads that shouldn't be cached.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// Copies to `to` what page number `page` has from `within` on; how many bytes.
    fn read_page(&self, page: u64, within: usize, to: &mut [u8]) -> Result<usize> {
        let index = usize::try_from(page.checked_rem(SHARDS as u64).unwrap_or(0)).unwrap_or(0);
        let Some(shard) = self.shards.get(index) else { return Ok(0) };
        if let Some(bytes) = lock(shard).get(page) {
            return Ok(copy(bytes, within, to));
        }
        // Read without the lock: another thread may read the same page meanwhile, which is wasteful and harmless.
        let mut bytes = vec![0; self.page_size];
        let count = self.inner.read_at(&mut bytes, page.saturating_mul(self.page_size as u64))?;
        bytes.truncate(count);
        let count = copy(&bytes, within, to);
        lock(shard).put(page, bytes, self.pages_per_shard);
        Ok(count)
    }
}

/// Copies as much of `bytes` from `within` on as there is and as fits.
fn copy(bytes: &[u8], within: usize, to: &mut [u8]) -> usize {
    let from = bytes.get(within..).unwrap_or_default();
    let count = from.len().min(to.len());
    if let (Some(to), Some(from)) = (to.get_mut(..count), from.get(..count)) {
        to.copy_from_slice(from);
    }
    count
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // A shard is whole between any two statements, so a panic elsewhere leaves nothing half-done in it.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    fn get(&mut self, page: u64) -> Option<&[u8]> {
        let slot = self.slots.get_mut(*self.by_page.get(&page)?)?;
        slot.referenced = true;
        Some(&slot.bytes)
    }

    fn put(&mut self, page: u64, bytes: Vec<u8>, capacity: usize) {
        if self.by_page.contains_key(&page) {
            return;
        }
        let slot = Slot { page, bytes, referenced: false };
        if self.slots.len() < capacity {
            self.by_page.insert(page, self.slots.len());
            self.slots.push(slot);
            return;
        }
        while let Some(victim) = self.slots.get_mut(self.hand) {
            let here = self.hand;
            self.hand = here.saturating_add(1);
            if self.hand >= capacity {
                self.hand = 0;
            }
            if std::mem::take(&mut victim.referenced) {
                continue;
            }
            self.by_page.remove(&victim.page);
            self.by_page.insert(page, here);
            *victim = slot;
            return;
        }
    }
}

impl<S: ReadAt> ReadAt for Cached<S> {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let size = self.page_size as u64;
        let mut done = 0usize;
        while done < buf.len() {
            let at = offset.saturating_add(done as u64);
            if at >= self.inner.len() {
                break;
            }
            let within = usize::try_from(at.checked_rem(size).unwrap_or(0)).unwrap_or(0);
            let Some(to) = buf.get_mut(done..) else { break };
            let count = self.read_page(at.checked_div(size).unwrap_or(0), within, to)?;
            if count == 0 {
                break;
            }
            done = done.saturating_add(count);
        }
        Ok(done)
    }

    fn extent_at(&self, offset: u64) -> Result<Extent> {
        self.inner.extent_at(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Counting(Vec<u8>, AtomicUsize);
    impl ReadAt for Counting {
        fn len(&self) -> u64 {
            self.0.as_slice().len() as u64
        }
        fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.read_at(buf, offset)
        }
    }

    fn numbered(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i * 7 / 3) as u8).collect()
    }

    #[test]
    fn reads_equal_the_source_at_every_alignment() {
        let bytes = numbered(100_003);
        let cached = Cached::new(bytes.clone(), 64 << 10);
        for (offset, length) in [(0, 1), (16_383, 2), (16_384, 16_384), (1, 99_999), (99_990, 100), (100_003, 5)] {
            let mut buf = vec![0; length];
            let count = cached.read_at(&mut buf, offset as u64).unwrap();
            let end = (offset + length).min(bytes.len());
            assert_eq!(&buf[..count], &bytes[offset..end]);
        }
    }

    #[test]
    fn a_hit_does_not_read_again_and_the_bound_holds() {
        let cached = Cached::new(Counting(numbered(4 << 20), AtomicUsize::new(0)), 256 << 10);
        let mut buf = [0; 64];
        for _ in 0..10 {
            cached.read_at(&mut buf, 5000).unwrap();
        }
        assert_eq!(cached.inner().1.load(Ordering::Relaxed), 1);
        for page in 0..256 {
            cached.read_at(&mut buf, page * 16384).unwrap();
        }
        let held: usize = cached.shards.iter().map(|s| lock(s).slots.len()).sum();
        assert!(held <= 16, "{held} pages are held, the capacity is 16");
    }
}

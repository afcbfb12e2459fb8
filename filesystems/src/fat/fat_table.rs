//! The file allocation table: for each cluster, which one comes next (section 4).

use glassbox_io::{Error, Fields, ReadAt, Result};

use super::boot_sector::BootSector;

/// The width of the table's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Fat12,
    Fat16,
    Fat32,
}

impl Width {
    fn bits(self) -> u64 {
        match self {
            Width::Fat12 => 12,
            Width::Fat16 => 16,
            Width::Fat32 => 32,
        }
    }

    /// How many entries a table of `length` bytes has.
    pub(super) fn entries_in(self, length: u64) -> u32 {
        let entries = length.saturating_mul(8).checked_div(self.bits()).unwrap_or(0);
        u32::try_from(entries).unwrap_or(u32::MAX)
    }

    /// The byte in which the entry of `cluster` begins.
    fn offset_of(self, cluster: u32) -> u64 {
        u64::from(cluster).saturating_mul(self.bits()) >> 3
    }

    /// The entry of `cluster`, which begins at `offset` of `bytes`.
    fn read(self, bytes: Fields<'_>, offset: usize, cluster: u32) -> Result<u32> {
        match self {
            // Two entries share the middle one of three bytes.
            Width::Fat12 if cluster & 1 == 1 => Ok(u32::from(bytes.le16(offset)? >> 4)),
            Width::Fat12 => Ok(u32::from(bytes.le16(offset)? & 0xfff)),
            Width::Fat16 => bytes.le16(offset).map(u32::from),
            // The upper four bits are reserved.
            Width::Fat32 => Ok(bytes.le32(offset)? & 0x0fff_ffff),
        }
    }

    /// From this value on, an entry ends its chain. The lowest one marks a bad cluster, which Linux takes as an end too.
    fn end_of_chain(self) -> u32 {
        match self {
            Width::Fat12 => 0xff7,
            Width::Fat16 => 0xfff7,
            Width::Fat32 => 0x0fff_fff7,
        }
    }
}

/// Adjacent clusters of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The first cluster's index within the chain.
    pub(super) index: u32,
    /// Its number.
    pub(super) cluster: u32,
    /// How many there are.
    pub(super) count: u32,
}

/// The table in use.
pub(super) struct FatTable {
    width: Width,
    start: u64,
    length: u64,
    clusters: u32,
}

/// How much of the table is read at once when a chain is followed: files are mostly contiguous, so this decodes some
/// thousand clusters without asking the cache again.
const WINDOW: usize = 4096;

/// How much is read at once when the whole table is.
const SCAN: u64 = 1 << 20;

impl FatTable {
    pub(super) fn new(boot: &BootSector) -> FatTable {
        FatTable { width: boot.width, start: boot.fat_start, length: boot.fat_length, clusters: boot.clusters }
    }

    fn is_cluster(&self, number: u32) -> bool {
        number.checked_sub(2).is_some_and(|index| index < self.clusters)
    }

    /// The clusters from `first` on, at most `limit` of them, as runs. *Corrupt* if the chain leaves the volume, meets a free
    /// cluster, or loops.
    pub(super) fn chain(&self, source: &impl ReadAt, first: u32, limit: u32) -> Result<Vec<Run>> {
        let mut runs: Vec<Run> = Vec::new();
        let mut window = Window { table: self, bytes: Vec::new(), start: 0 };
        let mut cluster = first;
        let mut index = 0u32;
        // Brent's algorithm finds a loop: the mark stays behind for as long as the next power of two.
        let (mut mark, mut mark_until) = (0, 1u32);
        while index < limit {
            if !self.is_cluster(cluster) {
                return Err(Error::corrupt(format!("FAT: a chain leads to cluster {cluster}, which doesn't exist")));
            }
            if cluster == mark {
                return Err(Error::corrupt(format!("FAT: the chain of cluster {first} loops")));
            }
            if index == mark_until {
                (mark, mark_until) = (cluster, mark_until.saturating_mul(2));
            }
            match runs.last_mut() {
                Some(run) if run.cluster.checked_add(run.count) == Some(cluster) => {
                    run.count = run.count.saturating_add(1);
                }
                _ => runs.push(Run { index, cluster, count: 1 }),
            }
            index = index.saturating_add(1);
            if index == limit {
                break;
            }
            match window.entry(source, cluster)? {
                0 => return Err(Error::corrupt(format!("FAT: the chain of cluster {first} meets a free cluster"))),
                next if next >= self.width.end_of_chain() => break,
                next => cluster = next,
            }
        }
        Ok(runs)
    }

    /// How many clusters are free.
    pub(super) fn count_free(&self, source: &impl ReadAt) -> Result<u64> {
        // An even count: two entries of FAT12 share three bytes.
        let per_piece = self.width.entries_in(SCAN) & !1;
        let end = self.clusters.saturating_add(2);
        let mut free = 0u64;
        let mut bytes = Vec::new();
        let mut first = 0u32;
        while first < end {
            let next = first.saturating_add(per_piece).min(end);
            let start = self.width.offset_of(first);
            let stop = self.width.offset_of(next).saturating_add(1).min(self.length);
            bytes.resize(usize::try_from(stop.saturating_sub(start)).unwrap_or(0), 0);
            source.read_exact_at(&mut bytes, self.start.saturating_add(start))?;
            let piece = Fields::new(&bytes);
            for cluster in first.max(2)..next {
                let offset = self.width.offset_of(cluster).saturating_sub(start);
                if self.width.read(piece, usize::try_from(offset).unwrap_or(usize::MAX), cluster)? == 0 {
                    free = free.saturating_add(1);
                }
            }
            first = next;
        }
        Ok(free)
    }
}

/// A part of the table in memory.
struct Window<'a> {
    table: &'a FatTable,
    bytes: Vec<u8>,
    start: u64,
}

impl Window<'_> {
    fn entry(&mut self, source: &impl ReadAt, cluster: u32) -> Result<u32> {
        let table = self.table;
        let offset = table.width.offset_of(cluster);
        let within = offset.checked_sub(self.start).and_then(|within| usize::try_from(within).ok());
        let entry_size = if table.width == Width::Fat32 { 4 } else { 2 };
        if let Some(within) = within.filter(|within| within.saturating_add(entry_size) <= self.bytes.len()) {
            return table.width.read(Fields::new(&self.bytes), within, cluster);
        }
        // An even offset keeps every entry but FAT12's whole; those may reach over by a byte, and are then read again.
        self.start = offset;
        let room = table.length.saturating_sub(offset).min(WINDOW as u64);
        self.bytes.resize(usize::try_from(room).unwrap_or(0), 0);
        source.read_exact_at(&mut self.bytes, table.start.saturating_add(offset))?;
        table.width.read(Fields::new(&self.bytes), 0, cluster)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(width: Width, bytes: &[u8], clusters: u32) -> FatTable {
        FatTable { width, start: 0, length: bytes.len() as u64, clusters }
    }

    fn fat16(entries: &[u16]) -> Vec<u8> {
        entries.iter().flat_map(|entry| entry.to_le_bytes()).collect()
    }

    #[test]
    fn twelve_bit_entries_share_bytes() {
        // Clusters 2 → 3 → 4 → end, 5 free.
        let bytes = vec![0xf8, 0xff, 0xff, 0x03, 0x40, 0x00, 0xff, 0x0f, 0x00];
        let table = table(Width::Fat12, &bytes, 4);
        assert_eq!(table.chain(&bytes, 2, 100).unwrap(), [Run { index: 0, cluster: 2, count: 3 }]);
        assert_eq!(table.count_free(&bytes).unwrap(), 1);
    }

    #[test]
    fn chains_become_runs() {
        let bytes = fat16(&[0xfff8, 0xffff, 3, 6, 0xffff, 0, 7, 4]);
        let table = table(Width::Fat16, &bytes, 6);
        let runs = [(0, 2, 2), (2, 6, 2), (4, 4, 1)].map(|(index, cluster, count)| Run { index, cluster, count });
        assert_eq!(table.chain(&bytes, 2, u32::MAX).unwrap(), runs);
        assert_eq!(table.chain(&bytes, 2, 3).unwrap(), [runs[0], Run { count: 1, ..runs[1] }]);
        assert_eq!(table.chain(&bytes, 2, 0).unwrap(), []);
    }

    #[test]
    fn bad_chains_are_corrupt() {
        let bytes = fat16(&[0xfff8, 0xffff, 3, 4, 5, 3, 0, 60000, 0xfff7]);
        let table = table(Width::Fat16, &bytes, 7);
        let message = |first| table.chain(&bytes, first, u32::MAX).unwrap_err().to_string();
        assert!(message(2).contains("loops"));
        assert!(message(6).contains("free"));
        assert!(message(7).contains("60000"));
        assert!(message(0).contains("cluster 0"));
        assert!(message(9).contains("cluster 9"));
        // A bad cluster ends a chain, as Linux has it.
        assert_eq!(table.chain(&bytes, 8, u32::MAX).unwrap().len(), 1);
    }
}

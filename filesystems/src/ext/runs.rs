//! Where a file's blocks lie: runs of blocks that are contiguous in the file and on the volume.

use glassbox_io::{Error, Result};

use super::Ext;
use super::extent::Extent;
use super::inode::{Inode, flag};

/// Runs held at once per open file: 1 MiB of them. A file in more pieces is mapped in several windows.
const MAX_RUNS: usize = 1 << 16;
/// Entries of a block map that are looked at for one window, or a crafted map of holes could take very long.
pub(super) const MAX_SCANNED: u64 = 1 << 22;

/// Blocks that are contiguous in the file and on the volume. What no run covers reads as zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The first block within the file.
    pub logical: u32,
    /// Number of blocks.
    pub length: u32,
    /// The first block on the volume.
    pub physical: u64,
}

impl Run {
    /// The first block of the file after the run.
    pub fn end(&self) -> u64 {
        u64::from(self.logical).saturating_add(u64::from(self.length))
    }
}

/// All runs of a part of a file, in order.
#[derive(Debug)]
pub(super) struct Window {
    /// The first block of the file that is covered.
    pub from: u64,
    /// The first block that isn't covered any more.
    pub to: u64,
    pub runs: Vec<Run>,
}

impl Window {
    pub fn covers(&self, block: u64) -> bool {
        self.from <= block && block < self.to
    }

    /// The first run that ends after `block`: it contains the block or follows it.
    pub fn at_or_after(&self, block: u64) -> Option<Run> {
        let index = self.runs.partition_point(|run| run.end() <= block);
        self.runs.get(index).copied()
    }

    /// The volume's block that holds `block` of the file; `None` for a hole.
    pub fn physical(&self, block: u64) -> Option<u64> {
        let run = self.at_or_after(block)?;
        let within = block.checked_sub(u64::from(run.logical))?;
        Some(run.physical.saturating_add(within))
    }
}

/// Collects runs in ascending order, joining those that touch, until it is full.
pub(super) struct Collector {
    from: u64,
    to: u64,
    runs: Vec<Run>,
    scanned: u64,
    max_runs: usize,
    /// Every extent, also of blocks that were never written, if they are asked for.
    extents: Option<Vec<Extent>>,
    cluster_bits: u32,
    /// Clusters that the wanted blocks take, those of the map itself included.
    clusters: u64,
    last_cluster: Option<u64>,
}

impl Collector {
    pub fn new(from: u64, to: u64) -> Self {
        Collector {
            from,
            to,
            runs: Vec::new(),
            scanned: 0,
            max_runs: MAX_RUNS,
            extents: None,
            cluster_bits: 0,
            clusters: 0,
            last_cluster: None,
        }
    }

    /// The blocks that are still wanted.
    pub fn wanted(&self) -> std::ops::Range<u64> {
        self.from..self.to
    }

    /// Counts entries that were looked at before `block`; ends the window there if they are too many.
    pub fn scan(&mut self, entries: u64, block: u64) {
        self.scanned = self.scanned.saturating_add(entries);
        if self.scanned > MAX_SCANNED && block > self.from {
            self.to = self.to.min(block);
        }
    }

    /// Counts a block of the map itself.
    pub fn node(&mut self) {
        self.clusters = self.clusters.saturating_add(1);
    }

    /// Adds an extent.
    pub fn extent(&mut self, extent: Extent) {
        if let Some(extents) = &mut self.extents {
            if extents.len() >= self.max_runs {
                self.to = self.to.min(u64::from(extent.logical));
                return;
            }
            extents.push(extent);
        }
        if extent.unwritten {
            self.count(u64::from(extent.logical), extent.end());
        } else {
            self.push(extent.logical, u32::from(extent.length), extent.physical);
        }
    }

    /// Counts the clusters of some blocks, each once.
    fn count(&mut self, start: u64, end: u64) {
        let (start, end) = (start.max(self.from), end.min(self.to));
        if start >= end {
            return;
        }
        let last = end.saturating_sub(1) >> self.cluster_bits;
        let first = match (self.last_cluster, start >> self.cluster_bits) {
            (Some(before), first) if before == first => first.saturating_add(1),
            (_, first) => first,
        };
        self.clusters = self.clusters.saturating_add(last.saturating_add(1).saturating_sub(first));
        self.last_cluster = Some(last);
    }

    /// Adds a run; parts outside of what is wanted are dropped.
    pub fn push(&mut self, logical: u32, length: u32, physical: u64) {
        let start = u64::from(logical).max(self.from);
        let end = u64::from(logical).saturating_add(u64::from(length)).min(self.to);
        let Some(length) = end.checked_sub(start).and_then(|length| u32::try_from(length).ok()) else { return };
        if length == 0 {
            return;
        }
        self.count(start, end);
        let physical = physical.saturating_add(start.saturating_sub(u64::from(logical)));
        let Ok(logical) = u32::try_from(start) else { return };
        if let Some(last) = self.runs.last_mut() {
            let last_length = u64::from(last.length);
            if last.end() == start
                && last.physical.saturating_add(last_length) == physical
                && let Some(joined) = last.length.checked_add(length)
            {
                last.length = joined;
                return;
            }
        }
        if self.max_runs == 0 {
            return;
        }
        if self.runs.len() >= self.max_runs {
            self.to = start;
            return;
        }
        self.runs.push(Run { logical, length, physical });
    }

    pub fn finish(self) -> Window {
        Window { from: self.from, to: self.to, runs: self.runs }
    }
}

impl Ext {
    /// The runs of a file from block `from` up to (not including) `to`, or up to an earlier end that the window tells.
    pub(super) fn map(&self, inode: &Inode, from: u64, to: u64) -> Result<Window> {
        let mut collector = Collector::new(from, to);
        self.collect(inode, &mut collector)?;
        Ok(collector.finish())
    }

    fn collect(&self, inode: &Inode, collector: &mut Collector) -> Result<()> {
        if let Some(extents) = self.replayed.map(inode.number) {
            extents.iter().for_each(|extent| collector.extent(*extent));
            return Ok(());
        }
        match inode.has(flag::EXTENTS) {
            true => self.collect_extents(inode, collector),
            false => self.collect_block_map(inode, collector),
        }
    }

    /// All extents of a file. *Unsupported* if they are more than a window's runs; only recovery asks.
    pub(super) fn all_extents(&self, inode: &Inode) -> Result<Vec<Extent>> {
        let mut collector = Collector::new(0, u64::MAX);
        collector.extents = Some(Vec::new());
        self.collect(inode, &mut collector)?;
        match collector.to {
            u64::MAX => Ok(collector.extents.unwrap_or_default()),
            _ => Err(Error::unsupported("ext4: recovery of a file in more than 65,536 pieces")),
        }
    }

    /// Blocks that the first `limit` blocks of a file take on the volume, those of its map included.
    pub(super) fn allocated(&self, inode: &Inode, limit: u64) -> Result<u64> {
        let mut collector = Collector::new(0, limit);
        // Runs aren't wanted, so they need no bound; a walk over a crafted map still has its own.
        collector.max_runs = 0;
        collector.cluster_bits = self.superblock.cluster_bits;
        self.collect(inode, &mut collector)?;
        Ok(collector.clusters << self.superblock.cluster_bits)
    }

    /// The runs of all blocks up to the file's size.
    pub(super) fn map_all(&self, inode: &Inode) -> Result<Window> {
        self.map(inode, 0, inode.size.div_ceil(self.superblock.block_size()))
    }

    /// Whether all of `count` blocks from `block` are on the volume and none is the superblock's.
    pub(super) fn is_valid_range(&self, block: u64, count: u64) -> bool {
        let end = block.checked_add(count);
        block > u64::from(self.superblock.first_data_block)
            && end.is_some_and(|end| end <= self.superblock.blocks_count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_runs_are_joined_and_cut_to_what_is_wanted() {
        let mut collector = Collector::new(5, 40);
        collector.push(0, 10, 100);
        collector.push(10, 10, 110);
        collector.push(30, 20, 500);
        let window = collector.finish();
        assert_eq!(
            window.runs,
            [Run { logical: 5, length: 15, physical: 105 }, Run { logical: 30, length: 10, physical: 500 }]
        );
        assert_eq!(window.physical(12), Some(112));
        assert_eq!(window.physical(25), None);
        assert_eq!(window.physical(39), Some(509));
    }

    #[test]
    fn a_full_window_says_where_it_ends() {
        let mut collector = Collector::new(0, 1000);
        collector.max_runs = 2;
        for block in [0, 10, 20, 30] {
            collector.push(block, 1, u64::from(block) * 7 + 1);
        }
        let window = collector.finish();
        assert_eq!((window.runs.len(), window.to), (2, 20));
        assert!(!window.covers(20));
    }
}

//! The contents of a file.

use glassbox_io::{Error, Extent, ExtentKind, ReadAt, Result};

use super::Fat;
use super::directory_entry::DirectoryEntry;
use super::fat_table::Run;

/// A regular file, opened: its chain, decoded.
pub(super) struct File<'a> {
    fat: &'a Fat,
    size: u64,
    runs: Vec<Run>,
}

impl<'a> File<'a> {
    pub(super) fn open(fat: &'a Fat, entry: &DirectoryEntry) -> Result<File<'a>> {
        let size = entry.size();
        let clusters = u32::try_from(size.div_ceil(fat.boot.cluster_size)).unwrap_or(u32::MAX);
        let runs = match entry.first_cluster(fat.boot.width) {
            // The reads will say that it has no clusters.
            0 => Vec::new(),
            first => fat.table.chain(&fat.metadata, first, clusters)?,
        };
        Ok(File { fat, size, runs })
    }

    /// Where byte `offset` of the file is on the volume, and for how many bytes it goes on there, within the file.
    /// *Corrupt* if the chain ends before.
    fn locate(&self, offset: u64) -> Result<(u64, u64)> {
        let cluster_size = self.fat.boot.cluster_size;
        let index = u32::try_from(offset.checked_div(cluster_size).unwrap_or(0)).unwrap_or(u32::MAX);
        let after = self.runs.partition_point(|run| run.index <= index);
        let run = after.checked_sub(1).and_then(|at| self.runs.get(at));
        let run = run.filter(|run| run.index.saturating_add(run.count) > index);
        let run = run.ok_or_else(|| Error::corrupt("FAT: a file's chain of clusters is shorter than its size"))?;
        let within = offset.saturating_sub(u64::from(run.index).saturating_mul(cluster_size));
        let length = u64::from(run.count).saturating_mul(cluster_size);
        let start = self.fat.boot.cluster_offset(run.cluster)?.saturating_add(within);
        Ok((start, length.saturating_sub(within).min(self.size.saturating_sub(offset))))
    }
}

impl ReadAt for File<'_> {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buf.len().min(left);
        let mut done = 0usize;
        while done < wanted {
            let (start, length) = self.locate(offset.saturating_add(done as u64))?;
            let count = usize::try_from(length).unwrap_or(usize::MAX).min(wanted.saturating_sub(done));
            let Some(piece) = buf.get_mut(done..done.saturating_add(count)) else { break };
            self.fat.metadata.inner().read_exact_at(piece, start)?;
            done = done.saturating_add(count);
        }
        Ok(done)
    }

    /// FAT has no holes; those of the image below count.
    fn extent_at(&self, offset: u64) -> Result<Extent> {
        if offset >= self.size {
            return Ok(Extent { length: 0, kind: ExtentKind::Hole });
        }
        let (start, length) = self.locate(offset)?;
        let below = self.fat.metadata.inner().extent_at(start)?;
        // A volume that is cut off: the read will tell.
        if below.length == 0 {
            return Ok(Extent { length, kind: ExtentKind::Data });
        }
        Ok(Extent { length: below.length.min(length), kind: below.kind })
    }
}

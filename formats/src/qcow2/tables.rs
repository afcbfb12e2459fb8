//! The two-level table walk: from an offset of the disk to runs of clusters.

use std::ops::ControlFlow;

use glassbox_io::{Cached, Error, Fields, ReadAt, Result, Source};

use super::geometry::Geometry;
use super::l1::L1Table;
use super::l2::{L2Entry, Mapping};

/// Bytes of an L2 table that are taken from the cache at once, on the stack: 64 entries, or 32 extended ones.
const BATCH: usize = 512;

/// Pieces that are joined to a run at most. It bounds the time that one question about extents takes; 64 MiB of a disk
/// with the usual clusters are more than anyone reads at once.
const MAX_PIECES: u32 = 1024;

/// The mapping of an image.
pub(super) struct Tables {
    pub image: Cached<Source>,
    pub geometry: Geometry,
    pub l1: L1Table,
}

/// A part of the disk that is mapped as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub mapping: Mapping,
    pub length: u64,
}

impl Run {
    /// Takes `next` in, if it goes on where this run ends.
    fn join(&mut self, next: Run) -> bool {
        let joins = match (self.mapping, next.mapping) {
            (Mapping::Data(here), Mapping::Data(there)) => here.checked_add(self.length) == Some(there),
            (Mapping::Zero, Mapping::Zero) | (Mapping::Unallocated, Mapping::Unallocated) => true,
            _ => false,
        };
        if joins {
            self.length = self.length.saturating_add(next.length);
        }
        joins
    }
}

impl Tables {
    /// The run at `offset`, of at most `limit` bytes (more than 0). The run may go on after that.
    pub fn run_at(&self, offset: u64, limit: u64) -> Result<Run> {
        let mut run: Option<Run> = None;
        let mut pieces = 0u32;
        let walked = self.walk(offset, limit, |piece| {
            pieces = pieces.saturating_add(1);
            let joined = match &mut run {
                Some(run) => run.join(piece),
                none => {
                    *none = Some(piece);
                    true
                }
            };
            if joined && pieces < MAX_PIECES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        match (run, walked) {
            // What is wrong behind this run concerns those who read there.
            (Some(run), _) => Ok(run),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(Error::usage("an empty run").at_offset(offset)),
        }
    }

    /// Shows `visit` the pieces of `length` bytes from `offset`, in order: parts of one cluster, or larger ones where
    /// there is no L2 table.
    fn walk(&self, offset: u64, length: u64, mut visit: impl FnMut(Run) -> ControlFlow<()>) -> Result<()> {
        let geometry = &self.geometry;
        let end = offset.saturating_add(length);
        let mut at = offset;
        while at < end {
            let span_end = (at | geometry.l1_span().wrapping_sub(1)).saturating_add(1).min(end);
            let Some(table) = self.l1.l2_table(&self.image, geometry, geometry.position(at).l1)? else {
                let piece = Run { mapping: Mapping::Unallocated, length: span_end.saturating_sub(at) };
                if visit(piece).is_break() {
                    return Ok(());
                }
                at = span_end;
                continue;
            };
            while at < span_end {
                let mut bytes = [0; BATCH];
                let entries = self.l2_entries(table, at, span_end, &mut bytes)?;
                for entry in entries.chunks_exact(usize::try_from(geometry.l2_entry_size()).unwrap_or(BATCH)) {
                    let fields = Fields::new(entry);
                    let entry = L2Entry { descriptor: fields.be64(0)?, subclusters: fields.be64(8).unwrap_or(0) };
                    let cluster = at.saturating_sub(geometry.position(at).within);
                    let cluster_end = cluster.saturating_add(geometry.cluster_size()).min(span_end);
                    while at < cluster_end {
                        let within = at.saturating_sub(cluster);
                        let (mapping, like) =
                            entry.mapping(geometry, cluster, within).map_err(|error| error.at_offset(table))?;
                        let length = like.min(cluster_end.saturating_sub(at));
                        if visit(Run { mapping, length }).is_break() {
                            return Ok(());
                        }
                        at = at.saturating_add(length);
                    }
                }
            }
        }
        Ok(())
    }

    /// The entries of the L2 table at `table` for the clusters from `at` on, up to `end`, as many as `bytes` holds. At
    /// least one.
    fn l2_entries<'a>(&self, table: u64, at: u64, end: u64, bytes: &'a mut [u8; BATCH]) -> Result<&'a [u8]> {
        let geometry = &self.geometry;
        let position = geometry.position(at);
        let clusters = end
            .saturating_sub(at)
            .saturating_add(position.within)
            .div_ceil(geometry.cluster_size().max(1))
            .min(geometry.l2_entries().saturating_sub(position.l2));
        let wanted = usize::try_from(clusters.saturating_mul(geometry.l2_entry_size())).unwrap_or(BATCH).min(BATCH);
        let from = table.saturating_add(position.l2.saturating_mul(geometry.l2_entry_size()));
        let bytes = bytes.get_mut(..wanted).unwrap_or_default();
        self.image.read_exact_at(bytes, from)?;
        Ok(bytes)
    }
}

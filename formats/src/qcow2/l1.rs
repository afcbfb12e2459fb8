//! The L1 table: where the L2 tables are.

use glassbox_io::{Error, Fields, ReadAt, Result};

use super::geometry::Geometry;

/// Bits 9 to 55 of an entry: the L2 table's offset. Bit 63 is about reference counts; the others are reserved, and
/// QEMU doesn't look at them.
const OFFSET: u64 = 0x00ff_ffff_ffff_fe00;

/// The active L1 table. It stays on disk: of 32 MiB of it, a few entries are used.
#[derive(Clone, Copy, Debug)]
pub(super) struct L1Table {
    pub offset: u64,
    pub entries: u64,
}

impl L1Table {
    /// The offset of the L2 table at `index`; `None` if nothing of its part of the disk is allocated.
    pub fn l2_table(&self, image: &dyn ReadAt, geometry: &Geometry, index: u64) -> Result<Option<u64>> {
        if index >= self.entries {
            return Ok(None);
        }
        let at = self.offset.saturating_add(index.saturating_mul(8));
        let mut entry = [0; 8];
        image.read_exact_at(&mut entry, at)?;
        let table = Fields::new(&entry).be64(0)? & OFFSET;
        if !geometry.is_aligned(table) {
            return Err(
                Error::corrupt(format!("qcow2: an L2 table that isn't aligned to a cluster, {table:#x}")).at_offset(at)
            );
        }
        Ok((table != 0).then_some(table))
    }
}

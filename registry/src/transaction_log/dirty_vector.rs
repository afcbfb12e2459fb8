//! The dirty vector, `DIRT`, and the pages it is about: logs before Windows 8.1 (regf, "Dirty vector", "Dirty pages").

use glassbox_io::{Error, Fields, Result};

use crate::base_block;

const SIGNATURE: &[u8] = b"DIRT";
/// What a bit of the vector stands for, and what pages and the vector are aligned to.
const SECTOR: usize = 512;

/// The pages of the log of a hive whose bins are `bins_size` bytes long, each with its place in the file.
pub(crate) fn pages(log: &[u8], bins_size: u32) -> Result<Vec<(usize, &[u8])>> {
    let log = Fields::new(log);
    if log.slice(SECTOR, SIGNATURE.len())? != SIGNATURE {
        return Err(Error::corrupt("a log without a dirty vector"));
    }
    let bits = bins_size as usize / SECTOR;
    let start = SECTOR.saturating_add(SIGNATURE.len());
    let bitmap = log.slice(start, bits.div_ceil(8))?;
    let mut from = start.saturating_add(bitmap.len()).next_multiple_of(SECTOR);
    let mut pages = Vec::new();
    for (byte, index) in bitmap.iter().zip(0..) {
        let marked = |bit: &usize| byte & 1 << bit != 0;
        for bit in (0..8usize).filter(marked) {
            let sector = usize::saturating_mul(index, 8).saturating_add(bit);
            pages.push((base_block::SIZE.saturating_add(sector.saturating_mul(SECTOR)), log.slice(from, SECTOR)?));
            from = from.saturating_add(SECTOR);
        }
    }
    Ok(pages)
}

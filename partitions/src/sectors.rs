//! A disk addressed by logical sectors.

use glassbox_io::{ReadAt, Result};

/// A disk and the size of its logical sectors, which every address in a partition table counts.
#[derive(Clone, Copy)]
pub(crate) struct Sectors<'a> {
    disk: &'a dyn ReadAt,
    size: u32,
}

impl<'a> Sectors<'a> {
    pub fn new(disk: &'a dyn ReadAt, size: u32) -> Self {
        Sectors { disk, size }
    }

    /// Bytes of a sector.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Whole sectors of the disk.
    pub fn count(&self) -> u64 {
        self.disk.len().checked_div(self.size.into()).unwrap_or(0)
    }

    /// `sectors` in bytes; saturates, so that a sum past 2⁶⁴ lies past the end of any disk.
    pub fn bytes(&self, sectors: u64) -> u64 {
        sectors.saturating_mul(self.size.into())
    }

    /// The sector at `lba`; *corrupt* where the disk has none.
    pub fn read(&self, lba: u64) -> Result<Vec<u8>> {
        self.read_bytes(lba, self.size as usize)
    }

    /// `length` bytes from the sector at `lba` on. The caller bounds the length.
    pub fn read_bytes(&self, lba: u64, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.disk.read_exact_at(&mut bytes, self.bytes(lba))?;
        Ok(bytes)
    }

    /// The 512 bytes at byte `offset`; `None` where the disk ends before.
    pub fn read_512(&self, offset: u64) -> Result<Option<[u8; 512]>> {
        let mut bytes = [0; 512];
        Ok((self.disk.read_at(&mut bytes, offset)? == bytes.len()).then_some(bytes))
    }
}

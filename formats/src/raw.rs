//! The raw format: the bytes of the disk, as they are.

use glassbox_io::{Extent, ExtentKind, ReadAt, Result};

/// The unit in which disks are sized. A raw file whose length is not a multiple of it is a disk that ends in zeros.
pub(crate) const SECTOR: u64 = 512;

/// A raw disk over the file that holds it.
pub(crate) struct Raw<S> {
    file: S,
}

impl<S: ReadAt> Raw<S> {
    pub fn new(file: S) -> Self {
        Raw { file }
    }
}

impl<S: ReadAt> ReadAt for Raw<S> {
    fn len(&self) -> u64 {
        self.file.len().checked_next_multiple_of(SECTOR).unwrap_or(self.file.len())
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let left = usize::try_from(self.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buf.len().min(left);
        let Some(buf) = buf.get_mut(..wanted) else { return Ok(0) };
        let count = self.file.read_at(buf, offset)?;
        if let Some(tail) = buf.get_mut(count..) {
            tail.fill(0);
        }
        Ok(wanted)
    }

    fn extent_at(&self, offset: u64) -> Result<Extent> {
        let extent = self.file.extent_at(offset)?;
        if extent.length == 0 {
            return Ok(Extent { length: self.len().saturating_sub(offset), kind: ExtentKind::Hole });
        }
        Ok(extent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbox_io::Extents;

    #[test]
    fn a_part_of_a_sector_is_filled_with_zeros() {
        let disk = Raw::new(vec![7u8; 1000]);
        assert_eq!(disk.len(), 1024);
        let mut buf = [1; 100];
        assert_eq!(disk.read_at(&mut buf, 950).unwrap(), 74);
        assert!(buf[..50].iter().all(|byte| *byte == 7));
        assert!(buf[50..74].iter().all(|byte| *byte == 0));
        let extents: Vec<_> = Extents::new(&disk, 0).map(|e| e.unwrap()).collect();
        assert_eq!(
            extents,
            [
                (0, Extent { length: 1000, kind: ExtentKind::Data }),
                (1000, Extent { length: 24, kind: ExtentKind::Hole })
            ]
        );
        assert_eq!(disk.extent_at(1024).unwrap().length, 0);
        assert_eq!(disk.read_at(&mut buf, 1024).unwrap(), 0);
        assert_eq!(Raw::new(vec![0u8; 1024]).len(), 1024);
    }
}

//! Bitmaps of what is in use: clusters in `$Bitmap`, file records in the `$BITMAP` of `$MFT`.

use glassbox_io::{ReadAt, Result};

/// Read at once.
const BUFFER: usize = 64 << 10;

/// The bits of `bitmap` that are 0. Those past the end of what it maps are 1.
pub(crate) fn count_free(bitmap: &dyn ReadAt) -> Result<u64> {
    let mut buffer = vec![0; BUFFER];
    let mut free = 0u64;
    let mut at = 0u64;
    loop {
        let count = bitmap.read_at(&mut buffer, at)?;
        if count == 0 {
            return Ok(free);
        }
        let zeros: u64 = buffer.iter().take(count).map(|byte| u64::from(byte.count_zeros())).sum();
        free = free.saturating_add(zeros);
        at = at.saturating_add(count as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_free() {
        assert_eq!(count_free(&vec![0xff, 0x0f, 0, 0xfe]).unwrap(), 4 + 8 + 1);
        assert_eq!(count_free(&vec![0; 100_000]).unwrap(), 800_000);
    }
}

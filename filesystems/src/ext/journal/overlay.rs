//! A volume as it is after recovery: some blocks are read from the journal.

use glassbox_io::{Extent, ExtentKind, ReadAt, Result, Source};

use super::block::ESCAPED_MAGIC;

/// A block of the volume whose contents lie in the journal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replacement {
    /// Its number.
    pub block: u64,
    /// The number of the journal's block, on the same volume.
    pub copy: u64,
    /// Whether the copy's first bytes were taken out.
    pub escaped: bool,
}

/// A volume with replaced blocks. Only their places are held in memory.
pub(super) struct Overlay {
    base: Source,
    block_bits: u32,
    /// In order of the blocks, each once.
    replacements: Vec<Replacement>,
}

impl Overlay {
    /// `replacements` in any order, each block once.
    pub fn new(base: Source, block_bits: u32, mut replacements: Vec<Replacement>) -> Self {
        replacements.sort_unstable_by_key(|replacement| replacement.block);
        Overlay { base, block_bits, replacements }
    }

    /// The first replacement of `block` or of one behind it.
    fn at_or_after(&self, block: u64) -> Option<&Replacement> {
        self.replacements.get(self.replacements.partition_point(|replacement| replacement.block < block))
    }

    /// The replacement at `offset`, if there is one, and how far what is there reaches.
    fn piece(&self, offset: u64) -> (Option<&Replacement>, u64) {
        let block = offset >> self.block_bits;
        let until = |block: u64| block.checked_shl(self.block_bits).unwrap_or(u64::MAX).saturating_sub(offset);
        match self.at_or_after(block) {
            Some(replacement) if replacement.block == block => (Some(replacement), until(block.saturating_add(1))),
            Some(next) => (None, until(next.block)),
            None => (None, u64::MAX),
        }
    }
}

impl ReadAt for Overlay {
    fn len(&self) -> u64 {
        self.base.len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        let mut done = 0usize;
        while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(done as u64);
            let (replacement, length) = self.piece(at);
            let count = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
            let Some(part) = rest.get_mut(..count) else { break };
            let got = match replacement {
                None => self.base.read_at(part, at)?,
                Some(replacement) => {
                    let within = at & (1u64 << self.block_bits).saturating_sub(1);
                    let from = (replacement.copy << self.block_bits).saturating_add(within);
                    let got = self.base.read_at(part, from)?;
                    if replacement.escaped {
                        let within = usize::try_from(within).unwrap_or(usize::MAX);
                        let magic = ESCAPED_MAGIC.get(within..).unwrap_or_default();
                        for (byte, original) in part.iter_mut().zip(magic) {
                            *byte = *original;
                        }
                    }
                    got
                }
            };
            done = done.saturating_add(got);
            if got < count {
                break;
            }
        }
        Ok(done)
    }

    fn extent_at(&self, offset: u64) -> Result<Extent> {
        let left = self.len().saturating_sub(offset);
        let (replacement, length) = self.piece(offset);
        let extent = match replacement {
            Some(_) => Extent { length: left, kind: if left == 0 { ExtentKind::Hole } else { ExtentKind::Data } },
            None => self.base.extent_at(offset)?,
        };
        Ok(Extent { length: extent.length.min(length), ..extent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn replaced_blocks_are_read_from_the_journal_at_every_alignment() {
        let base: Vec<u8> = (0..16 * 1024u32).map(|i| (i / 1024) as u8).collect();
        let replacements = vec![
            Replacement { block: 5, copy: 12, escaped: false },
            Replacement { block: 2, copy: 11, escaped: true },
            Replacement { block: 6, copy: 14, escaped: false },
        ];
        let mut expected = base.clone();
        for (block, copy) in [(5, 12), (2, 11), (6, 14)] {
            expected[block * 1024..][..1024].fill(copy);
        }
        expected[2048..2052].copy_from_slice(&ESCAPED_MAGIC);
        let overlay = Overlay::new(Arc::new(base), 10, replacements);
        for (offset, length) in [(0, 16384), (2049, 2), (2051, 5000), (1, 16000), (6000, 1), (16000, 1000)] {
            let mut buf = vec![0xee; length];
            let count = overlay.read_at(&mut buf, offset as u64).unwrap();
            assert_eq!(&buf[..count], &expected[offset..(offset + length).min(16384)]);
        }
        assert_eq!(overlay.extent_at(0).unwrap().length, 2048);
        assert_eq!(overlay.extent_at(2050).unwrap().length, 1022);
    }
}

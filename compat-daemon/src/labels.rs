//! How long the labels of filesystems may be.
//!
//! Some tools cut a label that is too long, and one that only looks like what was asked for is worse than none.

use bstr::BStr;
use glassbox_io::{Error, Result};

/// A kind of filesystems, and the longest label that one has.
pub struct Labels {
    kind: &'static str,
    bytes: usize,
}

pub const EXT: Labels = Labels { kind: "ext2/3/4", bytes: 16 };
pub const FAT: Labels = Labels { kind: "FAT", bytes: 11 };
pub const XFS: Labels = Labels { kind: "xfs", bytes: 12 };
pub const BTRFS: Labels = Labels { kind: "btrfs", bytes: 255 };
pub const SWAP: Labels = Labels { kind: "swap", bytes: 16 };

impl Labels {
    /// An error if `label` is too long.
    pub fn check(&self, label: &BStr) -> Result<()> {
        match label.len() {
            length if length <= self.bytes => Ok(()),
            _ => Err(Error::usage(format!("{label}: {} labels are limited to {} bytes", self.kind, self.bytes))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_label_is_the_last_that_is_taken() {
        assert!(FAT.check("0123456789a".into()).is_ok());
        assert!(
            FAT.check("0123456789ab".into()).unwrap_err().to_string().contains("FAT labels are limited to 11 bytes")
        );
    }
}

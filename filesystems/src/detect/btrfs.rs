//! Btrfs (kernel `include/uapi/linux/btrfs_tree.h`, `struct btrfs_super_block`; little-endian).

use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

/// The superblock. Its copies, at 64 MiB and 256 GiB, make no filesystem: neither blkid nor the kernel looks at them alone,
/// and they stay when signatures are wiped.
const SUPERBLOCK: u64 = 64 << 10;
const MAGIC_BYTES: &[u8] = b"_BHRfS_M";
/// The magic's place in the superblock.
const MAGIC: u64 = 64;

pub(super) static BTRFS: Format = Format {
    min_size: 1 << 20,
    magics: &[Magic::new(MAGIC_BYTES, SUPERBLOCK + MAGIC)],
    ..Format::new("btrfs", Usage::Filesystem, read)
};

fn read(volume: &Volume<'_>, _magic: &Magic) -> Result<Option<Details>> {
    let superblock: [u8; 555] = volume.array(SUPERBLOCK)?;
    let superblock = Fields::new(&superblock);
    Ok(Some(Details {
        uuid: text::uuid(superblock.array(32)?),
        label: text::label(superblock.slice(299, 256)?),
        block_size: Some(superblock.le32(144)?),
        ..Details::default()
    }))
}

#[cfg(test)]
mod tests {
    use glassbox_io::{ReadAt, Result};

    use super::super::detect;
    use super::*;

    /// Zeros, but for the magic of a superblock.
    struct Superblock(u64);
    impl ReadAt for Superblock {
        fn len(&self) -> u64 {
            128 << 20
        }
        fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
            for (byte, at) in buf.iter_mut().zip(offset..) {
                let place = at.checked_sub(self.0 + MAGIC).and_then(|place| MAGIC_BYTES.get(place as usize));
                *byte = place.copied().unwrap_or(0);
            }
            Ok(buf.len())
        }
    }

    #[test]
    fn a_wiped_filesystem_is_none_though_its_copies_stay() {
        assert_eq!(detect(&Superblock(SUPERBLOCK)).unwrap().map(|found| found.kind), Some("btrfs"));
        assert!(detect(&Superblock(64 << 20)).unwrap().is_none());
    }
}

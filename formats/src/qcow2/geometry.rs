//! How a position on the disk is split into indexes of the two tables.

use super::DataFile;

/// The sizes that the header sets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    /// 2 or 3.
    pub version: u32,
    /// 9 to 21.
    pub cluster_bits: u32,
    /// Whether L2 entries have a bitmap of subclusters.
    pub extended_l2: bool,
    /// Whether clusters are in another file.
    pub has_data_file: bool,
    /// Whether they are there at the disk's own offsets.
    pub data_file_is_raw: bool,
}

/// Where a byte of the disk is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// Index of the L1 entry.
    pub l1: u64,
    /// Index of the entry within its L2 table.
    pub l2: u64,
    /// Offset within the cluster.
    pub within: u64,
}

impl Geometry {
    pub fn new(version: u32, cluster_bits: u32, extended_l2: bool, data_file: Option<&DataFile>) -> Self {
        Geometry {
            version,
            cluster_bits,
            extended_l2,
            has_data_file: data_file.is_some(),
            data_file_is_raw: data_file.is_some_and(|file| file.raw),
        }
    }

    pub fn cluster_size(&self) -> u64 {
        1u64.wrapping_shl(self.cluster_bits)
    }

    fn cluster_mask(&self) -> u64 {
        self.cluster_size().wrapping_sub(1)
    }

    /// Whether `offset` is at the start of a cluster.
    pub fn is_aligned(&self, offset: u64) -> bool {
        offset & self.cluster_mask() == 0
    }

    /// Bytes of an L2 entry, as a power of two.
    fn l2_entry_bits(&self) -> u32 {
        if self.extended_l2 { 4 } else { 3 }
    }

    pub fn l2_entry_size(&self) -> u64 {
        1u64.wrapping_shl(self.l2_entry_bits())
    }

    /// Entries of an L2 table, which fills a cluster, as a power of two.
    fn l2_bits(&self) -> u32 {
        self.cluster_bits.wrapping_sub(self.l2_entry_bits())
    }

    pub fn l2_entries(&self) -> u64 {
        1u64.wrapping_shl(self.l2_bits())
    }

    /// Bits of the disk's offset below those that the L1 index takes: 15 to 39.
    fn l1_shift(&self) -> u32 {
        self.cluster_bits.wrapping_add(self.l2_bits())
    }

    /// Bytes of the disk that an L1 entry, so an L2 table, maps.
    pub fn l1_span(&self) -> u64 {
        1u64.wrapping_shl(self.l1_shift())
    }

    /// L1 entries that a disk of `size` bytes needs.
    pub fn l1_entries_for(&self, size: u64) -> u64 {
        let whole = size.wrapping_shr(self.l1_shift());
        let rest = size & self.l1_span().wrapping_sub(1);
        whole.saturating_add(u64::from(rest != 0))
    }

    /// Splits an offset of the disk.
    pub fn position(&self, offset: u64) -> Position {
        Position {
            l1: offset.wrapping_shr(self.l1_shift()),
            l2: offset.wrapping_shr(self.cluster_bits) & self.l2_entries().wrapping_sub(1),
            within: offset & self.cluster_mask(),
        }
    }

    /// A subcluster is a 32nd of a cluster.
    pub fn subcluster_bits(&self) -> u32 {
        self.cluster_bits.wrapping_sub(5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_split_for_every_cluster_size() {
        for (cluster_bits, extended) in (9..=21).map(|bits| (bits, false)).chain((14..=21).map(|bits| (bits, true))) {
            let geometry = Geometry::new(3, cluster_bits, extended, None);
            let entries = geometry.l2_entries();
            assert_eq!(entries * geometry.l2_entry_size(), geometry.cluster_size());
            for offset in [0, 1, geometry.cluster_size() - 1, geometry.l1_span() + 5, (1 << 50) + 12345] {
                let Position { l1, l2, within } = geometry.position(offset);
                assert_eq!((l1 * entries + l2) * geometry.cluster_size() + within, offset);
                assert!(l2 < entries && within < geometry.cluster_size());
            }
            assert_eq!(geometry.l1_entries_for(0), 0);
            assert_eq!(geometry.l1_entries_for(1), 1);
            assert_eq!(geometry.l1_entries_for(geometry.l1_span()), 1);
            assert_eq!(geometry.l1_entries_for(geometry.l1_span() + 512), 2);
        }
    }
}

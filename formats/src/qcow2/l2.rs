//! The L2 entry: what is known of one cluster.
//!
//! `docs/interop/qcow2.txt`, sections "Cluster mapping" and "Extended L2 Entries".

use glassbox_io::{Error, Result};

use super::geometry::Geometry;

/// Bit 62: the rest is a compressed cluster descriptor.
const COMPRESSED: u64 = 1 << 62;
/// Bit 63: the cluster's reference count is one. With an external data file it tells offset 0 from "unallocated".
const COPIED: u64 = 1 << 63;
/// Bits 9 to 55: the host cluster's offset.
const OFFSET: u64 = 0x00ff_ffff_ffff_fe00;
/// Bit 0, from version 3 on and without subclusters: the cluster reads as zeros.
const ZERO: u64 = 1;
/// Compressed data is counted in these.
const SECTOR: u64 = 512;
/// Subclusters of a cluster.
const SUBCLUSTERS: u32 = 32;

/// Where a part of the disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mapping {
    /// Nowhere here: the backing file shows, or zeros.
    Unallocated,
    /// Nowhere: it is zero, whatever the backing file says.
    Zero,
    /// In the data file, from this offset on.
    Data(u64),
    /// In a compressed cluster; it begins `within` bytes into it.
    Compressed {
        /// The compressed bytes.
        stream: Compressed,
        /// Offset in the decompressed cluster.
        within: u64,
    },
}

/// The bytes of a compressed cluster, in the image file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Compressed {
    /// Where they begin: any byte.
    pub offset: u64,
    /// How many they are at most; counted in sectors, so there may be foreign bytes at the end.
    pub length: u64,
}

/// An L2 entry as it is on disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct L2Entry {
    /// The cluster's descriptor.
    pub descriptor: u64,
    /// Of an extended entry, the subclusters: bits 0 to 31 "allocated", bits 32 to 63 "reads as zeros".
    pub subclusters: u64,
}

impl L2Entry {
    /// The mapping of the byte `within` the cluster that begins at `cluster` on the disk, and how many bytes from there
    /// on are mapped likewise.
    pub fn mapping(&self, geometry: &Geometry, cluster: u64, within: u64) -> Result<(Mapping, u64)> {
        let rest = geometry.cluster_size().saturating_sub(within);
        if self.descriptor & COMPRESSED != 0 {
            return Ok((Mapping::Compressed { stream: self.compressed(geometry)?, within }, rest));
        }
        let host = self.host_cluster(geometry, cluster)?;
        if geometry.extended_l2 {
            return self.subcluster_mapping(geometry, host, within);
        }
        let mapping = match host {
            _ if self.descriptor & ZERO != 0 => {
                if geometry.version < 3 {
                    return Err(Error::corrupt("qcow2: a zero cluster in an image of version 2"));
                }
                Mapping::Zero
            }
            Some(host) => Mapping::Data(host.saturating_add(within)),
            None => Mapping::Unallocated,
        };
        Ok((mapping, rest))
    }

    /// The offset of the cluster in the data file, checked; `None` if it has none.
    fn host_cluster(&self, geometry: &Geometry, cluster: u64) -> Result<Option<u64>> {
        let host = self.descriptor & OFFSET;
        if host == 0 && !(geometry.has_data_file && self.descriptor & COPIED != 0) {
            return Ok(None);
        }
        if !geometry.is_aligned(host) {
            return Err(Error::corrupt(format!("qcow2: a cluster begins in another one, at {host:#x}")));
        }
        if geometry.data_file_is_raw && host != cluster {
            return Err(Error::corrupt(format!(
                "qcow2: a cluster of a raw data file is elsewhere in it, at {host:#x}"
            )));
        }
        Ok(Some(host))
    }

    fn subcluster_mapping(&self, geometry: &Geometry, host: Option<u64>, within: u64) -> Result<(Mapping, u64)> {
        let allocated = self.subclusters & u64::from(u32::MAX);
        let zero = self.subclusters.wrapping_shr(SUBCLUSTERS);
        if allocated & zero != 0 || (host.is_none() && allocated != 0) {
            return Err(Error::corrupt(format!(
                "qcow2: a contradictory subcluster bitmap, {:#018x}",
                self.subclusters
            )));
        }
        let bits = geometry.subcluster_bits();
        let index = u32::try_from(within.wrapping_shr(bits)).unwrap_or(SUBCLUSTERS);
        let from_here = |map: u64| map.wrapping_shr(index);
        let (mapping, like) = if from_here(zero) & 1 != 0 {
            (Mapping::Zero, from_here(zero).trailing_ones())
        } else if from_here(allocated) & 1 != 0 {
            (Mapping::Data(host.unwrap_or(0).saturating_add(within)), from_here(allocated).trailing_ones())
        } else {
            (Mapping::Unallocated, from_here(zero | allocated).trailing_zeros())
        };
        let end = u64::from(index.saturating_add(like).min(SUBCLUSTERS)).wrapping_shl(bits);
        Ok((mapping, end.saturating_sub(within)))
    }

    /// "Compressed Clusters Descriptor": the offset takes as many low bits as leave room for the count of sectors that a
    /// cluster can take.
    fn compressed(&self, geometry: &Geometry) -> Result<Compressed> {
        if geometry.has_data_file {
            return Err(Error::corrupt("qcow2: a compressed cluster in an image with an external data file"));
        }
        // 70 - cluster_bits = 62 - (cluster_bits - 8): 49 to 61.
        let offset_bits = 70u32.saturating_sub(geometry.cluster_bits);
        let offset_mask = 1u64.wrapping_shl(offset_bits).wrapping_sub(1);
        let offset = self.descriptor & offset_mask;
        let additional = (self.descriptor & (COMPRESSED - 1)).wrapping_shr(offset_bits);
        let length = additional.saturating_add(1).saturating_mul(SECTOR).saturating_sub(offset % SECTOR);
        Ok(Compressed { offset, length })
    }
}

#[cfg(test)]
mod tests {
    use super::super::DataFile;
    use super::*;

    fn standard(descriptor: u64) -> L2Entry {
        L2Entry { descriptor, subclusters: 0 }
    }

    #[test]
    fn a_standard_entry_says_where_the_cluster_is() {
        let geometry = Geometry::new(3, 16, false, None);
        let at = |entry: u64| standard(entry).mapping(&geometry, 0, 100).unwrap();
        assert_eq!(at(0), (Mapping::Unallocated, 65436));
        // COPIED means nothing without a data file.
        assert_eq!(at(1 << 63), (Mapping::Unallocated, 65436));
        assert_eq!(at(1), (Mapping::Zero, 65436));
        assert_eq!(at(0x50001), (Mapping::Zero, 65436));
        assert_eq!(at(1 << 63 | 0x50000), (Mapping::Data(0x50000 + 100), 65436));
        assert!(standard(0x50200).mapping(&geometry, 0, 0).is_err());
        let v2 = Geometry::new(2, 16, false, None);
        assert!(standard(1).mapping(&v2, 0, 0).is_err());
    }

    #[test]
    fn a_data_file_may_hold_a_cluster_at_offset_0() {
        let file = DataFile { name: None, raw: false };
        let geometry = Geometry::new(3, 16, false, Some(&file));
        assert_eq!(standard(0).mapping(&geometry, 0, 0).unwrap().0, Mapping::Unallocated);
        assert_eq!(standard(1 << 63).mapping(&geometry, 0, 0).unwrap().0, Mapping::Data(0));
        assert!(standard(1 << 62).mapping(&geometry, 0, 0).is_err());
        let raw = Geometry::new(3, 16, false, Some(&DataFile { name: None, raw: true }));
        assert!(standard(1 << 63 | 0x10000).mapping(&raw, 0, 0).is_err());
        assert_eq!(standard(1 << 63 | 0x10000).mapping(&raw, 0x10000, 0).unwrap().0, Mapping::Data(0x10000));
    }

    #[test]
    fn a_compressed_descriptor_is_split_by_the_cluster_size() {
        for (bits, descriptor, offset, length) in [
            (16, 3 << 54 | 0x12345, 0x12345, 4 * 512 - 0x145),
            (9, 1 << 61 | 0x600, 0x600, 1024),
            (21, 0x1fff << 49 | 1, 1, 0x2000 * 512 - 1),
        ] {
            let geometry = Geometry::new(3, bits, false, None);
            let stream = standard(COMPRESSED | descriptor).compressed(&geometry).unwrap();
            assert_eq!(stream, Compressed { offset, length });
        }
    }

    #[test]
    fn subclusters_are_mapped_in_runs() {
        let geometry = Geometry::new(3, 16, true, None);
        // Subclusters of 2 KiB: 0-2 data, 3 zero, 4-30 unallocated, 31 zero.
        let entry = L2Entry { descriptor: 0x50000, subclusters: 0b111 | (1 << 3 | 1 << 31) << 32 };
        let at = |within| entry.mapping(&geometry, 0, within).unwrap();
        assert_eq!(at(0), (Mapping::Data(0x50000), 3 * 2048));
        assert_eq!(at(2049), (Mapping::Data(0x50000 + 2049), 3 * 2048 - 2049));
        assert_eq!(at(3 * 2048), (Mapping::Zero, 2048));
        assert_eq!(at(4 * 2048 + 7), (Mapping::Unallocated, 27 * 2048 - 7));
        assert_eq!(at(65535), (Mapping::Zero, 1));
        let full = L2Entry { descriptor: 0x50000, subclusters: u64::from(u32::MAX) };
        assert_eq!(full.mapping(&geometry, 0, 5).unwrap(), (Mapping::Data(0x50005), 65531));
        let none = L2Entry { descriptor: 0, subclusters: 0 };
        assert_eq!(none.mapping(&geometry, 0, 5).unwrap(), (Mapping::Unallocated, 65531));
        for (descriptor, subclusters) in [(0x50000, 1 | 1 << 32), (0, 1)] {
            assert!(L2Entry { descriptor, subclusters }.mapping(&geometry, 0, 0).is_err());
        }
    }
}

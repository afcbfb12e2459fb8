//! The boot sector: the geometry of the volume and where the MFT begins.

use glassbox_io::{Error, Fields, ReadAt, Result};

/// The OEM ID of an NTFS volume, at byte 3.
const OEM_ID: &[u8; 8] = b"NTFS    ";

/// The largest cluster that NTFS knows (Windows 10 1709 and later).
const MAX_CLUSTER_SIZE: u64 = 2 << 20;

/// What the boot sector says, checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BootSector {
    /// Bytes per cluster, a power of two from 256 B to 2 MiB.
    pub cluster_size: u64,
    /// Whole clusters in the volume.
    pub clusters: u64,
    /// The first cluster of the MFT.
    pub mft_lcn: u64,
    /// Bytes per file record.
    pub record_size: usize,
    /// The volume serial number.
    pub serial: u64,
}

impl BootSector {
    /// Reads and checks the first sector of `source`.
    pub fn read(source: &dyn ReadAt) -> Result<Self> {
        let mut sector = [0; 512];
        source.read_exact_at(&mut sector, 0)?;
        Self::parse(Fields::new(&sector), source.len())
    }

    fn parse(sector: Fields<'_>, device_size: u64) -> Result<Self> {
        if sector.slice(3, 8)? != OEM_ID {
            return Err(Error::corrupt("ntfs: the boot sector doesn't carry the OEM ID \"NTFS\""));
        }
        let sector_size = u64::from(sector.le16(0x0b)?);
        if !sector_size.is_power_of_two() || !(256..=4096).contains(&sector_size) {
            return Err(Error::corrupt(format!("ntfs: {sector_size} bytes per sector")));
        }
        // Up to 128 it is a count of sectors; above, the negative of a power of two.
        let sectors_per_cluster = match sector.u8(0x0d)? {
            count @ 0..=128 => u64::from(count),
            power => 1u64.checked_shl(u32::from(power.wrapping_neg())).unwrap_or(0),
        };
        let cluster_size = sector_size.saturating_mul(sectors_per_cluster);
        if !cluster_size.is_power_of_two() || cluster_size > MAX_CLUSTER_SIZE {
            return Err(Error::corrupt(format!("ntfs: {cluster_size} bytes per cluster")));
        }
        let sectors = sector.le64(0x28)?;
        // ntfs-3g refuses a volume whose end is cut off as well. It bounds everything that is counted in clusters.
        match sectors.checked_mul(sector_size) {
            Some(size) if size <= device_size => {}
            _ => {
                return Err(Error::corrupt(format!(
                    "ntfs: the volume has {sectors} sectors of {sector_size} bytes, its device {device_size} bytes"
                )));
            }
        }
        let clusters = sectors.checked_div(sectors_per_cluster).unwrap_or(0);
        let mft_lcn = sector.le64(0x30)?;
        if mft_lcn >= clusters {
            return Err(Error::corrupt(format!("ntfs: the MFT at cluster {mft_lcn} of {clusters}")));
        }
        let record_size = record_size(sector.u8(0x40)?, cluster_size)?;
        let serial = sector.le64(0x48)?;
        Ok(BootSector { cluster_size, clusters, mft_lcn, record_size, serial })
    }
}

/// The size of a file record: a count of clusters, or as a negative number a power of two of bytes.
fn record_size(field: u8, cluster_size: u64) -> Result<usize> {
    let size = match field.cast_signed() {
        clusters @ 0.. => cluster_size.saturating_mul(u64::from(clusters.unsigned_abs())),
        power => 1u64.checked_shl(u32::from(power.unsigned_abs())).unwrap_or(0),
    };
    // 1 KiB and 4 KiB are in use; the update sequence wants at least one whole 512-byte stride, and a u16 counts them.
    match usize::try_from(size) {
        Ok(size) if size.is_power_of_two() && (512..=65536).contains(&size) => Ok(size),
        _ => Err(Error::corrupt(format!("ntfs: {size} bytes per file record"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sector(bytes_per_sector: u16, sectors_per_cluster: u8, record: i8) -> Vec<u8> {
        let mut bytes = vec![0; 512];
        bytes[3..11].copy_from_slice(OEM_ID);
        bytes[0x0b..0x0d].copy_from_slice(&bytes_per_sector.to_le_bytes());
        bytes[0x0d] = sectors_per_cluster;
        bytes[0x28..0x30].copy_from_slice(&100_000u64.to_le_bytes());
        bytes[0x30] = 4;
        bytes[0x40] = record as u8;
        bytes
    }

    fn parse(sector: &[u8]) -> Result<BootSector> {
        BootSector::parse(Fields::new(sector), 100_000 * 4096)
    }

    #[test]
    fn sizes_come_as_counts_and_as_powers() {
        let boot = parse(&sector(512, 8, -10)).unwrap();
        assert_eq!((boot.cluster_size, boot.clusters, boot.record_size), (4096, 12_500, 1024));
        let boot = parse(&sector(4096, 1, 1)).unwrap();
        assert_eq!((boot.cluster_size, boot.record_size), (4096, 4096));
        // 0xf4 = -12: 4096 sectors of 512 bytes.
        let boot = parse(&sector(512, 0xf4, -10)).unwrap();
        assert_eq!(boot.cluster_size, 2 << 20);
    }

    #[test]
    fn absurd_sizes_are_corrupt() {
        for (bytes, sectors, record) in [(513, 8, -10), (512, 3, -10), (512, 8, -100), (512, 0x80, -4), (0, 8, -10)] {
            assert!(parse(&sector(bytes, sectors, record)).is_err(), "{bytes} {sectors} {record}");
        }
        assert!(parse(&[0; 512]).is_err());
    }

    #[test]
    fn a_volume_longer_than_its_device_is_corrupt() {
        assert!(BootSector::parse(Fields::new(&sector(512, 8, -10)), 100_000 * 512).is_ok());
        assert!(BootSector::parse(Fields::new(&sector(512, 8, -10)), 100_000 * 512 - 1).is_err());
    }
}

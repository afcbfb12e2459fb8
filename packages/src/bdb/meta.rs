//! The metadata page of a hash (`DBMETA`, `HMETA33`): 512 bytes at the beginning of the file.

use glassbox_io::{Error, Fields, ReadAt, Result};

const MAGIC_OFFSET: usize = 12;
/// `DB_HASHMAGIC`.
const HASH_MAGIC: u32 = 0x0006_1561;
/// Versions whose pages look alike: Berkeley DB 4.0 to 18.
const VERSIONS: std::ops::RangeInclusive<u32> = 8..=10;
const ENCRYPTION: usize = 24;
const FLAGS: usize = 26;
/// `DBMETA_CHKSUM`: pages begin with a checksum.
const FLAG_CHECKSUM: u8 = 1;
const SPARES: usize = 96;
const SPARE_COUNT: usize = 32;
const LENGTH: usize = 512;

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    pub(super) fn u16(self, fields: Fields<'_>, offset: usize) -> Result<u16> {
        match self {
            Order::Little => fields.le16(offset),
            Order::Big => fields.be16(offset),
        }
    }

    pub(super) fn u32(self, fields: Fields<'_>, offset: usize) -> Result<u32> {
        match self {
            Order::Little => fields.le32(offset),
            Order::Big => fields.be32(offset),
        }
    }
}

/// What the metadata say of the whole table.
pub(super) struct Meta {
    pub(super) order: Order,
    pub(super) page_size: u32,
    pub(super) last_page: u32,
    pub(super) max_bucket: u32,
    /// For each doubling of the table, how many pages were given to other things before its buckets.
    spares: [u32; SPARE_COUNT],
}

impl Meta {
    /// The order of the bytes of a hash that begins with `start`; `None` if it is none.
    pub(super) fn order(start: Fields<'_>) -> Option<Order> {
        [Order::Little, Order::Big]
            .into_iter()
            .find(|order| order.u32(start, MAGIC_OFFSET).is_ok_and(|magic| magic == HASH_MAGIC))
    }

    pub(super) fn read(file: &dyn ReadAt) -> Result<Meta> {
        let mut meta = [0; LENGTH];
        file.read_exact_at(&mut meta, 0)?;
        let meta = Fields::new(&meta);
        let order = Meta::order(meta).ok_or_else(|| Error::corrupt("not a Berkeley DB hash"))?;
        let (version, page_size) = (order.u32(meta, 16)?, order.u32(meta, 20)?);
        if !VERSIONS.contains(&version) {
            return Err(Error::unsupported(format!("Berkeley DB: hash version {version}")));
        }
        if !page_size.is_power_of_two() || !(512..=65536).contains(&page_size) {
            return Err(Error::corrupt(format!("Berkeley DB: pages of {page_size} bytes")));
        }
        if meta.u8(ENCRYPTION)? != 0 {
            return Err(Error::unsupported("Berkeley DB: encryption"));
        }
        if meta.u8(FLAGS)? & FLAG_CHECKSUM != 0 {
            return Err(Error::unsupported("Berkeley DB: checksums of pages"));
        }
        let mut spares = [0; SPARE_COUNT];
        for (index, spare) in spares.iter_mut().enumerate() {
            *spare = order.u32(meta, SPARES.saturating_add(index.saturating_mul(4)))?;
        }
        Ok(Meta { order, page_size, last_page: order.u32(meta, 32)?, max_bucket: order.u32(meta, 72)?, spares })
    }

    /// The first page of a bucket (`BUCKET_TO_PAGE`).
    pub(super) fn bucket_page(&self, bucket: u32) -> Option<u32> {
        let doubling = u32::BITS.saturating_sub(bucket.leading_zeros());
        self.spares.get(usize::try_from(doubling).ok()?)?.checked_add(bucket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_lie_after_the_pages_that_were_spared() {
        let mut spares = [0; SPARE_COUNT];
        spares[..4].copy_from_slice(&[1, 1, 3, 10]);
        let meta = Meta { order: Order::Big, page_size: 512, last_page: 100, max_bucket: 7, spares };
        let pages: Vec<_> = (0..6).map(|bucket| meta.bucket_page(bucket).unwrap()).collect();
        assert_eq!(pages, [1, 2, 5, 6, 14, 15]);
        assert_eq!(meta.bucket_page(u32::MAX), None);
    }
}

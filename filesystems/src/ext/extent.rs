//! Extent trees: the root in the inode, up to five levels of blocks below it.

use glassbox_io::{Error, Fields, ReadAt, Result};

use super::Ext;
use super::checksum::crc32c;
use super::inode::Inode;
use super::runs::Collector;

pub(super) const MAGIC: u16 = 0xf30a;
/// Five levels of 1 KiB blocks already map 2³² blocks (`EXT4_MAX_EXTENT_DEPTH`).
const MAX_DEPTH: u16 = 5;
/// Length of the header, of an index and of an extent.
const ENTRY_LENGTH: usize = 12;
/// A longer `ee_len` says that the blocks were never written, and so read as zeros.
const MAX_INITIALIZED: u16 = 0x8000;

/// The header of a node.
struct Header {
    entries: u16,
    max: u16,
    depth: u16,
}

impl Header {
    fn parse(node: Fields<'_>) -> Result<Header> {
        if node.le16(0)? != MAGIC {
            return Err(Error::corrupt("an extent node has no magic"));
        }
        let header = Header { entries: node.le16(2)?, max: node.le16(4)?, depth: node.le16(6)? };
        let room = node.len().checked_div(ENTRY_LENGTH).unwrap_or(0).saturating_sub(1);
        if header.entries > header.max || usize::from(header.max) > room {
            return Err(Error::corrupt(format!("an extent node of {}/{} entries", header.entries, header.max)));
        }
        if header.depth > MAX_DEPTH {
            return Err(Error::corrupt(format!("an extent tree of {} levels", header.depth)));
        }
        Ok(header)
    }

    /// The `nth` index or extent of the node.
    fn entry<'a>(&self, node: Fields<'a>, nth: u16) -> Result<Fields<'a>> {
        node.at(usize::from(nth).saturating_add(1).saturating_mul(ENTRY_LENGTH), ENTRY_LENGTH)
    }
}

/// One extent, as a leaf has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub logical: u32,
    pub length: u16,
    pub physical: u64,
    pub unwritten: bool,
}

impl Extent {
    pub fn parse(entry: Fields<'_>) -> Result<Extent> {
        let raw_length = entry.le16(4)?;
        let unwritten = raw_length > MAX_INITIALIZED;
        Ok(Extent {
            logical: entry.le32(0)?,
            length: if unwritten { raw_length.wrapping_sub(MAX_INITIALIZED) } else { raw_length },
            physical: (u64::from(entry.le16(6)?) << 32) | u64::from(entry.le32(8)?),
            unwritten,
        })
    }

    /// The first block of the file behind the extent.
    pub fn end(&self) -> u64 {
        u64::from(self.logical).saturating_add(u64::from(self.length))
    }

    /// The part of the extent that lies in `range` of the file's blocks.
    pub fn part(&self, range: std::ops::Range<u64>) -> Option<Extent> {
        let start = range.start.max(u64::from(self.logical));
        let length = range.end.min(self.end()).checked_sub(start).filter(|&length| length > 0)?;
        let skipped = start.saturating_sub(u64::from(self.logical));
        Some(Extent {
            logical: u32::try_from(start).ok()?,
            length: u16::try_from(length).ok()?,
            physical: self.physical.saturating_add(skipped),
            unwritten: self.unwritten,
        })
    }
}

impl Ext {
    /// Collects the written extents of an inode.
    pub(super) fn collect_extents(&self, inode: &Inode, collector: &mut Collector) -> Result<()> {
        let node = Fields::new(&inode.i_block);
        let header = Header::parse(node).map_err(|error| inode.corrupt(error.message()))?;
        let mut next = 0;
        self.collect_node(inode, node, &header, &mut next, collector)
    }

    /// Collects below one node. `next` is the first block that may still come: entries ascend and don't overlap, so a
    /// tree can't be longer than the 2³² blocks it maps, whatever its nodes point at.
    fn collect_node(
        &self,
        inode: &Inode,
        node: Fields<'_>,
        header: &Header,
        next: &mut u64,
        collector: &mut Collector,
    ) -> Result<()> {
        for nth in 0..header.entries {
            let entry = header.entry(node, nth)?;
            let wanted = collector.wanted();
            let logical = u64::from(entry.le32(0)?);
            if logical < *next {
                return Err(inode.corrupt(format_args!("extents overlap at block {logical}")));
            }
            if logical >= wanted.end {
                return Ok(());
            }
            if header.depth == 0 {
                let extent = Extent::parse(entry)?;
                if extent.length == 0 || !self.is_valid_range(extent.physical, u64::from(extent.length)) {
                    return Err(inode.corrupt(format_args!("an extent at block {}", extent.physical)));
                }
                *next = extent.end();
                collector.extent(extent);
                continue;
            }
            // What lies below this index ends where the next one begins.
            if let Some(following) = nth.checked_add(1).filter(|&following| following < header.entries)
                && u64::from(header.entry(node, following)?.le32(0)?) <= wanted.start
            {
                *next = logical.saturating_add(1);
                continue;
            }
            collector.scan(1, logical);
            collector.node();
            let child = (u64::from(entry.le16(8)?) << 32) | u64::from(entry.le32(4)?);
            *next = logical;
            let bytes = self.extent_block(inode, child)?;
            let child_node = Fields::new(&bytes);
            let child_header = Header::parse(child_node).map_err(|error| inode.corrupt(error.message()))?;
            if Some(child_header.depth) != header.depth.checked_sub(1) {
                return Err(inode.corrupt(format_args!("the extent node at block {child} is of another level")));
            }
            self.collect_node(inode, child_node, &child_header, next, collector)?;
            // Even an empty child uses its index up, so that the walk goes forward.
            *next = (*next).max(logical.saturating_add(1));
        }
        Ok(())
    }

    /// Reads a node's block, with its checksum verified.
    fn extent_block(&self, inode: &Inode, block: u64) -> Result<Vec<u8>> {
        if !self.is_valid_range(block, 1) {
            return Err(inode.corrupt(format_args!("an extent node at block {block}")));
        }
        let bytes = self.metadata_block(block)?;
        if self.superblock.has_metadata_checksums() {
            let fields = Fields::new(&bytes);
            let max = usize::from(fields.le16(4)?);
            let tail = max.saturating_add(1).saturating_mul(ENTRY_LENGTH);
            if fields.le32(tail)? != crc32c(inode.checksum_seed, fields.slice(0, tail)?) {
                return Err(Error::bad_checksum(format_args!(
                    "the ext4 extent node at block {block} of inode {}",
                    inode.number
                )));
            }
        }
        Ok(bytes)
    }

    /// One block through the metadata cache.
    pub(super) fn metadata_block(&self, block: u64) -> Result<Vec<u8>> {
        let size = self.superblock.block_size();
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        self.metadata.read_exact_at(&mut bytes, block.saturating_mul(size))?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_written_extent_is_not_an_unwritten_one() {
        let entry = |length: u16| {
            let mut raw = [0; 12];
            raw[4..6].copy_from_slice(&length.to_le_bytes());
            raw[6] = 1;
            raw[8] = 2;
            Extent::parse(Fields::new(&raw)).unwrap()
        };
        assert_eq!(entry(0x8000), Extent { logical: 0, length: 0x8000, physical: 0x1_0000_0002, unwritten: false });
        assert_eq!(entry(0x8001), Extent { logical: 0, length: 1, physical: 0x1_0000_0002, unwritten: true });
    }
}

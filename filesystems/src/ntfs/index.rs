//! An index: a B+ tree of entries, in `$INDEX_ROOT` and the blocks of `$INDEX_ALLOCATION`.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use glassbox_io::{Error, Fields, Result};

use super::attribute::{Attribute, AttributeType};
use super::inode::Inode;
use super::stream::Stream;
use super::update_sequence;
use super::volume::Volume;

/// The name of a directory's index, `$I30`.
pub(crate) const DIRECTORY_INDEX: &[u8] = b"$\0I\x003\x000\0";

/// The magic of an index block.
const MAGIC: &[u8; 4] = b"INDX";
/// Where the index header begins in `$INDEX_ROOT` and in an index block; its offsets count from itself.
const ROOT_HEADER: usize = 16;
const BLOCK_HEADER: usize = 24;
/// Entry flags.
const HAS_SUBNODE: u16 = 1;
const IS_LAST: u16 = 2;
/// The fixed part of an entry, before its key.
const ENTRY_HEADER: usize = 16;
/// No real tree is deeper: a block of 4 KiB holds at least 6 entries with the longest names, and 6¹⁶ is above the
/// number of files a volume can have. It ends a walk down a tree with a loop.
const MAX_DEPTH: usize = 16;
/// The longest bitmap, in bytes: 2²³ blocks of at least 512 bytes hold more names than any directory has.
const MAX_BITMAP: usize = 1 << 20;
/// Blocks smaller than a cluster are numbered in units of 512 bytes.
const SMALL_BLOCK_UNIT: u64 = 512;

/// An index of one file.
pub(crate) struct Index<'a> {
    volume: &'a Volume,
    /// The value of `$INDEX_ROOT`.
    root: Vec<u8>,
    /// The blocks, if it has outgrown the root.
    allocation: Option<Stream>,
    /// A bit for each block: whether it is in use.
    bitmap: Vec<u8>,
    block_size: usize,
    /// Bytes per unit of a block's number.
    unit: u64,
}

/// One entry of a node.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    bytes: Fields<'a>,
    flags: u16,
}

impl<'a> Index<'a> {
    /// Opens the index called `name` (UTF-16LE) of `inode`; `None` if it has no such index.
    pub fn open(volume: &'a Volume, inode: &Inode, name: &[u8]) -> Result<Option<Self>> {
        let copy = |attribute: Attribute<'_>| attribute.resident().map(<[u8]>::to_vec);
        let Some(root) = inode.with_attribute(volume, AttributeType::INDEX_ROOT, name, copy)? else {
            return Ok(None);
        };
        let block_size = usize::try_from(Fields::new(&root).le32(8)?).unwrap_or(usize::MAX);
        // 4 KiB is in use; the update sequence wants strides of 512 bytes, counted in 16 bits.
        if !block_size.is_power_of_two() || !(512..=65536).contains(&block_size) {
            return Err(Error::corrupt(format!("ntfs: index blocks of {block_size} bytes")));
        }
        let cluster_size = volume.boot.cluster_size;
        let unit = if block_size as u64 >= cluster_size { cluster_size } else { SMALL_BLOCK_UNIT };
        let allocation = inode.stream(volume, AttributeType::INDEX_ALLOCATION, name)?;
        let bitmap = match &allocation {
            None => Vec::new(),
            Some(_) => {
                let bitmap = inode.read_value(volume, AttributeType::BITMAP, name, MAX_BITMAP)?;
                bitmap.ok_or_else(|| Error::corrupt("ntfs: an index has blocks and no bitmap of them"))?
            }
        };
        Ok(Some(Index { volume, root, allocation, bitmap, block_size, unit }))
    }

    /// Shows `visit` every entry: those of the root, then those of each block in use, in the blocks' order. That is
    /// the order in which ntfs-3g lists a directory, and it reads the blocks one after the other.
    pub fn each(&self, visit: &mut dyn FnMut(Entry<'_>) -> Result<ControlFlow<()>>) -> Result<()> {
        for entry in node(&self.root, ROOT_HEADER)? {
            if visit(entry?)?.is_break() {
                return Ok(());
            }
        }
        let Some(allocation) = &self.allocation else { return Ok(()) };
        let mut block = vec![0; self.block_size];
        let blocks = allocation.len().checked_div(self.block_size as u64).unwrap_or(0);
        let bits = self.bitmap.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 != 0));
        for (number, _) in (0..blocks).zip(bits).filter(|(_, is_in_use)| *is_in_use) {
            self.read_block(allocation, number.saturating_mul(self.block_size as u64), &mut block)?;
            for entry in node(&block, BLOCK_HEADER)? {
                if visit(entry?)?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Finds the first entry whose key isn't less than the one looked for, and calls `found` with it.
    /// `compare` orders an entry's key relative to that.
    pub fn lower_bound<T>(
        &self,
        compare: &dyn Fn(&[u8]) -> Result<Ordering>,
        found: impl FnOnce(Entry<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut node_bytes = self.root.clone();
        let mut header = ROOT_HEADER;
        // The best so far: a copy, because the walk goes on below it.
        let mut best: Option<Vec<u8>> = None;
        for _ in 0..MAX_DEPTH {
            let mut subnode = None;
            for entry in node_with_last(&node_bytes, header)? {
                let entry = entry?;
                if !entry.is_last() {
                    match compare(entry.key()?)? {
                        Ordering::Less => continue,
                        Ordering::Equal => return found(entry).map(Some),
                        Ordering::Greater => best = Some(entry.bytes.bytes().to_vec()),
                    }
                }
                subnode = entry.subnode()?;
                break;
            }
            let (Some(number), Some(allocation)) = (subnode, &self.allocation) else {
                return match best {
                    Some(bytes) => found(Entry::parse(Fields::new(&bytes))?).map(Some),
                    None => Ok(None),
                };
            };
            let mut block = vec![0; self.block_size];
            self.read_block(allocation, number.saturating_mul(self.unit), &mut block)?;
            node_bytes = block;
            header = BLOCK_HEADER;
        }
        Err(Error::corrupt(format!("ntfs: an index is deeper than {MAX_DEPTH} levels")))
    }

    /// Reads and checks the block at `offset` of the allocation.
    fn read_block(&self, allocation: &Stream, offset: u64, block: &mut [u8]) -> Result<()> {
        allocation.read_cached(self.volume, block, offset)?;
        update_sequence::apply(block, MAGIC)?;
        let number = Fields::new(block).le64(16)?;
        if number.checked_mul(self.unit) != Some(offset) {
            return Err(Error::corrupt(format!("ntfs: the index block at {offset} says it is number {number}")));
        }
        Ok(())
    }
}

/// The entries of a node whose index header is at `header`, with the last one, which has no key.
fn node_with_last(bytes: &[u8], header: usize) -> Result<Entries<'_>> {
    let header = Fields::new(bytes).from(header)?;
    let first = usize::try_from(header.le32(0)?).unwrap_or(usize::MAX);
    let end = usize::try_from(header.le32(4)?).unwrap_or(usize::MAX);
    let length = end.checked_sub(first).ok_or_else(|| Error::corrupt("ntfs: an index node ends before its entries"))?;
    Ok(Entries { rest: Some(header.at(first, length)?), with_last: true })
}

/// The entries of a node that have a key.
fn node(bytes: &[u8], header: usize) -> Result<Entries<'_>> {
    Ok(Entries { with_last: false, ..node_with_last(bytes, header)? })
}

/// Iterates over the entries of a node. Each takes at least 16 bytes, so it ends.
struct Entries<'a> {
    rest: Option<Fields<'a>>,
    with_last: bool,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let entry = match Entry::parse(rest) {
            Ok(entry) => entry,
            Err(error) => return Some(Err(error)),
        };
        if !entry.is_last() {
            self.rest = rest.from(entry.bytes.len()).ok();
        } else if !self.with_last {
            return None;
        }
        Some(Ok(entry))
    }
}

impl<'a> Entry<'a> {
    /// Parses the entry at the start of `bytes`.
    fn parse(bytes: Fields<'a>) -> Result<Self> {
        let length = usize::from(bytes.le16(8)?);
        if length < ENTRY_HEADER {
            return Err(Error::corrupt(format!("ntfs: an index entry of {length} bytes")));
        }
        let bytes = bytes.at(0, length)?;
        Ok(Entry { flags: bytes.le16(12)?, bytes })
    }

    fn is_last(&self) -> bool {
        self.flags & IS_LAST != 0
    }

    /// The key: a file name, or what else the index is sorted by.
    pub fn key(&self) -> Result<&'a [u8]> {
        self.bytes.slice(ENTRY_HEADER, usize::from(self.bytes.le16(10)?))
    }

    /// The file that an entry of a directory refers to.
    pub fn file(&self) -> Result<super::file_record::FileReference> {
        self.bytes.le64(0).map(super::file_record::FileReference)
    }

    /// The data of an entry of another index (a "view").
    pub fn data(&self) -> Result<&'a [u8]> {
        self.bytes.slice(usize::from(self.bytes.le16(0)?), usize::from(self.bytes.le16(2)?))
    }

    /// The number of the block with the entries that sort before this one: the last 8 bytes.
    fn subnode(&self) -> Result<Option<u64>> {
        if self.flags & HAS_SUBNODE == 0 {
            return Ok(None);
        }
        self.bytes.le64(self.bytes.len().saturating_sub(8)).map(Some)
    }
}

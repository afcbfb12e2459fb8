//! Hash trees of directories: the root in block 0, nodes in blocks that look empty to old drivers, leaves of entries.

use std::ops::ControlFlow;

use glassbox_io::{Errno, ErrorKind, Fields, Result};

use super::Ext;
use super::casefold::Matcher;
use super::checksum::crc32c;
use super::directory::{Entry, code_of};
use super::features::{compat, incompat};
use super::hash::{Hasher, NameHash};
use super::inode::{Inode, flag};
use super::runs::Window;

/// In the root the entries come after `.`, `..` (24 bytes together) and 8 bytes of information.
const ROOT_INFO: usize = 24;
const ROOT_INFO_LENGTH: u8 = 8;
const ROOT_ENTRIES: usize = 32;
/// In other nodes they come after an empty entry.
const NODE_ENTRIES: usize = 8;
/// A hash and a block. The first entry has, in place of its hash, how many entries fit and how many there are.
const ENTRY_LENGTH: usize = 8;
/// Levels of nodes below the root: one, or two with large_dir.
const MAX_LEVELS: u8 = 1;
const MAX_LEVELS_LARGE: u8 = 2;
/// Leaves that one hash continues over are sorted together. Real ones are two at most; more than this is sorted in parts.
const MAX_SORTED: usize = 4 << 20;

/// One node on the way to a leaf.
struct Frame {
    /// Hash and block of each child, ascending; the first one's hash is 0.
    entries: Vec<(u32, u32)>,
    at: usize,
}

/// A place in a tree: one frame a level.
struct Cursor<'a> {
    ext: &'a Ext,
    inode: &'a Inode,
    map: &'a Window,
    hasher: Hasher,
    frames: Vec<Frame>,
    levels: u8,
    /// Leaves that may still be visited. A directory has no more leaves than blocks, so more of them are a crafted loop.
    leaves_left: u64,
}

/// The tree's node at the beginning of `block`: entries, and where they begin.
fn parse_node(block: Fields<'_>, begin: usize) -> Result<Vec<(u32, u32)>> {
    let limit = usize::from(block.le16(begin)?);
    let count = usize::from(block.le16(begin.saturating_add(2))?);
    if count == 0 || count > limit {
        return Err(glassbox_io::Error::corrupt(format!("a hash tree's node of {count}/{limit} entries")));
    }
    let bytes = block.slice(begin, count.saturating_mul(ENTRY_LENGTH))?;
    let mut entries = Vec::with_capacity(count);
    for (nth, raw) in bytes.chunks_exact(ENTRY_LENGTH).enumerate() {
        let raw = Fields::new(raw);
        let hash = if nth == 0 { 0 } else { raw.le32(0)? };
        // The upper 4 bits are reserved for a fill level that was never implemented.
        entries.push((hash, raw.le32(4)? & 0x0fff_ffff));
    }
    Ok(entries)
}

/// Compares the checksum behind a node's entries.
pub(super) fn node_checksum_matches(seed: u32, block: Fields<'_>, is_root: bool) -> Result<bool> {
    let begin = if is_root { ROOT_ENTRIES } else { NODE_ENTRIES };
    let limit = usize::from(block.le16(begin)?);
    let count = usize::from(block.le16(begin.saturating_add(2))?);
    let in_use = begin.saturating_add(count.saturating_mul(ENTRY_LENGTH));
    let tail = begin.saturating_add(limit.saturating_mul(ENTRY_LENGTH));
    let (Ok(covered), Ok(tail)) = (block.slice(0, in_use), block.at(tail, 8)) else { return Ok(false) };
    let crc = crc32c(crc32c(crc32c(seed, covered), tail.slice(0, 4)?), &[0; 4]);
    Ok(tail.le32(4)? == crc)
}

impl<'a> Cursor<'a> {
    /// The root of a directory's tree.
    fn new(ext: &'a Ext, inode: &'a Inode, map: &'a Window) -> Result<Cursor<'a>> {
        let Some(block) = ext.directory_block(inode, map, 0)? else { return Err(inode.corrupt("no hash tree")) };
        let block = Fields::new(&block);
        let info = block.at(ROOT_INFO, usize::from(ROOT_INFO_LENGTH))?;
        let (version, length, levels) = (info.u8(4)?, info.u8(5)?, info.u8(6)?);
        let Some(hasher) = Hasher::new(version, &ext.superblock) else {
            return Err(inode.corrupt(format_args!("a hash tree of version {version}")));
        };
        let max_levels = if ext.superblock.has_incompat(incompat::LARGE_DIR) { MAX_LEVELS_LARGE } else { MAX_LEVELS };
        if info.le32(0)? != 0 || length != ROOT_INFO_LENGTH || levels > max_levels {
            return Err(inode.corrupt("the root of its hash tree"));
        }
        let entries = parse_node(block, ROOT_ENTRIES)?;
        let frames = vec![Frame { entries, at: 0 }];
        let leaves_left = inode.size >> ext.superblock.block_bits;
        Ok(Cursor { ext, inode, map, hasher, frames, levels, leaves_left })
    }

    /// Goes down from the last frame to a leaf, on the way that `choose` finds in each node.
    fn descend(&mut self, choose: impl Fn(&[(u32, u32)]) -> usize) -> Result<()> {
        while self.frames.len() <= usize::from(self.levels) {
            let block = self.child()?;
            let Some(bytes) = self.ext.directory_block(self.inode, self.map, u64::from(block))? else {
                return Err(self.inode.corrupt(format_args!("its hash tree has a hole at block {block}")));
            };
            let entries = parse_node(Fields::new(&bytes), NODE_ENTRIES)?;
            let at = choose(&entries);
            self.frames.push(Frame { entries, at });
        }
        Ok(())
    }

    /// The block that the last frame points at.
    fn child(&self) -> Result<u32> {
        let frame = self.frames.last();
        let entry = frame.and_then(|frame| frame.entries.get(frame.at));
        entry.map(|(_, block)| *block).ok_or_else(|| self.inode.corrupt("its hash tree is cut off"))
    }

    /// Goes to the leaf where `hash` belongs.
    fn seek(&mut self, hash: NameHash) -> Result<()> {
        let choose =
            |entries: &[(u32, u32)]| entries.partition_point(|(least, _)| *least <= hash.major).saturating_sub(1);
        if let Some(root) = self.frames.first_mut() {
            root.at = choose(&root.entries);
        }
        self.descend(choose)
    }

    /// The leaf's block.
    fn leaf(&mut self) -> Result<Vec<u8>> {
        let block = self.child()?;
        let Some(left) = self.leaves_left.checked_sub(1) else {
            return Err(self.inode.corrupt("its hash tree has more leaves than the directory has blocks"));
        };
        self.leaves_left = left;
        match self.ext.directory_block(self.inode, self.map, u64::from(block))? {
            Some(bytes) => Ok(bytes),
            None => Err(self.inode.corrupt(format_args!("its hash tree has a hole at block {block}"))),
        }
    }

    /// Goes to the next leaf if `accept` takes the hash where it begins. Its lowest bit says that the hash before it
    /// continues there.
    fn next_leaf(&mut self, accept: impl Fn(u32) -> bool) -> Result<Option<u32>> {
        let mut depth = self.frames.len();
        while let Some(above) = depth.checked_sub(1) {
            depth = above;
            let Some(frame) = self.frames.get_mut(depth) else { break };
            let next = frame.at.saturating_add(1);
            let Some(&(hash, _)) = frame.entries.get(next) else { continue };
            if !accept(hash) {
                return Ok(None);
            }
            frame.at = next;
            self.frames.truncate(depth.saturating_add(1));
            self.descend(|_| 0)?;
            return Ok(Some(hash));
        }
        Ok(None)
    }
}

impl Ext {
    /// Searches a directory through its hash tree. `Err` with `EUCLEAN` says that the tree is not usable.
    fn lookup_in_tree(&self, inode: &Inode, matcher: &Matcher<'_>) -> Result<Option<u32>> {
        let map = self.map_all(inode)?;
        let mut cursor = Cursor::new(self, inode, &map)?;
        let hash = cursor.hasher.hash(matcher.hashed());
        cursor.seek(hash)?;
        loop {
            let leaf = cursor.leaf()?;
            if let Some(found) = self.find_in_block(inode, &leaf, matcher)? {
                return Ok(Some(found));
            }
            if cursor.next_leaf(|begin| begin & !1 == hash.major)?.is_none() {
                return Ok(None);
            }
        }
    }

    /// The inode that a directory has under a name.
    pub(super) fn lookup_name(&self, inode: &Inode, matcher: &Matcher<'_>) -> Result<Option<u32>> {
        if let Some(names) = self.replayed.names(inode.number) {
            // A name that was removed and added in another case is in here twice.
            let mut changes = names.changed.iter().filter(|(name, _)| matcher.matches(name.as_ref()));
            match changes.clone().find_map(|(_, number)| *number) {
                Some(number) => return Ok(Some(number)),
                None if names.is_new || changes.next().is_some() => return Ok(None),
                None => {}
            }
        }
        if !self.has_tree(inode) {
            return self.lookup_linear(inode, matcher);
        }
        match self.lookup_in_tree(inode, matcher) {
            // Linux, too, searches the blocks one by one if the tree is damaged. In directories without case the
            // name may have been hashed by other rules than ours.
            Err(error) if error.kind() == ErrorKind::Corrupt && error.errno() == Errno::EUCLEAN => {
                self.lookup_linear(inode, matcher)
            }
            Ok(None) if matcher.is_folded() => self.lookup_linear(inode, matcher),
            other => other,
        }
    }

    fn has_tree(&self, inode: &Inode) -> bool {
        inode.has(flag::INDEX) && !inode.has(flag::INLINE_DATA) && self.superblock.has_compat(compat::DIR_INDEX)
    }

    /// Shows `visit` all entries of a directory but `.` and `..`, in the order in which Linux lists them: by hash where
    /// there are hashes to go by, else as they lie.
    pub(super) fn list(&self, inode: &Inode, visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        let Some(names) = self.replayed.names(inode.number) else { return self.list_blocks(inode, visit) };
        let mut flow = ControlFlow::Continue(());
        if !names.is_new {
            self.list_blocks(inode, &mut |entry| {
                if !names.changed.contains_key(entry.name) {
                    flow = visit(entry);
                }
                flow
            })?;
        }
        for (name, number) in &names.changed {
            let Some(number) = *number else { continue };
            if flow.is_break() {
                break;
            }
            let file_type = code_of(self.special_inode(number)?.file_type());
            flow = visit(Entry { inode: number, file_type, name: name.as_ref() });
        }
        Ok(())
    }

    /// The same for what the directory's blocks have.
    fn list_blocks(&self, inode: &Inode, visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        if self.has_tree(inode) {
            let map = self.map_all(inode)?;
            match Cursor::new(self, inode, &map).and_then(|mut cursor| cursor.descend(|_| 0).map(|()| cursor)) {
                Ok(cursor) => return self.list_tree(cursor, visit),
                Err(error) if error.kind() == ErrorKind::Corrupt && error.errno() == Errno::EUCLEAN => {}
                Err(error) => return Err(error),
            }
        }
        let one_block = inode.size >> self.superblock.block_bits == 1 || inode.has(flag::INLINE_DATA);
        let hasher = Hasher::new(self.superblock.def_hash_version, &self.superblock)
            .filter(|_| one_block && self.superblock.has_compat(compat::DIR_INDEX));
        let mut sorter = hasher.map(|hasher| Sorter::new(self, inode, hasher));
        let mut take = |bytes: &[u8]| match &mut sorter {
            Some(sorter) => sorter.add(bytes).map(|()| ControlFlow::Continue(())),
            None => self.list_block(inode, bytes, visit),
        };
        match inode.has(flag::INLINE_DATA) {
            true => self.for_each_inline_part(inode, &mut take)?,
            false => self.for_each_directory_block(inode, &mut take)?,
        }
        if let Some(mut sorter) = sorter {
            let _ = sorter.flush(visit)?;
        }
        Ok(())
    }

    fn list_tree(&self, mut cursor: Cursor<'_>, visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<()> {
        let mut sorter = Sorter::new(self, cursor.inode, cursor.hasher);
        loop {
            let leaf = cursor.leaf()?;
            sorter.add(&leaf)?;
            let next = cursor.next_leaf(|_| true)?;
            let continued = next.is_some_and(|hash| hash & 1 != 0) && sorter.bytes.len() < MAX_SORTED;
            if !continued && sorter.flush(visit)?.is_break() {
                return Ok(());
            }
            if next.is_none() {
                return Ok(());
            }
        }
    }

    fn list_block(
        &self,
        inode: &Inode,
        bytes: &[u8],
        visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        for entry in self.entries(bytes) {
            let entry = entry.map_err(|error| inode.corrupt(error.message()))?;
            if !entry.is_dot() && visit(entry).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Entries of a leaf, or of leaves that belong together, put in the order of their hashes.
struct Sorter<'a> {
    ext: &'a Ext,
    inode: &'a Inode,
    hasher: Hasher,
    bytes: Vec<u8>,
    /// Each entry's hash, and its place in `bytes`: name's start, name's length, inode, file type.
    order: Vec<(NameHash, Place)>,
}

#[derive(Clone, Copy)]
struct Place {
    start: u32,
    length: u8,
    file_type: u8,
    inode: u32,
}

impl<'a> Sorter<'a> {
    fn new(ext: &'a Ext, inode: &'a Inode, hasher: Hasher) -> Self {
        Sorter { ext, inode, hasher, bytes: Vec::new(), order: Vec::new() }
    }

    fn add(&mut self, bytes: &[u8]) -> Result<()> {
        for entry in self.ext.entries(bytes) {
            let entry = entry.map_err(|error| self.inode.corrupt(error.message()))?;
            if entry.is_dot() {
                continue;
            }
            let matcher = Matcher::new(self.ext, self.inode, entry.name)?;
            let place = Place {
                start: u32::try_from(self.bytes.len()).unwrap_or(u32::MAX),
                // Names were read from a field of 8 bits.
                length: u8::try_from(entry.name.len()).unwrap_or(u8::MAX),
                file_type: entry.file_type,
                inode: entry.inode,
            };
            self.order.push((self.hasher.hash(matcher.hashed()), place));
            self.bytes.extend_from_slice(entry.name);
        }
        Ok(())
    }

    /// Shows all entries, and is empty again.
    fn flush(&mut self, visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> Result<ControlFlow<()>> {
        self.order.sort_by_key(|(hash, _)| *hash);
        // Of names with the same hash Linux lists the first one first, and the rest from the last to the second.
        for equals in self.order.chunk_by_mut(|(a, _), (b, _)| a == b) {
            if let Some(rest) = equals.get_mut(1..) {
                rest.reverse();
            }
        }
        let mut flow = ControlFlow::Continue(());
        for (_, place) in &self.order {
            let name = Fields::new(&self.bytes).slice(place.start as usize, usize::from(place.length))?;
            flow = visit(Entry { inode: place.inode, file_type: place.file_type, name: name.into() });
            if flow.is_break() {
                break;
            }
        }
        self.order.clear();
        self.bytes.clear();
        Ok(flow)
    }
}

//! Writing an EROFS filesystem: the root disk of the guest.
//!
//! EROFS (Linux's fs/erofs/erofs_fs.h) is read-only and simple: a superblock, inodes of 32 bytes, directories of whole
//! blocks, and each file's data in one run of blocks. Nothing is compressed: the image is read through the host's page
//! cache, and a guest without KVM would pay for each byte that it decompresses.
//!
//! The order is superblock, inodes (with the targets of symbolic links behind them), directories, data.

mod dirent;
mod inode;
mod superblock;

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use bstr::{BStr, ByteSlice};
use glassbox_io::{Error, Result};

use super::tree::{Node, Tree};
use dirent::FileType;
use inode::{Inode, Place};

/// Bytes of a block; the kernel wants that of its pages.
pub(crate) const BLOCK: u64 = 4096;

/// An inode to be, with its relations by their numbers in the list of all.
struct Entry<'a> {
    /// `None` is the root directory.
    node: Option<&'a Node>,
    parent: usize,
    children: Vec<(&'a BStr, usize)>,
    /// Where its inode is, in bytes.
    offset: u64,
    /// The first block of its data.
    block: u64,
    /// A directory's blocks.
    listing: Vec<u8>,
}

/// Writes the tree to an empty file.
pub(crate) fn write(tree: &Tree, uuid: uuid::Uuid, mut to: &File) -> Result<()> {
    let mut entries = flatten(tree);
    let metadata_end = place_inodes(&mut entries)?;
    list_directories(&mut entries);
    let end = place_data(&mut entries, metadata_end.div_ceil(BLOCK));

    let inodes = entries.len() as u64;
    let root = entries.first().map_or(0, |root| inode::number(root.offset));
    let mut metadata = vec![0; metadata_end as usize];
    superblock::encode(&mut metadata, superblock::Superblock { root, inodes, blocks: end, uuid })?;
    for (number, entry) in entries.iter().enumerate() {
        encode(entry, number, &mut metadata)?;
    }
    to.write_all(&metadata)?;
    for entry in &entries {
        let seek = |mut to: &File| to.seek(SeekFrom::Start(entry.block * BLOCK));
        match entry.node {
            Some(Node::File(file)) if file.contents.size() > 0 => {
                seek(to)?;
                file.contents.copy_to(to)?;
            }
            None | Some(Node::Directory(_)) => {
                seek(to)?;
                to.write_all(&entry.listing)?;
            }
            _ => {}
        }
    }
    Ok(to.set_len(end * BLOCK)?)
}

/// The tree as a list, parents before their children.
fn flatten(tree: &Tree) -> Vec<Entry<'_>> {
    let new = |node, parent| Entry { node, parent, children: Vec::new(), offset: 0, block: 0, listing: Vec::new() };
    let mut entries = vec![new(None, 0)];
    let mut next = 0;
    while next < entries.len() {
        let directory = match entries[next].node {
            None => Some(&tree.root),
            Some(Node::Directory(directory)) => Some(directory),
            Some(_) => None,
        };
        for (name, node) in directory.into_iter().flat_map(|directory| &directory.entries) {
            let number = entries.len();
            entries[next].children.push((name.as_bstr(), number));
            entries.push(new(Some(node), next));
        }
        next += 1;
    }
    entries
}

/// Gives each inode its place; returns the byte after the last. A link's target stands behind its inode, in the same block.
fn place_inodes(entries: &mut [Entry<'_>]) -> Result<u64> {
    let mut offset = superblock::END;
    for entry in entries {
        let length = match entry.node {
            Some(Node::Link(target)) => inode::LENGTH + target.len() as u64,
            _ => inode::LENGTH,
        };
        if length > BLOCK {
            return Err(Error::unsupported("a symbolic link with so long a target in the appliance"));
        }
        if offset % BLOCK + length > BLOCK {
            offset = offset.next_multiple_of(BLOCK);
        }
        entry.offset = offset;
        offset = (offset + length).next_multiple_of(inode::LENGTH);
    }
    Ok(offset)
}

fn list_directories(entries: &mut [Entry<'_>]) {
    for number in 0..entries.len() {
        let entry = &entries[number];
        if !matches!(entry.node, None | Some(Node::Directory(_))) {
            continue;
        }
        let inode = |number: usize| inode::number(entries[number].offset);
        let mut names = vec![
            dirent::Name { name: b".".as_bstr(), inode: inode(number), kind: FileType::Directory },
            dirent::Name { name: b"..".as_bstr(), inode: inode(entry.parent), kind: FileType::Directory },
        ];
        names.extend(entry.children.iter().map(|(name, child)| {
            let kind = match entries[*child].node {
                Some(Node::File(_)) => FileType::Regular,
                Some(Node::Link(_)) => FileType::Link,
                _ => FileType::Directory,
            };
            dirent::Name { name, inode: inode(*child), kind }
        }));
        entries[number].listing = dirent::encode(names);
    }
}

/// Gives directories and files their blocks from `first` on; returns the block after the last.
fn place_data(entries: &mut [Entry<'_>], first: u64) -> u64 {
    let mut next = first;
    let mut place = |entry: &mut Entry<'_>, size: u64| {
        entry.block = next;
        next += size.div_ceil(BLOCK);
    };
    for entry in entries.iter_mut().filter(|entry| !entry.listing.is_empty()) {
        place(entry, entry.listing.len() as u64);
    }
    for entry in entries {
        if let Some(Node::File(file)) = entry.node {
            place(entry, file.contents.size());
        }
    }
    next
}

/// Writes an inode into its place.
fn encode(entry: &Entry<'_>, number: usize, metadata: &mut [u8]) -> Result<()> {
    let place = Place::Blocks(entry.block);
    let inode = match entry.node {
        None => Inode { mode: 0o755, kind: FileType::Directory, size: entry.listing.len() as u64, place },
        Some(Node::Directory(directory)) => {
            Inode { mode: directory.mode, kind: FileType::Directory, size: entry.listing.len() as u64, place }
        }
        Some(Node::File(file)) => Inode { mode: file.mode, kind: FileType::Regular, size: file.contents.size(), place },
        Some(Node::Link(target)) => {
            let start = (entry.offset + inode::LENGTH) as usize;
            metadata[start..start + target.len()].copy_from_slice(target);
            Inode { mode: 0o777, kind: FileType::Link, size: target.len() as u64, place: Place::Inline }
        }
    };
    let start = entry.offset as usize;
    inode.encode(number as u32, &mut metadata[start..start + inode::LENGTH as usize])
}

#[cfg(test)]
mod tests;

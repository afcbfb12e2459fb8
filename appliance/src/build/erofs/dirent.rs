//! Directories: blocks, each with its entries of 12 bytes first and their names behind. All names are in byte order, since
//! the kernel looks for them by halving.

use bstr::BStr;

use super::BLOCK;

/// Bytes of an entry: inode (8), where its name is in the block (2), type (1), reserved (1).
const LENGTH: usize = 12;

/// As in `erofs_dirent`, whose values are `FT_*`.
#[derive(Clone, Copy)]
pub(super) enum FileType {
    Regular = 1,
    Directory = 2,
    Link = 7,
}

impl FileType {
    /// The type's bits in a mode (inode(7)).
    pub fn mode(self) -> u16 {
        match self {
            FileType::Regular => 0o100000,
            FileType::Directory => 0o040000,
            FileType::Link => 0o120000,
        }
    }
}

/// A name in a directory.
pub(super) struct Name<'a> {
    pub name: &'a BStr,
    pub inode: u64,
    pub kind: FileType,
}

/// The directory's bytes; the last block ends where its last name does.
pub(super) fn encode(mut names: Vec<Name<'_>>) -> Vec<u8> {
    names.sort_by_key(|name| name.name);
    let mut listing = Vec::new();
    let mut rest = &names[..];
    while !rest.is_empty() {
        listing.resize(listing.len().next_multiple_of(BLOCK as usize), 0);
        let (block, behind) = rest.split_at(fitting(rest));
        encode_block(block, &mut listing);
        rest = behind;
    }
    listing
}

/// How many of the names one block holds: at least one, since a name has at most 255 bytes.
fn fitting(names: &[Name<'_>]) -> usize {
    let mut length = 0;
    names
        .iter()
        .take_while(|name| {
            length += LENGTH + name.name.len();
            length <= BLOCK as usize
        })
        .count()
}

fn encode_block(names: &[Name<'_>], listing: &mut Vec<u8>) {
    let mut at = names.len() * LENGTH;
    for name in names {
        listing.extend_from_slice(&name.inode.to_le_bytes());
        // Below the block's size: it fits.
        listing.extend_from_slice(&(at as u16).to_le_bytes());
        listing.extend_from_slice(&[name.kind as u8, 0]);
        at += name.name.len();
    }
    names.iter().for_each(|name| listing.extend_from_slice(name.name));
}

//! Extended attributes: in the inode behind its fields, in one block of their own, large values in inodes.

use std::ops::ControlFlow;

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Errno, Error, Fields, ReadAt, Result};

use super::Ext;
use super::acl;
use super::checksum::crc32c;
use super::inode::{Inode, flag};
use crate::Xattr;

const MAGIC: u32 = 0xea02_0000;
/// In the inode only the magic comes before the entries; in a block there are 32 bytes.
const BODY_HEADER: usize = 4;
const BLOCK_HEADER: usize = 32;
const BLOCK_CHECKSUM: usize = 0x10;
/// An entry without its name.
const ENTRY_HEADER: usize = 16;
/// The longest value that Linux hands out (`XATTR_SIZE_MAX`).
const MAX_VALUE: u64 = 64 << 10;

/// `e_name_index` of the namespaces.
mod index {
    pub const POSIX_ACL_ACCESS: u8 = 2;
    pub const POSIX_ACL_DEFAULT: u8 = 3;
    pub const SYSTEM: u8 = 7;
}

/// The part of the name that an index stands for. What has none here is not shown by Linux either: Lustre's, inline
/// data (`system.`), rich ACLs and the context of encryption.
fn prefix(name_index: u8) -> Option<&'static [u8]> {
    match name_index {
        1 => Some(b"user."),
        index::POSIX_ACL_ACCESS => Some(b"system.posix_acl_access"),
        index::POSIX_ACL_DEFAULT => Some(b"system.posix_acl_default"),
        4 => Some(b"trusted."),
        6 => Some(b"security."),
        10 => Some(b"gnu."),
        _ => None,
    }
}

/// An entry, and the bytes that its value's offset counts in.
struct Attribute<'a> {
    name_index: u8,
    name: &'a BStr,
    value_offset: usize,
    /// The inode that has the value, 0 if it is here.
    value_inode: u32,
    value_size: u32,
    region: Fields<'a>,
}

impl Attribute<'_> {
    /// The name with its namespace; `None` if Linux doesn't show it.
    fn full_name(&self) -> Option<BString> {
        let prefix = prefix(self.name_index)?;
        let is_acl = matches!(self.name_index, index::POSIX_ACL_ACCESS | index::POSIX_ACL_DEFAULT);
        // The prefix of an ACL is its whole name.
        let name: &[u8] = if is_acl { b"" } else { self.name };
        Some([prefix, name].concat().into())
    }

    fn is_called(&self, wanted: &BStr) -> bool {
        let is_acl = matches!(self.name_index, index::POSIX_ACL_ACCESS | index::POSIX_ACL_DEFAULT);
        match prefix(self.name_index).and_then(|prefix| wanted.strip_prefix(prefix)) {
            Some(rest) => {
                if is_acl {
                    rest.is_empty()
                } else {
                    rest == self.name.as_bytes()
                }
            }
            None => false,
        }
    }
}

type Visit<'v> = dyn FnMut(&Attribute<'_>) -> Result<ControlFlow<()>> + 'v;

/// Shows `visit` the entries from `start` of `region`, in which their values' offsets count from `base`.
fn for_each_entry(region: Fields<'_>, start: usize, base: usize, visit: &mut Visit<'_>) -> Result<ControlFlow<()>> {
    let mut at = start;
    let values = region.from(base)?;
    // Four zeros end the list; so does, here, the end of the room.
    while region.len().saturating_sub(at) >= 4 && region.le32(at)? != 0 {
        let entry = region.at(at, ENTRY_HEADER)?;
        let name_length = usize::from(entry.u8(0)?);
        let attribute = Attribute {
            name_index: entry.u8(1)?,
            name: region.slice(at.saturating_add(ENTRY_HEADER), name_length)?.as_bstr(),
            value_offset: usize::from(entry.le16(2)?),
            value_inode: entry.le32(4)?,
            value_size: entry.le32(8)?,
            region: values,
        };
        if visit(&attribute)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let length = ENTRY_HEADER.saturating_add(name_length).next_multiple_of(4);
        at = at.saturating_add(length);
    }
    Ok(ControlFlow::Continue(()))
}

impl Ext {
    /// Shows `visit` the attributes of an inode, those within it first, until it breaks.
    fn for_each_attribute(&self, inode: &Inode, visit: &mut Visit<'_>) -> Result<()> {
        let flow = self.for_each_body_attribute(inode, visit)?;
        if flow.is_break() || inode.file_acl == 0 {
            return Ok(());
        }
        if !self.is_valid_range(inode.file_acl, 1) {
            return Err(inode.corrupt(format_args!("its attributes are in block {}", inode.file_acl)));
        }
        let block = self.metadata_block(inode.file_acl)?;
        let fields = Fields::new(&block);
        if fields.le32(0)? != MAGIC || fields.le32(8)? != 1 {
            return Err(inode.corrupt(format_args!("no attributes in block {}", inode.file_acl)));
        }
        if self.superblock.has_metadata_checksums() {
            let mut crc = crc32c(self.superblock.checksum_seed, &inode.file_acl.to_le_bytes());
            crc = crc32c(crc, fields.slice(0, BLOCK_CHECKSUM)?);
            crc = crc32c(crc, &[0; 4]);
            crc = crc32c(crc, fields.from(BLOCK_CHECKSUM.saturating_add(4))?.bytes());
            if fields.le32(BLOCK_CHECKSUM)? != crc {
                return Err(Error::bad_checksum(format_args!("the ext4 attribute block {}", inode.file_acl)));
            }
        }
        let _ = for_each_entry(fields, BLOCK_HEADER, 0, visit)?;
        Ok(())
    }

    /// Shows `visit` the attributes within an inode.
    fn for_each_body_attribute(&self, inode: &Inode, visit: &mut Visit<'_>) -> Result<ControlFlow<()>> {
        self.with_raw_inode(inode.number, |raw| {
            let raw = Fields::new(raw);
            // Inodes of 128 bytes and those without extra fields have no attributes.
            if inode.extra_isize == 0 || raw.len().saturating_sub(inode.body_offset()) < BODY_HEADER {
                return Ok(ControlFlow::Continue(()));
            }
            let body = raw.from(inode.body_offset())?;
            match body.le32(0)? {
                MAGIC => for_each_entry(body, BODY_HEADER, BODY_HEADER, visit),
                _ => Ok(ControlFlow::Continue(())),
            }
        })
    }

    /// The part of inline data that is in the attribute `system.data`.
    pub(super) fn inline_attribute(&self, inode: &Inode) -> Result<Option<Vec<u8>>> {
        let mut found = None;
        let _ = self.for_each_body_attribute(inode, &mut |attribute| {
            if attribute.name_index != index::SYSTEM || attribute.name != "data" {
                return Ok(ControlFlow::Continue(()));
            }
            let size = usize::try_from(attribute.value_size).unwrap_or(usize::MAX);
            found = Some(attribute.region.slice(attribute.value_offset, size)?.to_vec());
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    /// All attributes that Linux shows to root.
    pub(super) fn list_xattrs(&self, inode: &Inode) -> Result<Vec<Xattr>> {
        let mut all = Vec::new();
        self.for_each_attribute(inode, &mut |attribute| {
            if let Some(name) = attribute.full_name() {
                all.push(Xattr { name, value: self.xattr_value(inode, attribute)? });
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// The attribute of a name.
    pub(super) fn find_xattr(&self, inode: &Inode, name: &BStr) -> Result<Option<Vec<u8>>> {
        let mut found = None;
        self.for_each_attribute(inode, &mut |attribute| {
            if !attribute.is_called(name) {
                return Ok(ControlFlow::Continue(()));
            }
            found = Some(self.xattr_value(inode, attribute)?);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    fn xattr_value(&self, inode: &Inode, attribute: &Attribute<'_>) -> Result<Vec<u8>> {
        let size = u64::from(attribute.value_size);
        let is_acl = matches!(attribute.name_index, index::POSIX_ACL_ACCESS | index::POSIX_ACL_DEFAULT);
        let value = match attribute.value_inode {
            0 if size == 0 => Vec::new(),
            0 => attribute.region.slice(attribute.value_offset, usize::try_from(size).unwrap_or(usize::MAX))?.to_vec(),
            _ if size > MAX_VALUE => return Err(Error::os(Errno::E2BIG)),
            number => self.value_of_inode(inode, number, size)?,
        };
        if is_acl { acl::to_xattr(&value) } else { Ok(value) }
    }

    /// A value that has an inode of its own, verified by the checksum that this inode keeps in its time of access.
    fn value_of_inode(&self, owner: &Inode, number: u32, size: u64) -> Result<Vec<u8>> {
        let inode = self.special_inode(number)?;
        if !inode.has(flag::EA_INODE) || inode.size != size {
            return Err(owner.corrupt(format_args!("inode {number} is not the value of an attribute")));
        }
        let mut value = vec![0; usize::try_from(size).unwrap_or(0)];
        self.open_file(inode.clone())?.read_exact_at(&mut value, 0)?;
        let low = |seconds: i64| (seconds & 0xffff_ffff) as u32;
        // Lustre's first form kept no checksum, but the owner's number and generation.
        let of_lustre = low(inode.mtime.seconds) == owner.number && inode.generation == owner.generation;
        if !of_lustre && low(inode.atime.seconds) != crc32c(self.superblock.checksum_seed, &value) {
            return Err(Error::bad_checksum(format_args!("the attribute value in ext4 inode {number}")));
        }
        Ok(value)
    }
}

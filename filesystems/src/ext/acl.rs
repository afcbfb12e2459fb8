//! POSIX ACLs: the short form on disk, turned into the form that Linux's `system.posix_acl_*` attributes have.

use glassbox_io::{Error, Fields, Result};

const DISK_VERSION: u32 = 1;
const XATTR_VERSION: u32 = 2;
/// Tags of entries that name a user or a group, and so have an ID on disk.
const TAG_USER: u16 = 0x02;
const TAG_GROUP: u16 = 0x08;
/// Tags of the owner, the owning group, the mask and the others.
const TAGS_WITHOUT_ID: [u16; 4] = [0x01, 0x04, 0x10, 0x20];
const UNDEFINED_ID: u32 = u32::MAX;

/// Turns an ACL from its on-disk form into the attribute's: entries of tag, permissions and always an ID.
pub(super) fn to_xattr(disk: &[u8]) -> Result<Vec<u8>> {
    let disk = Fields::new(disk);
    if disk.le32(0)? != DISK_VERSION {
        return Err(Error::corrupt("ext4: a POSIX ACL of an unknown version"));
    }
    let mut xattr = Vec::with_capacity(disk.len().saturating_mul(2));
    xattr.extend_from_slice(&XATTR_VERSION.to_le_bytes());
    let mut rest = disk.from(4)?;
    while !rest.is_empty() {
        let (tag, permissions) = (rest.le16(0)?, rest.le16(2)?);
        let (id, length) = match tag {
            TAG_USER | TAG_GROUP => (rest.le32(4)?, 8),
            _ if TAGS_WITHOUT_ID.contains(&tag) => (UNDEFINED_ID, 4),
            _ => return Err(Error::corrupt(format!("ext4: a POSIX ACL has an entry of tag {tag:#x}"))),
        };
        xattr.extend_from_slice(&tag.to_le_bytes());
        xattr.extend_from_slice(&permissions.to_le_bytes());
        xattr.extend_from_slice(&id.to_le_bytes());
        rest = rest.from(length)?;
    }
    Ok(xattr)
}

#[cfg(test)]
mod tests {
    use super::to_xattr;

    #[test]
    fn entries_without_an_id_get_an_undefined_one() {
        let disk = b"\x01\0\0\0\x01\0\x06\0\x02\0\x06\0\xe8\x03\0\0\x20\0\x04\0";
        let xattr = b"\x02\0\0\0\x01\0\x06\0\xff\xff\xff\xff\x02\0\x06\0\xe8\x03\0\0\x20\0\x04\0\xff\xff\xff\xff";
        assert_eq!(to_xattr(disk).unwrap(), xattr);
        assert!(to_xattr(&disk[..14]).is_err());
        assert!(to_xattr(b"\x02\0\0\0").is_err());
    }
}

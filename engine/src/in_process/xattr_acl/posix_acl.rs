//! The extended attribute that holds a POSIX ACL: a version, then entries of 8 bytes, tag (2), permissions (2) and ID (4).

/// `POSIX_ACL_XATTR_VERSION` of Linux's `uapi/linux/posix_acl_xattr.h`.
pub const VERSION: u32 = 2;

// The tags of `uapi/linux/posix_acl.h`, in the order that the kernel wants.
/// The owner.
pub const USER_OBJ: u16 = 0x01;
/// Another user, by ID.
pub const USER: u16 = 0x02;
/// The file's group.
pub const GROUP_OBJ: u16 = 0x04;
/// Another group, by ID.
pub const GROUP: u16 = 0x08;
/// The most that entries but the owner's and the others' have in effect.
pub const MASK: u16 = 0x10;
/// Everybody else.
pub const OTHER: u16 = 0x20;

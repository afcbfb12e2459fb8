//! Opens whatever filesystem is on a volume.

use bstr::{BStr, ByteSlice};
use glassbox_io::{Errno, Error, Result, Source};

use crate::Filesystem;
use crate::detect::{Usage, detect};
use crate::ext::Ext;
use crate::ntfs::Ntfs;

/// Opens the filesystem on `source`, whichever it is.
///
/// # Errors
/// `EINVAL` if nothing is recognised; *unsupported*, naming it, if it is a filesystem that isn't read here; `ENODEV`
/// for what no Linux could mount, such as a physical volume of LVM.
pub fn open(source: Source) -> Result<Box<dyn Filesystem>> {
    let Some(found) = detect(&source)? else {
        return Err(Error::os_with(Errno::EINVAL, "no filesystem is recognised"));
    };
    match found.usage {
        Usage::Filesystem => open_as(found.kind.into(), source),
        _ => Err(unknown(found.kind.into())),
    }
}

/// Opens `source` as a filesystem of this kind, by the name that `mount -t` knows it by.
pub fn open_as(kind: &BStr, source: Source) -> Result<Box<dyn Filesystem>> {
    match kind.as_bytes() {
        b"ext2" | b"ext3" | b"ext4" => Ok(Box::new(Ext::open(source)?)),
        b"ntfs" | b"ntfs3" | b"ntfs-3g" => Ok(Box::new(Ntfs::open(source)?)),
        b"xfs" | b"btrfs" | b"iso9660" | b"udf" | b"squashfs" | b"erofs" | b"f2fs" | b"exfat" | b"hfs" | b"hfsplus"
        | b"apfs" | b"ufs" | b"minix" | b"zfs_member" | b"reiserfs" | b"jfs" | b"nilfs2" | b"vfat" | b"bcachefs" => {
            Err(Error::unsupported(format!("{kind}: reading its files")))
        }
        _ => Err(unknown(kind)),
    }
}

fn unknown(kind: &BStr) -> Error {
    Error::os_with(Errno::ENODEV, format!("unknown filesystem type '{kind}'"))
}

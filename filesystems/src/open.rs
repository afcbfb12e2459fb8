//! Opens whatever filesystem is on a volume.

use bstr::{BStr, ByteSlice};
use glassbox_io::{Errno, Error, Result, Source};

use crate::Filesystem;
use crate::detect::{Usage, detect, is_layer, usage_of};
use crate::ext::{Ext, Superblock};
use crate::fat::Fat;
use crate::ntfs::Ntfs;

/// Opens the filesystem on `source`, whichever it is.
///
/// # Errors
/// `EINVAL` if nothing is recognised, or more than one thing; *unsupported*, naming it, if it is a filesystem that isn't
/// read here; `ENODEV` for what no Linux could mount, such as a physical volume of LVM.
pub fn open(source: Source) -> Result<Box<dyn Filesystem>> {
    // What a checksum proves to be ext needs no look for sixty other formats, which costs more than all that is read of
    // a small file.
    let is_ext = Superblock::read(&source).is_ok_and(|superblock| superblock.has_metadata_checksums());
    if is_ext && !is_layer(&source)? {
        return Ok(Box::new(Ext::open(source)?));
    }
    match detect(&source)? {
        Some(found) => open_as(found.kind.into(), source),
        None => Err(Error::os_with(Errno::EINVAL, "no filesystem is recognised")),
    }
}

/// Opens `source` as a filesystem of this kind, by the name that `mount -t` knows it by, whatever is recognised on it.
///
/// # Errors
/// *Unsupported* if such a filesystem isn't read here, `ENODEV` if there is none of this name; *corrupt*, or an error
/// number, if `source` doesn't hold one.
pub fn open_as(kind: &BStr, source: Source) -> Result<Box<dyn Filesystem>> {
    match kind.as_bytes() {
        b"ext4" => Ok(Box::new(Ext::open(source)?)),
        b"ext2" | b"ext3" => {
            // Linux refuses an older name for a volume with newer features.
            let found = detect(&source)?.map(|found| found.kind);
            match found {
                Some("ext4") => {
                    Err(Error::os_with(Errno::EINVAL, format!("an ext4 filesystem can't be mounted as {kind}")))
                }
                Some("ext2") if kind == "ext3" => {
                    Err(Error::os_with(Errno::EINVAL, "an ext2 filesystem has no journal"))
                }
                _ => Ok(Box::new(Ext::open(source)?)),
            }
        }
        b"vfat" => Ok(Box::new(Fat::open(source)?)),
        b"ntfs" | b"ntfs3" | b"ntfs-3g" => Ok(Box::new(Ntfs::open(source)?)),
        // Linux's driver for FAT without long names, which nobody recognises by itself.
        b"msdos" => Err(Error::unsupported("msdos: reading its files")),
        _ if usage_of(kind) == Some(Usage::Filesystem) => Err(Error::unsupported(format!("{kind}: reading its files"))),
        _ => Err(Error::os_with(Errno::ENODEV, format!("unknown filesystem type '{kind}'"))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_is_not_read_is_told_apart() {
        let error = |volume: &[u8]| open(Arc::new(volume.to_vec())).map(|_| ()).unwrap_err();
        let error_as = |kind: &str| open_as(kind.into(), Arc::new(vec![0; 4096])).map(|_| ()).unwrap_err();
        let mut volume = vec![0; 4 << 20];
        assert_eq!(error(&volume).errno(), Errno::EINVAL);
        volume[..8].copy_from_slice(b"-rom1fs-");
        assert!(error(&volume).is_unsupported());
        assert_eq!(error(&volume).to_string(), "romfs: reading its files");
        volume[..8].copy_from_slice(b"LUKS\xba\xbe\0\x01");
        assert_eq!(error(&volume).errno(), Errno::ENODEV);
        assert!(error_as("xfs").is_unsupported());
        assert_eq!(error_as("swap").errno(), Errno::ENODEV);
        assert_eq!(error_as("nonsense").errno(), Errno::ENODEV);
        assert!(!error_as("vfat").is_unsupported());
    }
}

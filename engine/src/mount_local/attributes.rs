//! A file's metadata in FUSE's form.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{FileAttr, FileType, INodeNo};
use glassbox_api::structs::StatNs;
use glassbox_io::{Error, Result};

use super::options::View;

/// The bits of a mode that tell the type, and their values (inode(7)).
const TYPE_MASK: i64 = 0o170000;
/// Read, write and execute of one class, as access(2) asks for them.
const PERMISSIONS: u16 = 0o7;

/// The attributes of the file that `stat` is of, under the number by which the kernel knows it.
pub fn attributes(stat: &StatNs, number: u64, view: &View) -> Result<FileAttr> {
    let kind = match stat.st_mode & TYPE_MASK {
        0o010000 => FileType::NamedPipe,
        0o020000 => FileType::CharDevice,
        0o040000 => FileType::Directory,
        0o060000 => FileType::BlockDevice,
        0o100000 => FileType::RegularFile,
        0o120000 => FileType::Symlink,
        0o140000 => FileType::Socket,
        _ => return Err(Error::corrupt(format!("a file's mode is 0{:o}", stat.st_mode))),
    };
    let perm = match view.umask {
        Some(mask) => 0o777 & !mask,
        None => (stat.st_mode & 0o7777) as u16,
    };
    let ctime = time(stat.st_ctime_sec, stat.st_ctime_nsec);
    Ok(FileAttr {
        ino: INodeNo(number),
        size: stat.st_size as u64,
        blocks: stat.st_blocks as u64,
        atime: time(stat.st_atime_sec, stat.st_atime_nsec),
        mtime: time(stat.st_mtime_sec, stat.st_mtime_nsec),
        ctime,
        crtime: ctime,
        kind,
        perm,
        nlink: u32::try_from(stat.st_nlink).unwrap_or(u32::MAX),
        uid: view.uid.unwrap_or(stat.st_uid as u32),
        gid: view.gid.unwrap_or(stat.st_gid as u32),
        // The lower half of Linux's device number is the 32-bit form: 12 bits of major, 20 of minor.
        rdev: stat.st_rdev as u32,
        blksize: u32::try_from(stat.st_blksize).unwrap_or(0),
        flags: 0,
    })
}

/// Attributes that hold for no moment, of a file whose own can't be read: it is listed, and asking for it fails.
pub fn unknown(number: u64, kind: FileType) -> FileAttr {
    FileAttr {
        ino: INodeNo(number),
        size: 0,
        blocks: 0,
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind,
        perm: 0,
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 0,
        flags: 0,
    }
}

/// Whether a user may do with a file what access(2) asks for. Root may do everything, as in libguestfs: nothing is
/// executed in the guest.
pub fn may_access(attributes: &FileAttr, uid: u32, gid: u32, mask: i32) -> bool {
    let class = match () {
        () if uid == 0 => return true,
        () if uid == attributes.uid => attributes.perm >> 6,
        () if gid == attributes.gid => attributes.perm >> 3,
        () => attributes.perm,
    };
    let wanted = mask as u16 & PERMISSIONS;
    class & wanted == wanted
}

/// Times that the host's clock can't hold become its nearest; no filesystem has such, but a damaged one may.
fn time(seconds: i64, nanoseconds: i64) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let fraction = Duration::from_nanos(nanoseconds.unsigned_abs());
    let start = match seconds < 0 {
        true => UNIX_EPOCH.checked_sub(whole),
        false => UNIX_EPOCH.checked_add(whole),
    };
    start.and_then(|start| start.checked_add(fraction)).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbox_api::options::MountLocalOpts;

    fn view(options: &str) -> View {
        let given = MountLocalOpts { options: Some(options.into()), ..Default::default() };
        super::super::Options::parse(given).unwrap().view
    }

    #[test]
    fn views_change_owners_and_permissions_but_not_types() {
        let stat = StatNs { st_mode: 0o042755, st_uid: 5, st_gid: 6, st_rdev: 0x1234_5678, ..StatNs::default() };
        let plain = attributes(&stat, 9, &view("")).unwrap();
        assert_eq!((plain.kind, plain.perm, plain.uid, plain.gid), (FileType::Directory, 0o2755, 5, 6));
        assert_eq!((plain.ino, plain.rdev), (INodeNo(9), 0x1234_5678));
        let mapped = attributes(&stat, 9, &view("uid=1,gid=2,umask=077")).unwrap();
        assert_eq!((mapped.kind, mapped.perm, mapped.uid, mapped.gid), (FileType::Directory, 0o700, 1, 2));
        assert!(attributes(&StatNs::default(), 9, &view("")).is_err());
    }

    #[test]
    fn times_before_1970_keep_their_fraction() {
        assert_eq!(time(-2, 800_000_000), UNIX_EPOCH - Duration::from_millis(1200));
        assert_eq!(time(5, 1), UNIX_EPOCH + Duration::new(5, 1));
    }

    #[test]
    fn access_is_by_the_class_that_fits_first() {
        let file = FileAttr { perm: 0o640, uid: 5, gid: 6, ..unknown(1, FileType::RegularFile) };
        assert!(may_access(&file, 5, 9, 4) && may_access(&file, 5, 9, 6) && !may_access(&file, 5, 9, 1));
        assert!(may_access(&file, 7, 6, 4) && !may_access(&file, 7, 6, 2));
        assert!(!may_access(&file, 7, 7, 4) && may_access(&file, 7, 7, 0) && may_access(&file, 0, 0, 7));
    }
}

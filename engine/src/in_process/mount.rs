//! The group `mount`: filesystems on mount points.

use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::Mounting;
use glassbox_api::options::{RemountOpts, UmountOpts};
use glassbox_api::structs::InternalMountable;
use glassbox_filesystems::{FileType, Filesystem, NodeId, ext};
use glassbox_io::{Errno, Error, ErrorKind, Extent, ReadAt, Result, ResultExt};

use super::{Device, InProcess};
use crate::device_name::makedev;
use crate::replay::Change;
use crate::vfs::{Follow, Located};

/// What precedes `device/subvolume` in the name of a btrfs subvolume.
const SUBVOLUME: &[u8] = b"btrfsvol:";

/// Whether what is to be mounted is a btrfs subvolume, not a device.
pub(super) fn is_subvolume(mountable: &BStr) -> bool {
    mountable.starts_with(SUBVOLUME)
}

/// Options that every Linux filesystem takes, as mount(8) lists them. None of them changes what is read.
const GENERIC_OPTIONS: [&str; 29] = [
    "defaults",
    "ro",
    "rw",
    "async",
    "sync",
    "dirsync",
    "atime",
    "noatime",
    "diratime",
    "nodiratime",
    "relatime",
    "norelatime",
    "strictatime",
    "lazytime",
    "nolazytime",
    "auto",
    "noauto",
    "dev",
    "nodev",
    "exec",
    "noexec",
    "suid",
    "nosuid",
    "group",
    "user",
    "nouser",
    "users",
    "nofail",
    "silent",
];

impl InProcess {
    fn mount_device(&mut self, mountable: &BStr, path: &BStr, options: &BStr, kind: Option<&BStr>) -> Result<()> {
        if is_subvolume(mountable) {
            return Err(Error::unsupported("btrfs subvolumes").at_path(mountable));
        }
        let device = self.device(mountable)?;
        let point = self.mount_point(path)?;
        if self.vfs.mounts().iter().any(|mount| mount.device == device.name && mount.path == point) {
            let message =
                format!("mount exited with status 32: mount: {path}: {} already mounted on {path}.", device.name);
            return Err(Error::os_with(Errno::EBUSY, message));
        }
        let (filesystem, read_only) = open_filesystem(&device, path, point.as_ref(), options, kind)?;
        let read_only = read_only || device.read_only;
        self.vfs.mount(device.name.as_ref(), point.as_ref(), filesystem, device.number, read_only)?;
        self.remember(Change::Mounts);
        Ok(())
    }

    /// The directory to mount on, without symbolic links in its path.
    fn mount_point(&self, path: &BStr) -> Result<BString> {
        let found = self.vfs.resolve(path, Follow::Always).ok();
        let directory = found.filter(|found| matches!(found.file_type(), Ok(FileType::Directory)));
        match directory {
            Some(directory) if path.starts_with(b"/") => Ok(directory.path),
            _ => Err(Error::os_with(Errno::ENOTDIR, format!("mount: {path}: mount point is not a directory"))),
        }
    }
}

/// Opens what is on a device, minding the mount options that matter for reading. It was asked to be mounted on `path`,
/// which is `point`. The flag says whether it was asked to be read-only.
fn open_filesystem(
    device: &Device,
    path: &BStr,
    point: &BStr,
    options: &BStr,
    kind: Option<&BStr>,
) -> Result<(Arc<dyn Filesystem>, bool)> {
    let failed =
        |errno, what: String| Error::os_with(errno, format!("mount exited with status 32: mount: {path}: {what}"));
    let wrong = || failed(Errno::EINVAL, format!("wrong fs type, bad option, bad superblock on {}.", device.name));
    let without_journal = options.split_str(",").any(|option| matches!(option, b"noload" | b"norecovery"));
    let is_ext = |kind: &BStr| matches!(kind.as_bytes(), b"ext2" | b"ext3" | b"ext4");
    let filesystem = match kind {
        _ if without_journal && kind.is_none_or(is_ext) => {
            let mut as_it_lies = ext::Options::default();
            as_it_lies.replay_journal = false;
            ext::Ext::open_with(device.source.clone(), &as_it_lies)
                .map(|filesystem| Box::new(filesystem) as Box<dyn Filesystem>)
        }
        Some(kind) => glassbox_filesystems::open_as(kind, device.source.clone()),
        None => glassbox_filesystems::open(device.source.clone()),
    };
    let filesystem: Arc<dyn Filesystem> = match filesystem {
        Ok(mut filesystem) => {
            filesystem.mounted_at(point);
            filesystem.into()
        }
        Err(error) if error.kind() == ErrorKind::Unsupported => return Err(error.at_path(&device.name)),
        Err(error) if error.errno() == Errno::ENODEV => {
            return Err(failed(Errno::ENODEV, format!("{}.", error.message())));
        }
        Err(error) => return Err(wrong().caused_by(error)),
    };
    let mut read_only = false;
    for option in options.split_str(",").filter(|option| !option.is_empty()) {
        match option {
            b"ro" => read_only = true,
            b"rw" => read_only = false,
            option => {
                let name = option.split_str("=").next().unwrap_or(option);
                let known = GENERIC_OPTIONS.iter().any(|known| known.as_bytes() == name)
                    || option.starts_with(b"x-")
                    || filesystem_options(filesystem.kind()).contains(&name.to_str_lossy().as_ref());
                if !known {
                    return Err(wrong().caused_by(Error::usage(format!("mount option {}", option.as_bstr()))));
                }
            }
        }
    }
    Ok((filesystem, read_only))
}

/// The options of one kind of filesystem that change nothing for a reader.
fn filesystem_options(kind: &str) -> &'static [&'static str] {
    match kind {
        "ext2" | "ext3" | "ext4" => &[
            "acl",
            "noacl",
            "user_xattr",
            "nouser_xattr",
            "errors",
            "data",
            "commit",
            "barrier",
            "nobarrier",
            "norecovery",
            "noload",
            "discard",
            "nodiscard",
            "delalloc",
            "nodelalloc",
            "journal_checksum",
            "usrquota",
            "grpquota",
            "quota",
            "noquota",
            "stripe",
            "inode_readahead_blks",
            "init_itable",
            "noinit_itable",
            "minixdf",
            "bsddf",
            "resuid",
            "resgid",
            "sb",
            "debug",
            "nouid32",
            "dax",
            "i_version",
            "auto_da_alloc",
            "noauto_da_alloc",
            "block_validity",
            "noblock_validity",
            "max_batch_time",
            "min_batch_time",
            "dioread_lock",
            "dioread_nolock",
            "prjquota",
        ],
        "vfat" => &["codepage", "iocharset", "shortname", "utf8", "tz", "errors", "flush", "rodir", "check", "quiet"],
        "ntfs" => &["recover", "norecover", "streams_interface", "compression", "nocompression", "big_writes", "nls"],
        _ => &[],
    }
}

impl Mounting for InProcess {
    fn mount(&mut self, mountable: &BStr, mountpoint: &BStr) -> Result<()> {
        self.mount_device(mountable, mountpoint, "".into(), None)
    }

    fn mount_ro(&mut self, mountable: &BStr, mountpoint: &BStr) -> Result<()> {
        self.mount_device(mountable, mountpoint, "ro".into(), None)
    }

    fn mount_options(&mut self, options: &BStr, mountable: &BStr, mountpoint: &BStr) -> Result<()> {
        self.mount_device(mountable, mountpoint, options, None)
    }

    fn mount_vfs(&mut self, options: &BStr, vfstype: &BStr, mountable: &BStr, mountpoint: &BStr) -> Result<()> {
        self.mount_device(mountable, mountpoint, options, Some(vfstype))
    }

    fn mount_loop(&mut self, file: &BStr, mountpoint: &BStr) -> Result<()> {
        let found = self.locate(file, Follow::Always)?;
        let source = FileSource::open(&found).at_path(file)?;
        // Linux's major number of loop devices is 7.
        let number = self.vfs.mounts().iter().filter(|mount| mount.device.starts_with(b"/dev/loop")).count();
        let device = Device {
            name: format!("/dev/loop{number}").into(),
            source: Arc::new(source),
            number: makedev(7, number as u64),
            disk: None,
            read_only: false,
            block_size: 512,
        };
        let point = self.mount_point(mountpoint)?;
        let (filesystem, _) = open_filesystem(&device, mountpoint, point.as_ref(), "".into(), None)
            .map_err(|error| Error::os_with(error.errno(), format!("{file} on {mountpoint}: {error}")))?;
        self.vfs.mount(device.name.as_ref(), point.as_ref(), filesystem, device.number, false)?;
        self.remember(Change::Mounts);
        Ok(())
    }

    fn umount(&mut self, pathordevice: &BStr, opts: UmountOpts) -> Result<()> {
        let lazy = opts.lazyunmount.unwrap_or(false);
        // `force` is for servers that don't answer; there are none here.
        let what = match pathordevice.starts_with(b"/dev/") {
            true => self.canonical(pathordevice),
            false => pathordevice.to_owned(),
        };
        self.vfs.unmount(what.as_ref(), lazy).map_err(|error| {
            Error::os_with(error.errno(), format!("{pathordevice}: umount: {pathordevice}: {}.", error.message()))
        })?;
        self.remember(Change::Mounts);
        Ok(())
    }

    fn umount_all(&mut self) -> Result<()> {
        self.vfs.unmount_all();
        Ok(())
    }

    fn mounts(&mut self) -> Result<Vec<BString>> {
        Ok(self.vfs.mounts().iter().map(|mount| mount.device.clone()).collect())
    }

    fn mountpoints(&mut self) -> Result<Vec<(BString, BString)>> {
        Ok(self.vfs.mounts().iter().map(|mount| (mount.device.clone(), mount.path.clone())).collect())
    }

    fn mkmountpoint(&mut self, exemptpath: &BStr) -> Result<()> {
        absolute("do_mkmountpoint", exemptpath)?;
        self.vfs.make_mount_point(exemptpath)?;
        self.remember(Change::Lasting);
        Ok(())
    }

    fn rmmountpoint(&mut self, exemptpath: &BStr) -> Result<()> {
        absolute("do_rmmountpoint", exemptpath)?;
        self.vfs.remove_mount_point(exemptpath)?;
        self.remember(Change::Lasting);
        Ok(())
    }

    fn remount(&mut self, mountpoint: &BStr, opts: RemountOpts) -> Result<()> {
        let Some(read_write) = opts.rw else {
            return Err(Error::usage("at least one optional argument must be given"));
        };
        self.vfs.remount(mountpoint, !read_write)?;
        self.remember(Change::Mounts);
        Ok(())
    }

    fn list_9p(&mut self) -> Result<Vec<BString>> {
        // 9p shares come from a hypervisor, and there is none.
        Ok(Vec::new())
    }

    fn internal_parse_mountable(&mut self, mountable: &BStr) -> Result<InternalMountable> {
        let (kind, device, volume) = match mountable.strip_prefix(SUBVOLUME) {
            Some(rest) => {
                // The device's name ends where the first device that is there does: /dev/vg/lv has a slash more.
                let end = rest.find_iter("/").find(|end| self.device(rest[..*end].as_bstr()).is_ok());
                let end = end.ok_or_else(|| Error::os(Errno::ENOENT).at_path(mountable))?;
                (1, rest[..end].as_bstr(), rest[end + 1..].as_bstr())
            }
            None => (0, mountable, BStr::new("")),
        };
        Ok(InternalMountable { im_type: kind, im_device: self.device(device)?.name, im_volume: volume.to_owned() })
    }
}

fn absolute(call: &str, path: &BStr) -> Result<()> {
    match path.starts_with(b"/") {
        true => Ok(()),
        false => Err(Error::usage(format!("{call}: path must start with a / character"))),
    }
}

/// A file of a mounted filesystem that stays open, whatever becomes of the mount.
pub(super) struct FileSource {
    filesystem: Arc<dyn Filesystem>,
    node: NodeId,
    length: u64,
}

impl FileSource {
    /// Opens a regular file.
    pub fn open(file: &Located) -> Result<Self> {
        let length = file.filesystem.open(file.node)?.len();
        Ok(FileSource { filesystem: file.filesystem.clone(), node: file.node, length })
    }
}

impl ReadAt for FileSource {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        // An open file borrows its filesystem, so it can't be kept beside it. Opening costs a few cached reads.
        self.filesystem.open(self.node)?.read_at(buf, offset)
    }

    fn extent_at(&self, offset: u64) -> Result<Extent> {
        self.filesystem.open(self.node)?.extent_at(offset)
    }
}

//! Filesystems that the kernel reads for us without their being mounted anywhere.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use bstr::BStr;
use glassbox_filesystems::Filesystem;
use glassbox_filesystems::detect::detect;
use glassbox_io::{Errno, Error, Result, ResultExt};
use rustix::io::Errno as KernelErrno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen,
};

use crate::kernel_file::KernelFile;
use crate::kernel_tree::{KernelTree, os};
use crate::mountable::Mountable;

/// The filesystem of a device or subvolume, read-only. The kernel lets go of it when the last reader does.
pub fn open(name: &BStr) -> Result<Arc<dyn Filesystem>> {
    let mountable = Mountable::parse(name)?;
    let device = mountable.device.to_string();
    let source = KernelFile::new(File::open(&device).at_path(&device)?)?;
    // What mount(8) says of something that it knows nothing of.
    let signature = detect(&source)?.ok_or_else(|| Error::os(Errno::ENODEV).at_path(name))?;
    let root = mount(signature.kind, &device, &mountable).map_err(|errno| match errno {
        KernelErrno::NODEV => Error::unsupported(format!("this kernel has no {}", signature.kind)).at_path(name),
        errno => os(errno).at_path(name),
    })?;
    Ok(Arc::new(KernelTree::new(root, signature.kind.into())))
}

fn mount(kind: &str, device: &str, mountable: &Mountable) -> rustix::io::Result<OwnedFd> {
    let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(&context, "source", device)?;
    fsconfig_set_flag(&context, "ro")?;
    if let Some(subvolume) = &mountable.subvolume {
        fsconfig_set_string(&context, "subvol", subvolume.as_slice())?;
    }
    fsconfig_create(&context)?;
    fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::MOUNT_ATTR_RDONLY)
}

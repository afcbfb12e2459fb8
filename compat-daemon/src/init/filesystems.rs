//! The filesystems that the appliance itself needs.

use std::fs;
use std::os::unix::fs::symlink;

use glassbox_io::{Result, ResultExt};
use rustix::mount::{MountFlags, mount};

use crate::kernel_tree::os;
use crate::sysroot::SYSROOT;

/// Those that the kernel makes up, and where they belong.
const KERNEL: [(&str, &str); 3] = [("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev")];

/// Where tools write. The root disk is read-only; the guest's own root is mounted on the last one.
const WRITABLE: [&str; 4] = ["/run", "/tmp", "/var", SYSROOT];

/// Mounts what the kernel makes up.
pub fn mount_kernel_filesystems() -> Result<()> {
    for (kind, place) in KERNEL {
        fs::create_dir_all(place)?;
        mounted(kind, place, kind)?;
    }
    Ok(())
}

/// Mounts empty filesystems where tools write.
pub fn mount_writable() -> Result<()> {
    for place in WRITABLE {
        mounted("tmpfs", place, "tmpfs")?;
    }
    for folder in ["/run/lock", "/run/lvm", "/run/mdadm", "/var/tmp", "/var/lock", "/dev/pts"] {
        fs::create_dir_all(folder)?;
    }
    mounted("devpts", "/dev/pts", "devpts")?;
    for (target, link) in
        [("/proc/self/fd", "/dev/fd"), ("fd/0", "/dev/stdin"), ("fd/1", "/dev/stdout"), ("fd/2", "/dev/stderr")]
    {
        let _exists_already = symlink(target, link);
    }
    Ok(())
}

fn mounted(source: &str, place: &str, kind: &str) -> Result<()> {
    match mount(source, place, kind, MountFlags::empty(), None) {
        // The kernel may have mounted /dev by itself.
        Ok(()) | Err(rustix::io::Errno::BUSY) => Ok(()),
        Err(errno) => Err(os(errno)).at_path(place),
    }
}

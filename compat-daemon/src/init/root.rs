//! The root disk: found, mounted, made the root.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use glassbox_io::{Errno, Error, Result, ResultExt};
use rustix::mount::{MountFlags, mount, mount_move};

use crate::kernel_tree::os;
use crate::wait::wait_for;

/// Where our own builder attaches the root disk.
const OWN: &str = "vda";
/// What a root disk may be formatted as.
const KINDS: [&str; 4] = ["erofs", "squashfs", "ext4", "ext2"];
/// Where it is mounted before it is the root.
const PLACE: &str = "/root-disk";

/// Its name in `/sys/block`, once it was found.
static FOUND: OnceLock<String> = OnceLock::new();

/// Whether this is the appliance's own disk, not one that was attached for the guest.
pub fn is_root_disk(name: &str) -> bool {
    FOUND.get().is_some_and(|found| found == name)
}

/// Mounts the root disk and makes it the root; the kernel's filesystems go along.
pub fn switch() -> Result<()> {
    let wanted = wanted(&fs::read_to_string("/proc/cmdline")?);
    let disk = wait_for(|| Ok(find(&wanted)))?
        .ok_or_else(|| Error::os_with(Errno::ENODEV, format!("the appliance's root disk isn't there: {wanted:?}")))?;
    fs::create_dir_all(PLACE)?;
    let device = format!("/dev/{disk}");
    if !KINDS.iter().any(|kind| mount(&device, PLACE, *kind, MountFlags::RDONLY, None).is_ok()) {
        return Err(Error::os_with(Errno::EINVAL, "the appliance's root disk can't be mounted").at_path(&device));
    }
    for place in ["/proc", "/sys", "/dev"] {
        mount_move(place, format!("{PLACE}{place}")).map_err(os).at_path(place)?;
    }
    std::env::set_current_dir(PLACE)?;
    mount_move(".", "/").map_err(os).at_path(PLACE)?;
    rustix::process::chroot(".").map_err(os)?;
    std::env::set_current_dir("/")?;
    // Whoever asks first finds it told.
    let _ = FOUND.set(disk);
    Ok(())
}

/// What the kernel's command line says of the root disk.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// The disk of this name.
    Name(String),
    /// The disk whose filesystem has this UUID.
    Uuid(String),
}

/// `root=/dev/sdb` and `root=UUID=…` are libguestfs's ways to name it; without, it is where our builder attaches it.
fn wanted(command_line: &str) -> Wanted {
    let root = command_line.split_ascii_whitespace().find_map(|word| word.strip_prefix("root="));
    match root.map(|root| (root.strip_prefix("UUID="), root.strip_prefix("/dev/"))) {
        Some((Some(uuid), _)) => Wanted::Uuid(uuid.to_ascii_lowercase()),
        Some((None, Some(name))) => Wanted::Name(name.to_owned()),
        _ => Wanted::Name(OWN.to_owned()),
    }
}

fn find(wanted: &Wanted) -> Option<String> {
    match wanted {
        // It may be there and not answer yet.
        Wanted::Name(name) => fs::File::open(format!("/dev/{name}")).is_ok().then(|| name.clone()),
        Wanted::Uuid(uuid) => fs::read_dir("/sys/block")
            .ok()?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .find(|name| uuid_of(&Path::new("/dev").join(name)).is_some_and(|found| found == *uuid)),
    }
}

fn uuid_of(device: &Path) -> Option<String> {
    let file = crate::kernel_file::KernelFile::new(fs::File::open(device).ok()?).ok()?;
    let found = glassbox_filesystems::detect::detect(&file).ok()??;
    Some(found.uuid.to_string().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_names_the_root_disk() {
        assert_eq!(wanted("panic=1 console=ttyS0"), Wanted::Name("vda".into()));
        assert_eq!(wanted("root=/dev/sdb selinux=0"), Wanted::Name("sdb".into()));
        assert_eq!(wanted("x root=UUID=AB-1"), Wanted::Uuid("ab-1".into()));
    }
}

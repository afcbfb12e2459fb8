//! A guest's filesystems, mounted as the guest mounts them.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::{Inspection, Mounting};
use glassbox_engine::Handle;
use glassbox_io::Error;

/// What of a guest was mounted, and what couldn't be.
pub struct Mounted {
    /// The name of the operating system; empty if it isn't known.
    pub product_name: BString,
    /// Mount points and devices, in the order of mounting.
    pub mounts: Vec<(BString, BString)>,
    /// Mount points and devices that failed, and why.
    pub failed: Vec<(BString, BString, Error)>,
}

/// The options of a mount of which nothing else is said.
pub fn mount_options(read_only: bool) -> &'static BStr {
    BStr::new(if read_only { "ro" } else { "" })
}

/// Mounts the filesystems of the guest that has its root on `root`. Only a root that can't be mounted is an error: a
/// guest may name filesystems that aren't on its disks.
pub fn mount(handle: &mut Handle, root: &BStr, read_only: bool) -> Result<Mounted, Error> {
    let mut mountpoints = handle.inspect_get_mountpoints(root)?;
    // A mount point must be there before what is mounted below it.
    mountpoints.sort_by_key(|(directory, _)| directory.len());
    let product_name = handle.inspect_get_product_name(root).unwrap_or_default();
    let mut mounted = Mounted { product_name, mounts: Vec::new(), failed: Vec::new() };
    if mounted.product_name == "unknown" {
        mounted.product_name.clear();
    }
    for (directory, device) in mountpoints {
        match handle.mount_options(mount_options(read_only), device.as_bstr(), directory.as_bstr()) {
            Ok(()) => mounted.mounts.push((directory, device)),
            Err(error) if directory == "/" => return Err(error),
            Err(error) => mounted.failed.push((directory, device, error)),
        }
    }
    Ok(mounted)
}

impl Mounted {
    /// Warns of what couldn't be mounted.
    pub fn warn(&self, program: &str) {
        for (directory, device, error) in &self.failed {
            eprintln!("{program}: {device} could not be mounted on {directory}: {error} (ignored)");
        }
    }

    /// What guestfish shows of it when a person is typing.
    pub fn summary(&self) -> Vec<u8> {
        let mut text = Vec::new();
        if !self.product_name.is_empty() {
            text.extend_from_slice(b"Operating system: ");
            text.extend_from_slice(&self.product_name);
            text.push(b'\n');
        }
        for (directory, device) in &self.mounts {
            text.extend_from_slice(device);
            text.extend_from_slice(b" mounted on ");
            text.extend_from_slice(directory);
            text.push(b'\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_guestfishs() {
        let mounts = vec![("/".into(), "/dev/sda1".into()), ("/boot".into(), "/dev/vg/boot".into())];
        let mut mounted = Mounted { product_name: "Debian 12".into(), mounts, failed: Vec::new() };
        let expected = "Operating system: Debian 12\n/dev/sda1 mounted on /\n/dev/vg/boot mounted on /boot\n";
        assert_eq!(mounted.summary().as_bstr(), expected);
        mounted.product_name.clear();
        assert_eq!(mounted.summary().as_bstr(), &expected[28..]);
    }
}

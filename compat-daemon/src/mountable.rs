//! What can be mounted, by its name in the API.

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Errno, Error, Result};

use crate::daemon::device;
use crate::disk_names;

/// What precedes `device/subvolume` in the name of a btrfs subvolume.
const SUBVOLUME: &[u8] = b"btrfsvol:";

/// What can be mounted: a block device, or a subvolume on it.
pub struct Mountable {
    /// The device's name.
    pub device: BString,
    /// The subvolume's path.
    pub subvolume: Option<BString>,
}

impl Mountable {
    /// What a name is of: a device, or a subvolume with its device before it.
    pub fn parse(name: &BStr) -> Result<Self> {
        let Some(rest) = name.strip_prefix(SUBVOLUME) else {
            return Ok(Mountable { device: device(name)?, subvolume: None });
        };
        // The device's name ends where the first device that is there does: /dev/vg/lv has a slash more.
        let found = rest.find_iter("/").find_map(|end| Some((device(rest[..end].as_bstr()).ok()?, end)));
        let (device, end) = found.ok_or_else(|| Error::os(Errno::ENOENT).at_path(name))?;
        Ok(Mountable { device, subvolume: Some(rest[end + 1..].into()) })
    }

    /// The device of a subvolume, as callers call it; `None` if this is a device.
    pub fn device_of_subvolume(name: &BStr) -> Result<Option<BString>> {
        match name.starts_with(SUBVOLUME) {
            true => Ok(Some(disk_names::callers_name(Mountable::parse(name)?.device.as_ref()))),
            false => Ok(None),
        }
    }

    /// The name of a subvolume on a device.
    pub fn subvolume(device: &BStr, path: &BStr) -> BString {
        [SUBVOLUME, device, b"/", path].concat().into()
    }
}

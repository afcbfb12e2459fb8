//! The group `mount`: the parts of a mountable's name.

use bstr::{BStr, BString};
use glassbox_api::Mounting;
use glassbox_io::{Errno, Error, Result};

use super::Library;

/// `im_type` of a btrfs subvolume.
const SUBVOLUME: i32 = 1;

impl Mounting for Library<'_> {
    fn mountable_device(&mut self, mountable: &BStr) -> Result<BString> {
        Ok(self.0.internal_parse_mountable(mountable)?.im_device)
    }

    fn mountable_subvolume(&mut self, mountable: &BStr) -> Result<BString> {
        let parsed = self.0.internal_parse_mountable(mountable)?;
        match parsed.im_type {
            SUBVOLUME => Ok(parsed.im_volume),
            _ => Err(Error::os_with(Errno::EINVAL, "not a btrfs subvolume identifier")),
        }
    }
}

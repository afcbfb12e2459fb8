//! The group `luks`: what an encrypted device tells without its key.

use bstr::{BStr, BString};
use glassbox_api::{FilesystemDetect, Luks};
use glassbox_io::{Error, Result};

use super::InProcess;

/// The type that detection gives such a device.
const LUKS: &str = "crypto_LUKS";

impl Luks for InProcess {
    fn luks_uuid(&mut self, device: &BStr) -> Result<BString> {
        match self.vfs_type(device)? == LUKS {
            true => self.vfs_uuid(device),
            false => Err(Error::usage("not a LUKS device").at_path(device)),
        }
    }
}

//! The group `debug`.

use bstr::BString;
use glassbox_api::Debugging;
use glassbox_io::Result;

use super::Library;

impl Debugging for Library<'_> {
    fn debug_drives(&mut self) -> Result<Vec<BString>> {
        Ok(self.0.session.drives.iter().map(|drive| drive.describe()).collect())
    }
}

//! The group `inspection`: what the library makes of the facts that the daemon's side found.

mod icon;
mod osinfo;

use bstr::{BStr, BString};
use glassbox_api::Inspection;
use glassbox_api::options::InspectGetIconOpts;
use glassbox_io::Result;

use super::Library;

impl Inspection for Library<'_> {
    fn inspect_get_osinfo(&mut self, root: &BStr) -> Result<BString> {
        osinfo::short_id(self.0, root)
    }

    fn inspect_get_icon(&mut self, root: &BStr, opts: InspectGetIconOpts) -> Result<Vec<u8>> {
        icon::icon(self.0, root, &opts)
    }
}

//! The group `inspection`: what the library makes of the facts that the daemon's side found.

mod applications;
mod icon;
mod osinfo;

use bstr::{BStr, BString};
use glassbox_api::Inspection;
use glassbox_api::options::InspectGetIconOpts;
use glassbox_api::structs::{Application, Application2};
use glassbox_io::Result;

use super::Library;

impl Inspection for Library<'_> {
    fn inspect_get_osinfo(&mut self, root: &BStr) -> Result<BString> {
        osinfo::short_id(self.0, root)
    }

    fn inspect_get_icon(&mut self, root: &BStr, opts: InspectGetIconOpts) -> Result<Vec<u8>> {
        icon::icon(self.0, root, &opts)
    }

    fn inspect_list_applications2(&mut self, root: &BStr) -> Result<Vec<Application2>> {
        applications::list(self.0, root)
    }

    fn inspect_list_applications(&mut self, root: &BStr) -> Result<Vec<Application>> {
        let applications = self.0.inspect_list_applications2(root)?;
        Ok(applications.into_iter().map(applications::without_architecture).collect())
    }
}

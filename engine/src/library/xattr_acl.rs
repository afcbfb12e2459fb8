//! The group `xattr-acl`.

use bstr::BStr;
use glassbox_api::XattrAcl;
use glassbox_api::structs::Xattr;
use glassbox_io::Result;

use super::Library;
use super::files_read::BATCH;

impl XattrAcl for Library<'_> {
    fn lxattrlist(&mut self, path: &BStr, names: &[&BStr]) -> Result<Vec<Xattr>> {
        let mut all = Vec::with_capacity(names.len());
        for batch in names.chunks(BATCH) {
            all.extend(self.0.internal_lxattrlist(path, batch)?);
        }
        Ok(all)
    }
}

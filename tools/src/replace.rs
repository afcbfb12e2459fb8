//! New contents for a file of the guest that stays the file it was.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Read;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::options::CopyAttributesOpts;
use glassbox_api::{FilesRead, FilesWrite};
use glassbox_engine::Handle;
use glassbox_io::Result;

/// Puts new contents in the place of the file at `path`, or of the one that a link there leads to, with its owner, permissions and
/// extended attributes (among them the SELinux label). If that fails, the old file stays. With `backup`, it stays in any
/// case, with this behind its name.
pub fn replace(handle: &mut Handle, path: &BStr, contents: &mut dyn Read, backup: Option<&BStr>) -> Result<()> {
    let path = handle.realpath(path)?;
    let new = beside(&path);
    let result = put(handle, path.as_bstr(), new.as_bstr(), contents, backup);
    if result.is_err() {
        // The first error is what counts.
        let _ = handle.rm_f(new.as_bstr());
    }
    result
}

fn put(handle: &mut Handle, path: &BStr, new: &BStr, contents: &mut dyn Read, backup: Option<&BStr>) -> Result<()> {
    handle.upload(contents, new)?;
    handle.copy_attributes(path, new, CopyAttributesOpts { all: Some(true), ..CopyAttributesOpts::default() })?;
    if let Some(extension) = backup {
        handle.mv(path, bstr::concat([path, extension]).as_bstr())?;
    }
    handle.mv(new, path)
}

/// A name that nobody else has, in the same directory.
fn beside(path: &BString) -> BString {
    let directory = path.rfind_byte(b'/').map_or(path.as_slice(), |slash| &path[..slash]);
    let random = RandomState::new().build_hasher().finish();
    bstr::concat([directory, format!("/.{random:016x}").as_bytes()]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_file_lies_beside_the_old() {
        let new = beside(&"/etc/motd".into());
        assert!(new.starts_with(b"/etc/.") && new.len() == "/etc/.".len() + 16, "{new}");
        assert_ne!(new, beside(&"/etc/motd".into()));
        assert!(beside(&"/motd".into()).starts_with(b"/."));
    }
}

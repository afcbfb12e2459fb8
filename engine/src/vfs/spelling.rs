//! Names found in any case, as Windows finds them.

use std::ops::ControlFlow;

use bstr::{BStr, BString, ByteSlice};
use glassbox_filesystems::FileType;
use glassbox_io::{Errno, Error, Result};

use super::{Follow, Vfs};

impl Vfs {
    /// `path` as the directories spell it. The last name need not exist; `ENOENT` if another doesn't.
    pub fn spelled(&self, path: &BStr) -> Result<BString> {
        let mut found = BString::from("/");
        let mut names = path.split_str("/").filter(|name| !name.is_empty()).map(ByteSlice::as_bstr).peekable();
        while let Some(name) = names.next() {
            let spelled = self.spelled_in(found.as_ref(), name)?;
            if spelled.is_none() && names.peek().is_some() {
                return Err(Error::os_with(Errno::ENOENT, "not found").at_path(name));
            }
            if !found.ends_with(b"/") {
                found.push(b'/');
            }
            // A name that is to be made may be new; its directory may not.
            found.extend_from_slice(&spelled.unwrap_or_else(|| name.to_owned()));
        }
        Ok(found)
    }

    /// `name` as the directory spells it: a filesystem may find a name in any case.
    fn spelled_in(&self, directory: &BStr, name: &BStr) -> Result<Option<BString>> {
        let directory_found = self.resolve(directory, Follow::Always)?;
        if directory_found.file_type()? != FileType::Directory {
            return Err(Error::os(Errno::ENOTDIR).at_path(directory));
        }
        let mut spelled = None;
        directory_found.filesystem.read_dir(directory_found.node, &mut |entry| {
            if entry.name == name {
                spelled = Some(name.to_owned());
                return ControlFlow::Break(());
            }
            if spelled.is_none() && same_but_for_case(entry.name, name) {
                spelled = Some(entry.name.to_owned());
            }
            ControlFlow::Continue(())
        })?;
        Ok(spelled)
    }
}

/// Compares names as Windows does, as far as Unicode's simple case folding goes.
fn same_but_for_case(one: &BStr, two: &BStr) -> bool {
    match (one.to_str(), two.to_str()) {
        (Ok(one), Ok(two)) => one.chars().flat_map(char::to_lowercase).eq(two.chars().flat_map(char::to_lowercase)),
        _ => one.eq_ignore_ascii_case(two),
    }
}

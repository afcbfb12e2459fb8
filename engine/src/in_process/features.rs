//! The group `features`: what can be asked.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::{Features, table};
use glassbox_io::{Error, Result};

use super::InProcess;

/// Optional groups of which the questions, as opposed to the changes, are answered by reading the image.
const READ_HERE: [&str; 9] = ["acl", "gdisk", "hivex", "journal", "linuxcaps", "linuxxattrs", "lvm2", "realpath", "xz"];
/// Filesystems whose files are read, by the names that mount(8) has for them.
const FILESYSTEMS: [&str; 7] = ["ext2", "ext3", "ext4", "vfat", "msdos", "ntfs", "ntfs3"];

/// The answers of `internal_feature_available`.
const AVAILABLE: i32 = 0;
const NOT_AVAILABLE: i32 = 1;
const UNKNOWN: i32 = 2;

impl Features for InProcess {
    fn internal_feature_available(&mut self, group: &BStr) -> Result<i32> {
        let known = table::OPTIONAL_GROUPS.iter().find(|known| group == known.name);
        Ok(match known {
            None => UNKNOWN,
            Some(known) if READ_HERE.contains(&known.name) => AVAILABLE,
            // It is the appliance that can or can't.
            Some(known) if self.has_appliance => return Err(Error::unsupported(format!("the feature {}", known.name))),
            Some(_) => NOT_AVAILABLE,
        })
    }

    fn available_all_groups(&mut self) -> Result<Vec<BString>> {
        Ok(table::OPTIONAL_GROUPS.iter().map(|group| group.name.into()).collect())
    }

    fn filesystem_available(&mut self, filesystem: &BStr) -> Result<bool> {
        let is_read_here = FILESYSTEMS.iter().any(|known| filesystem.as_bytes() == known.as_bytes());
        match !is_read_here && self.has_appliance {
            true => Err(Error::unsupported(format!("filesystems of the type {filesystem}"))),
            false => Ok(is_read_here),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_the_appliance_is_asked_of_it_if_there_can_be_one() {
        let mut engine = InProcess::open(&[]).unwrap();
        engine.has_appliance = false;
        let mut answer = |group: &str| engine.internal_feature_available(group.into()).unwrap();
        assert_eq!([answer("realpath"), answer("augeas"), answer("no such")], [AVAILABLE, NOT_AVAILABLE, UNKNOWN]);
        engine.has_appliance = true;
        assert_eq!(engine.internal_feature_available("realpath".into()).unwrap(), AVAILABLE);
        assert!(engine.internal_feature_available("augeas".into()).unwrap_err().is_unsupported());
    }
}

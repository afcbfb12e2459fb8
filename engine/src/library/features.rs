//! The group `features`: what can be asked, and which version this is.

use bstr::{BStr, BString};
use glassbox_api::Features;
use glassbox_api::structs::Version;
use glassbox_io::{Errno, Error, Result};

use super::Library;
use crate::handle::Handle;

/// The version of libguestfs whose calls these are.
const UPSTREAM: (i64, i64, i64) = (1, 61, 1);

impl Library<'_> {
    /// Whether `group` is available; an error if there is no such group.
    fn is_available(&mut self, group: &BStr) -> Result<bool> {
        match self.0.internal_feature_available(group)? {
            0 => Ok(true),
            1 => Ok(false),
            _ => Err(Error::usage(format!("{group}: unknown group"))),
        }
    }
}

impl Features for Library<'_> {
    fn available(&mut self, groups: &[&BStr]) -> Result<()> {
        for group in groups {
            if !self.is_available(group)? {
                return Err(Error::os_with(Errno::EOPNOTSUPP, format!("{group}: group not available")));
            }
        }
        Ok(())
    }

    fn feature_available(&mut self, groups: &[&BStr]) -> Result<bool> {
        for group in groups {
            if !self.is_available(group)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn version(&mut self) -> Result<Version> {
        let (major, minor, release) = UPSTREAM;
        let extra = BString::from(format!("glassbox={}", env!("CARGO_PKG_VERSION")));
        Ok(Version { major, minor, release, extra })
    }

    fn c_pointer(&mut self) -> Result<i64> {
        Ok(self.0.c_address.unwrap_or_else(|| std::ptr::from_ref::<Handle>(self.0).addr()) as i64)
    }
}

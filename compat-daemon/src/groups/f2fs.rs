//! The group `f2fs`.

use bstr::BStr;
use glassbox_api::F2fs;
use glassbox_io::Result;

use crate::Daemon;
use crate::daemon::device;
use crate::tool::Tool;

impl F2fs for Daemon {
    fn f2fs_expand(&mut self, name: &BStr) -> Result<()> {
        Tool::new("resize.f2fs").arg(device(name)?).done()
    }
}

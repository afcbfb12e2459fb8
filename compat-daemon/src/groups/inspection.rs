//! The group `inspection`: what the kernel has to do before the engine looks.

use bstr::BString;
use glassbox_api::{Inspection, Mounting, unsupported_call};
use glassbox_io::Result;

use crate::Daemon;

impl Inspection for Daemon {
    /// The engine reads the devices; what is written to mounted filesystems isn't all there, so they are unmounted first.
    fn inspect_os(&mut self) -> Result<Vec<BString>> {
        self.umount_all()?;
        self.view.forget();
        Err(unsupported_call("inspect_os"))
    }
}

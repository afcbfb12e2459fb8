//! The group `files-read`: what only the kernel knows. The engine reads the files.

use glassbox_api::FilesRead;
use glassbox_io::{Error, Result};
use rustix::fs::Mode;

use crate::Daemon;

impl FilesRead for Daemon {
    fn umask(&mut self, mask: i32) -> Result<i32> {
        let mask = u32::try_from(mask).ok().filter(|mask| *mask <= 0o777);
        let mask = mask.ok_or_else(|| Error::usage("a mask has permission bits only: 0 to 0777"))?;
        Ok(rustix::process::umask(Mode::from_raw_mode(mask)).as_raw_mode() as i32)
    }

    fn get_umask(&mut self) -> Result<i32> {
        // It can only be asked for by setting it; nothing else makes files meanwhile.
        let mask = rustix::process::umask(Mode::empty());
        rustix::process::umask(mask);
        Ok(mask.as_raw_mode() as i32)
    }
}

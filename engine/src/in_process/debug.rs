//! The group `debug`: calls that test the way to the daemon's side.

use std::time::Duration;

use bstr::{BStr, BString};
use glassbox_api::Debugging;
use glassbox_io::{Error, Result};

use super::InProcess;

impl Debugging for InProcess {
    fn ping_daemon(&mut self) -> Result<()> {
        Ok(())
    }

    fn echo_daemon(&mut self, words: &[&BStr]) -> Result<BString> {
        Ok(bstr::join(" ", words).into())
    }

    fn sleep(&mut self, secs: i32) -> Result<()> {
        let seconds = u64::try_from(secs).map_err(|_| Error::usage(format!("{secs}: negative time")))?;
        std::thread::sleep(Duration::from_secs(seconds));
        Ok(())
    }
}

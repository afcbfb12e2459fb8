//! What the caller has set up, and what an appliance is told when it must take over: settings and drives.

use std::path::PathBuf;

use crate::drive::Drive;
use crate::settings::Settings;

/// Settings and drives of a handle.
#[derive(Debug, Default)]
pub struct Session {
    /// The handle's properties.
    pub settings: Settings,
    /// The drives in the order in which they were added: `/dev/sda` first.
    pub drives: Vec<Drive>,
    /// More qemu parameters from the call `config`.
    pub hv_params: Vec<(bstr::BString, Option<bstr::BString>)>,
    /// Directory of scratch drives, made when the first is; removed with the handle.
    pub scratch: Option<PathBuf>,
    /// What the tests of language bindings print to, instead of standard output.
    pub test_output: Option<std::fs::File>,
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(directory) = &self.scratch {
            // Nobody is left to tell if it fails.
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

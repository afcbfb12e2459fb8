//! The group `selinux`: a guest's files labelled. The appliance's own kernel runs without SELinux.

use bstr::{BStr, BString};
use glassbox_api::Selinux;
use glassbox_api::options::{SelinuxRelabelOpts, SetfilesOpts};
use glassbox_io::{Error, Result};

use crate::Daemon;
use crate::sysroot::{self, SYSROOT};
use crate::tool::Tool;

/// Filesystems of the kernel, which a guest that isn't running has no files in.
const NOT_LABELLED: [&str; 4] = ["/dev", "/proc", "/selinux", "/sys"];

fn no_selinux() -> Error {
    Error::unsupported("the appliance's kernel runs without SELinux")
}

impl Selinux for Daemon {
    fn getcon(&mut self) -> Result<BString> {
        Err(no_selinux())
    }

    fn setcon(&mut self, _: &BStr) -> Result<()> {
        Err(no_selinux())
    }

    fn selinux_relabel(&mut self, specfile: &BStr, path: &BStr, opts: SelinuxRelabelOpts) -> Result<()> {
        self.setfiles(specfile, &[path], SetfilesOpts { force: opts.force, ..SetfilesOpts::default() })
    }

    fn setfiles(&mut self, specfile: &BStr, paths: &[&BStr], opts: SetfilesOpts<'_>) -> Result<()> {
        let mut setfiles = Tool::new("setfiles").flag(opts.force, "-F");
        let excluded = opts.excludes.unwrap_or_default();
        let excluded = NOT_LABELLED.into_iter().map(BStr::new).chain(excluded.iter().copied());
        for path in excluded {
            // What isn't there needn't be left out, and setfiles refuses to.
            if let Ok(place) = sysroot::appliance_path(path) {
                setfiles = setfiles.arg("-e").arg(place);
            }
        }
        // The specification tells of paths in the guest.
        setfiles = setfiles.args(["-r", SYSROOT]).arg(sysroot::appliance_path(specfile)?);
        for path in paths {
            setfiles = setfiles.arg(sysroot::appliance_path(path)?);
        }
        setfiles.done()
    }
}

//! The group `rsync`: trees made alike.

use bstr::{BStr, BString};
use glassbox_api::Rsyncing;
use glassbox_api::options::{RsyncInOpts, RsyncOpts, RsyncOutOpts};
use glassbox_io::Result;

use crate::Daemon;
use crate::sysroot;
use crate::tool::Tool;

/// Where a directory is in the appliance; a slash at its end, which tells rsync to take what is in it, stays.
fn place(path: &BStr) -> Result<BString> {
    let mut place = sysroot::appliance_path(path)?;
    if path.ends_with(b"/") {
        place.push(b'/');
    }
    Ok(place)
}

/// The same of one that may not be there yet.
fn destination(path: &BStr) -> Result<BString> {
    place(path).or_else(|_| sysroot::appliance_path_of_new(path))
}

fn run(archive: Option<bool>, delete: Option<bool>, from: &BStr, to: &BStr) -> Result<()> {
    Tool::new("rsync").flag(archive, "--archive").flag(delete, "--delete").arg("--").arg(from).arg(to).done()
}

impl Rsyncing for Daemon {
    fn rsync(&mut self, src: &BStr, dest: &BStr, opts: RsyncOpts) -> Result<()> {
        run(opts.archive, opts.deletedest, place(src)?.as_ref(), destination(dest)?.as_ref())
    }

    fn rsync_in(&mut self, remote: &BStr, dest: &BStr, opts: RsyncInOpts) -> Result<()> {
        run(opts.archive, opts.deletedest, remote, destination(dest)?.as_ref())
    }

    fn rsync_out(&mut self, src: &BStr, remote: &BStr, opts: RsyncOutOpts) -> Result<()> {
        run(opts.archive, opts.deletedest, place(src)?.as_ref(), remote)
    }
}

//! The group `xfs`: what is peculiar to XFS, done by xfsprogs.

use bstr::{BStr, BString};
use glassbox_api::Xfs;
use glassbox_api::options::{XfsAdminOpts, XfsGrowfsOpts, XfsRepairOpts};
use glassbox_api::structs::XfsInfo;
use glassbox_io::Result;

use crate::Daemon;
use crate::daemon::device;
use crate::tool::Tool;
use crate::xfs_geometry::Geometry;
use crate::{labels, sysroot};

/// What a call takes that is for a device or a mount point: where it is in the appliance.
fn place(device_or_path: &BStr) -> Result<BString> {
    match device_or_path.starts_with(b"/dev/") {
        true => device(device_or_path),
        false => sysroot::appliance_path(device_or_path),
    }
}

/// The geometry of a filesystem.
pub fn geometry(device_or_path: &BStr) -> Result<Geometry> {
    Ok(Geometry::parse(&Tool::new("xfs_info").arg(place(device_or_path)?).run()?))
}

impl Xfs for Daemon {
    fn xfs_admin(&mut self, name: &BStr, opts: XfsAdminOpts<'_>) -> Result<()> {
        opts.label.map_or(Ok(()), |label| labels::XFS.check(label))?;
        Tool::new("xfs_admin")
            .flag(opts.extunwritten, "-e")
            .flag(opts.imgfile, "-f")
            .flag(opts.v2log, "-j")
            .flag(opts.projid32bit, "-p")
            .number("-c", opts.lazycounter)
            .text("-L", opts.label)
            .text("-U", opts.uuid)
            .arg(device(name)?)
            .done()
    }

    fn xfs_growfs(&mut self, path: &BStr, opts: XfsGrowfsOpts) -> Result<()> {
        Tool::new("xfs_growfs")
            .flag(opts.datasec, "-d")
            .flag(opts.logsec, "-l")
            .flag(opts.rtsec, "-r")
            .number("-D", opts.datasize)
            .number("-L", opts.logsize)
            .number("-R", opts.rtsize)
            .number("-e", opts.rtextsize)
            .number("-m", opts.maxpct)
            .arg(sysroot::appliance_path(path)?)
            .done()
    }

    fn xfs_info(&mut self, pathordevice: &BStr) -> Result<XfsInfo> {
        Ok(geometry(pathordevice)?.info())
    }

    fn xfs_info2(&mut self, pathordevice: &BStr) -> Result<Vec<(BString, BString)>> {
        Ok(geometry(pathordevice)?.into_pairs())
    }

    fn xfs_repair(&mut self, name: &BStr, opts: XfsRepairOpts<'_>) -> Result<i32> {
        let outcome = Tool::new("xfs_repair")
            .flag(opts.forcelogzero, "-L")
            .flag(opts.nomodify, "-n")
            .flag(opts.noprefetch, "-P")
            .flag(opts.forcegeometry, "-oforce_geometry")
            .number("-m", opts.maxmem)
            .args(opts.ihashsize.map(|size| format!("-oihash={size}")))
            .args(opts.bhashsize.map(|size| format!("-obhash={size}")))
            .args(opts.agstride.map(|stride| format!("-oag_stride={stride}")))
            .text("-l", opts.logdev)
            .text("-r", opts.rtdev)
            .arg(place(name)?)
            .outcome()?;
        match outcome.status.code() {
            // Nothing was wrong, or something was.
            Some(code @ 0..=1) => Ok(code),
            // The log is dirty: it wants to be mounted first.
            _ => Err(outcome.failure("xfs_repair")),
        }
    }
}

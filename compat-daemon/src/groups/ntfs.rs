//! The group `ntfs`: what is peculiar to NTFS, done by ntfs-3g's tools.

use std::io::{Read, Write};

use bstr::BStr;
use glassbox_api::Ntfs;
use glassbox_api::options::{NtfsChmodOpts, NtfscloneOutOpts, NtfsfixOpts, NtfsresizeOpts};
use glassbox_io::{Error, Result};

use crate::Daemon;
use crate::daemon::device;
use crate::tool::Tool;

impl Ntfs for Daemon {
    fn ntfs_3g_probe(&mut self, rw: bool, name: &BStr) -> Result<i32> {
        let outcome = Tool::new("ntfs-3g.probe").arg(if rw { "-w" } else { "-r" }).arg(device(name)?).outcome()?;
        outcome.status.code().ok_or_else(|| outcome.failure("ntfs-3g.probe"))
    }

    fn ntfs_chmod(&mut self, name: &BStr, mode: i32, path: &BStr, opts: NtfsChmodOpts) -> Result<()> {
        let mode = u32::try_from(mode).ok().filter(|mode| mode & !0o7777 == 0);
        let mode = mode.ok_or_else(|| Error::usage("mode must be between 0 and 07777"))?;
        let tool = Tool::new("ntfssecaudit").flag(opts.recursive, "-r").arg(device(name)?);
        tool.arg(format!("{mode:o}")).arg(path).done()
    }

    fn ntfscat_i(&mut self, name: &BStr, inode: i64, filename: &mut dyn Write) -> Result<()> {
        if inode < 0 {
            return Err(Error::usage("inode must be >= 0"));
        }
        Tool::new("ntfscat").number("-i", Some(inode)).arg(device(name)?).write_to(filename, &mut self.job())
    }

    fn ntfsclone_in(&mut self, backupfile: &mut dyn Read, name: &BStr) -> Result<()> {
        let tool = Tool::new("ntfsclone").arg("-O").arg(device(name)?).args(["--restore-image", "-"]);
        tool.read_from(backupfile, &mut self.job())
    }

    fn ntfsclone_out(&mut self, name: &BStr, backupfile: &mut dyn Write, opts: NtfscloneOutOpts) -> Result<()> {
        Tool::new("ntfsclone")
            .args(["-o", "-", "--save-image"])
            .flag(opts.metadataonly, "--metadata")
            .flag(opts.rescue, "--rescue")
            .flag(opts.ignorefscheck, "--ignore-fs-check")
            .flag(opts.preservetimestamps, "--preserve-timestamps")
            .flag(opts.force, "--force")
            .arg(device(name)?)
            .write_to(backupfile, &mut self.job())
    }

    fn ntfsfix(&mut self, name: &BStr, opts: NtfsfixOpts) -> Result<()> {
        Tool::new("ntfsfix").flag(opts.clearbadsectors, "-b").arg(device(name)?).done()
    }

    fn ntfsresize(&mut self, name: &BStr, opts: NtfsresizeOpts) -> Result<()> {
        if opts.size.is_some_and(|size| size <= 0) {
            return Err(Error::usage("size is zero or negative"));
        }
        let tool = Tool::new("ntfsresize").arg("-P").number("--size", opts.size).flag(opts.force, "--force");
        // It asks once whether it shall really.
        tool.arg(device(name)?).input("y\n").done()
    }

    fn ntfsresize_size(&mut self, device: &BStr, size: i64) -> Result<()> {
        self.ntfsresize(device, NtfsresizeOpts { size: Some(size), force: None })
    }
}

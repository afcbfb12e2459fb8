//! The group `filesystem-create-check`: filesystems are made, checked and erased.

use std::fs::{self, File};
use std::io::Write;

use bstr::BStr;
use glassbox_api::FilesystemCreateCheck;
use glassbox_api::options::{FstrimOpts, MkfsOpts, MksquashfsOpts};
use glassbox_io::{Errno, Error, ReadAt, Result, ResultExt};
use rustix::fs::{Mode, OFlags};

use super::blockdev;
use super::zero::{self, EVERYTHING};
use crate::Daemon;
use crate::daemon::device;
use crate::kernel_file::KernelFile;
use crate::kernel_tree::os;
use crate::mkfs::mkfs;
use crate::scratch::Scratch;
use crate::tool::Tool;
use crate::{ioctl, sysroot};

/// What `zero` erases: all signatures stand there but for copies, btrfs's at 64 KiB last of all.
const BEGINNING: u64 = 128 << 10;

/// Erases what tells which filesystem or volume a device holds; what can't be erased is left to whoever writes next.
pub fn wipe_signatures(device: &BStr) -> Result<()> {
    Tool::new("wipefs").args(["-a", "--force"]).arg(device).outcome().map(drop)
}

fn not_negative(name: &str, value: Option<i64>) -> Result<Option<u64>> {
    value.map(u64::try_from).transpose().map_err(|_| Error::usage(format!("{name} < 0")))
}

impl FilesystemCreateCheck for Daemon {
    fn mkfs(&mut self, fstype: &BStr, name: &BStr, opts: MkfsOpts<'_>) -> Result<()> {
        let device = device(name)?;
        let tool = mkfs(fstype, device.as_ref(), &opts)?;
        wipe_signatures(device.as_ref())?;
        tool.done()
    }

    fn mkfs_b(&mut self, fstype: &BStr, blocksize: i32, device: &BStr) -> Result<()> {
        self.mkfs(fstype, device, MkfsOpts { blocksize: Some(blocksize), ..MkfsOpts::default() })
    }

    fn fsck(&mut self, fstype: &BStr, name: &BStr) -> Result<i32> {
        let outcome = Tool::new("fsck").args(["-a", "-t"]).arg(fstype).arg(device(name)?).outcome()?;
        outcome.status.code().ok_or_else(|| outcome.failure("fsck"))
    }

    fn fstrim(&mut self, mountpoint: &BStr, opts: FstrimOpts) -> Result<()> {
        let directory = sysroot::open(mountpoint, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?;
        let start = not_negative("offset", opts.offset)?.unwrap_or(0);
        let length = match not_negative("length", opts.length)? {
            Some(0) => return Err(Error::usage("length <= 0")),
            length => length.unwrap_or(u64::MAX),
        };
        let minimum = match not_negative("minimumfreeextent", opts.minimumfreeextent)? {
            Some(0) => return Err(Error::usage("minimumfreeextent <= 0")),
            minimum => minimum.unwrap_or(0),
        };
        match ioctl::trim(directory, start, length, minimum) {
            Ok(_) => Ok(()),
            // What a filesystem without the call says.
            Err(rustix::io::Errno::NOTTY) => Err(Error::os(Errno::EOPNOTSUPP).at_path(mountpoint)),
            Err(errno) => Err(os(errno).at_path(mountpoint)),
        }
    }

    fn mksquashfs(&mut self, path: &BStr, filename: &mut dyn Write, opts: MksquashfsOpts<'_>) -> Result<()> {
        let folder = Scratch::folder("squashfs")?;
        let (target, list) = (folder.file("image"), folder.file("excludes"));
        let mut tool =
            Tool::new("mksquashfs").arg(sysroot::appliance_path(path)?).arg(target.as_os_str().as_encoded_bytes());
        tool = tool.args(["-noappend", "-no-recovery", "-no-progress", "-wildcards"]).text("-comp", opts.compress);
        if let Some(excludes) = opts.excludes {
            fs::write(&list, bstr::join("\n", excludes.iter()))?;
            tool = tool.arg("-ef").arg(list.as_os_str().as_encoded_bytes());
        }
        tool.done()?;
        let image = KernelFile::new(File::open(&target)?)?;
        self.job().copy(&image, 0..image.len(), filename).map(drop)
    }

    fn scrub_device(&mut self, name: &BStr) -> Result<()> {
        Tool::new("scrub").arg(device(name)?).done()
    }

    fn scrub_file(&mut self, file: &BStr) -> Result<()> {
        Tool::new("scrub").arg("-r").arg(sysroot::appliance_path(file)?).done()
    }

    fn scrub_freespace(&mut self, dir: &BStr) -> Result<()> {
        Tool::new("scrub").arg("-X").arg(sysroot::appliance_path_of_new(dir)?).done()
    }

    fn wipefs(&mut self, name: &BStr) -> Result<()> {
        Tool::new("wipefs").args(["-a", "--force"]).arg(device(name)?).done()
    }

    fn zero(&mut self, device: &BStr) -> Result<()> {
        zero::erase(&blockdev::open_to_write(device)?, BEGINNING, &mut self.job()).at_path(device)
    }

    fn zero_device(&mut self, device: &BStr) -> Result<()> {
        zero::erase(&blockdev::open_to_write(device)?, EVERYTHING, &mut self.job()).at_path(device)
    }

    fn zero_free_space(&mut self, directory: &BStr) -> Result<()> {
        zero::fill(sysroot::open(directory, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?, &mut self.job())
            .at_path(directory)
    }

    fn zerofree(&mut self, name: &BStr) -> Result<()> {
        Tool::new("zerofree").arg(device(name)?).done()
    }
}

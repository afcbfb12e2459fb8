//! The group `ext`: what is peculiar to ext2, ext3 and ext4, done by e2fsprogs.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::Ext;
use glassbox_api::options::{E2fsckOpts, Mke2fsOpts, SetE2attrsOpts, Tune2fsOpts};
use glassbox_io::{Error, Result};

use super::filesystem_create_check::wipe_signatures;
use crate::daemon::device;
use crate::mke2fs::mke2fs;
use crate::tool::Tool;
use crate::{Daemon, labels, mounts, sysroot};

/// What e2fsck(8) ends with if the filesystem is well now: nothing to correct, or corrected.
const WELL: [i32; 2] = [0, 1];

/// The smallest block of an ext filesystem, in bytes, and so the unit of sizes that resize2fs(8) calls K.
const SMALLEST_BLOCK: u64 = 1024;

/// Checks a filesystem, even if it says that it is clean.
fn e2fsck(device: &BStr, answer: Option<&str>) -> Result<()> {
    let outcome = Tool::new("e2fsck").arg("-f").args(answer).arg(device).outcome()?;
    match outcome.status.code() {
        Some(code) if WELL.contains(&code) => Ok(()),
        _ => Err(outcome.failure("e2fsck")),
    }
}

/// resize2fs insists on a check of what isn't mounted.
fn resize2fs(name: &BStr, options: &[&str], size: Option<String>) -> Result<()> {
    let device = device(name)?;
    if mounts::of_device(device.as_ref())?.is_none() {
        e2fsck(device.as_ref(), Some("-y"))?;
    }
    Tool::new("resize2fs").args(options).arg(device).args(size).done()
}

/// Makes a journal that is a device by itself.
fn mke2journal(blocksize: i32, name: &BStr, tool: Tool) -> Result<()> {
    let device = device(name)?;
    wipe_signatures(device.as_ref())?;
    tool.args(["-F", "-O", "journal_dev", "-b"]).arg(blocksize.to_string()).arg(device).done()
}

/// Makes a filesystem whose journal is another device.
fn mke2fs_with_journal(fstype: &BStr, blocksize: i32, name: &BStr, journal: String) -> Result<()> {
    let device = device(name)?;
    wipe_signatures(device.as_ref())?;
    let mke2fs = Tool::new("mke2fs").args(["-F", "-t"]).arg(fstype).arg("-J").arg(format!("device={journal}"));
    mke2fs.arg("-b").arg(blocksize.to_string()).arg(device).done()
}

impl Ext for Daemon {
    fn e2fsck(&mut self, name: &BStr, opts: E2fsckOpts) -> Result<()> {
        let wanted = [("-p", opts.correct), ("-y", opts.forceall), ("-n", opts.forceno)];
        let mut answers = wanted.iter().filter(|(_, wanted)| *wanted == Some(true)).map(|(answer, _)| *answer);
        let answer = answers.next();
        if answers.next().is_some() {
            return Err(Error::usage("only one of the options 'correct', 'forceall', 'forceno' may be specified"));
        }
        e2fsck(device(name)?.as_ref(), answer)
    }

    fn e2fsck_f(&mut self, name: &BStr) -> Result<()> {
        e2fsck(device(name)?.as_ref(), Some("-p"))
    }

    fn mke2fs(&mut self, name: &BStr, opts: Mke2fsOpts<'_>) -> Result<()> {
        let device = device(name)?;
        let tool = mke2fs(device.as_ref(), &opts)?;
        wipe_signatures(device.as_ref())?;
        tool.done()
    }

    fn mke2fs_J(&mut self, fstype: &BStr, blocksize: i32, name: &BStr, journal: &BStr) -> Result<()> {
        mke2fs_with_journal(fstype, blocksize, name, device(journal)?.to_string())
    }

    fn mke2fs_JL(&mut self, fstype: &BStr, blocksize: i32, device: &BStr, label: &BStr) -> Result<()> {
        mke2fs_with_journal(fstype, blocksize, device, format!("LABEL={label}"))
    }

    fn mke2fs_JU(&mut self, fstype: &BStr, blocksize: i32, device: &BStr, uuid: &BStr) -> Result<()> {
        mke2fs_with_journal(fstype, blocksize, device, format!("UUID={uuid}"))
    }

    fn mke2journal(&mut self, blocksize: i32, device: &BStr) -> Result<()> {
        mke2journal(blocksize, device, Tool::new("mke2fs"))
    }

    fn mke2journal_L(&mut self, blocksize: i32, label: &BStr, device: &BStr) -> Result<()> {
        mke2journal(blocksize, device, Tool::new("mke2fs").arg("-L").arg(label))
    }

    fn mke2journal_U(&mut self, blocksize: i32, uuid: &BStr, device: &BStr) -> Result<()> {
        mke2journal(blocksize, device, Tool::new("mke2fs").arg("-U").arg(uuid))
    }

    fn mklost_and_found(&mut self, mountpoint: &BStr) -> Result<()> {
        Tool::new("mklost+found").in_folder(sysroot::appliance_path(mountpoint)?.as_ref()).done()
    }

    fn resize2fs(&mut self, device: &BStr) -> Result<()> {
        resize2fs(device, &[], None)
    }

    fn resize2fs_M(&mut self, device: &BStr) -> Result<()> {
        resize2fs(device, &["-M"], None)
    }

    fn resize2fs_size(&mut self, device: &BStr, size: i64) -> Result<()> {
        let size = u64::try_from(size).map_err(|_| Error::usage("size must not be negative"))?;
        if !size.is_multiple_of(SMALLEST_BLOCK) {
            return Err(Error::usage(format!("{size}: size must be a round number of kilobytes")));
        }
        resize2fs(device, &[], Some(format!("{}K", size / SMALLEST_BLOCK)))
    }

    fn set_e2attrs(&mut self, file: &BStr, attrs: &BStr, opts: SetE2attrsOpts) -> Result<()> {
        if !attrs.iter().all(u8::is_ascii_alphabetic) {
            return Err(Error::usage(format!("{attrs}: file attributes are letters")));
        }
        let sign = if opts.clear.unwrap_or(false) { "-" } else { "+" };
        if attrs.is_empty() {
            return Ok(());
        }
        let change = BString::from([sign.as_bytes(), attrs].concat());
        Tool::new("chattr").arg(change).arg("--").arg(sysroot::appliance_path(file)?).done()
    }

    fn set_e2generation(&mut self, file: &BStr, generation: i64) -> Result<()> {
        Tool::new("chattr").number("-v", Some(generation)).arg("--").arg(sysroot::appliance_path(file)?).done()
    }

    fn set_e2label(&mut self, name: &BStr, label: &BStr) -> Result<()> {
        labels::EXT.check(label)?;
        Tool::new("e2label").arg(device(name)?).arg(label).done()
    }

    fn set_e2uuid(&mut self, name: &BStr, uuid: &BStr) -> Result<()> {
        Tool::new("tune2fs").arg("-U").arg(uuid).arg(device(name)?).done()
    }

    fn tune2fs(&mut self, name: &BStr, opts: Tune2fsOpts<'_>) -> Result<()> {
        if let Some(behavior) = opts.errorbehavior
            && !["continue", "remount-ro", "panic"].iter().any(|known| behavior == known)
        {
            return Err(Error::usage(format!("invalid errorbehavior parameter: {behavior}")));
        }
        let numbers = [
            ("maxmountcount", opts.maxmountcount.map(i64::from)),
            ("mountcount", opts.mountcount.map(i64::from)),
            ("group", opts.group),
            ("intervalbetweenchecks", opts.intervalbetweenchecks.map(i64::from)),
            ("reservedblockspercentage", opts.reservedblockspercentage.map(i64::from)),
            ("reservedblockscount", opts.reservedblockscount),
            ("user", opts.user),
        ];
        if let Some((name, _)) = numbers.iter().find(|(_, number)| number.is_some_and(|number| number < 0)) {
            return Err(Error::usage(format!("{name} cannot be negative")));
        }
        let interval = opts.intervalbetweenchecks.map(|seconds| match seconds {
            0 => BString::from("0"),
            seconds => format!("{seconds}s").into(),
        });
        Tool::new("tune2fs")
            .flag(opts.force, "-f")
            .number("-c", opts.maxmountcount)
            .number("-C", opts.mountcount)
            .text("-e", opts.errorbehavior)
            .number("-g", opts.group)
            .text("-i", interval.as_ref().map(|interval| interval.as_bstr()))
            .number("-m", opts.reservedblockspercentage)
            .text("-M", opts.lastmounteddirectory)
            .number("-r", opts.reservedblockscount)
            .number("-u", opts.user)
            .arg(device(name)?)
            .done()
    }
}

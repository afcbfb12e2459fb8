//! The group `mount`: the kernel's mounts below the guest's root.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::options::{Mount9pOpts, RemountOpts, UmountOpts};
use glassbox_api::structs::InternalMountable;
use glassbox_api::{FilesWrite, Lvm, Mounting};
use glassbox_io::{Errno, Error, Result};

use crate::Daemon;
use crate::daemon::device;
use crate::disk_names;
use crate::groups::sync::sync_filesystems;
use crate::mountable::Mountable;
use crate::mounts;
use crate::sysroot::{self, SYSROOT};
use crate::tool::Tool;

fn absolute(call: &str, path: &BStr) -> Result<()> {
    match path.starts_with(b"/") {
        true => Ok(()),
        false => Err(Error::usage(format!("{call}: path must start with a / character"))),
    }
}

/// Mounts as mount(8) does, which knows the helpers of some filesystems (ntfs-3g).
fn mount_with(options: &BStr, kind: Option<&BStr>, mountable: &BStr, point: &BStr) -> Result<()> {
    let what = Mountable::parse(mountable)?;
    let place = match sysroot::appliance_directory(point) {
        Ok(place) if point.starts_with(b"/") => place,
        _ => return Err(Error::os_with(Errno::ENOTDIR, format!("mount: {point}: mount point is not a directory"))),
    };
    let mut options = BString::from(options);
    if let Some(subvolume) = &what.subvolume {
        let separator = if options.is_empty() { "" } else { "," };
        options.extend_from_slice(format!("{separator}subvol={subvolume}").as_bytes());
    }
    let options = Some(options.as_bstr()).filter(|options| !options.is_empty());
    let mount = Tool::new("mount").text("-o", options).text("-t", kind);
    run_mount(mount.arg(&what.device).arg(&place))
}

fn run_mount(mount: Tool) -> Result<()> {
    let outcome = mount.outcome()?;
    if outcome.status.success() {
        return Ok(());
    }
    let said = outcome.stderr.trim().replace(SYSROOT, "");
    let said = if said.contains_str(": : ") { said.replacen(": : ", ": /: ", 1) } else { said };
    let status = outcome.status.code().unwrap_or(-1);
    Err(Error::os_with(Errno::EINVAL, format!("mount exited with status {status}: {}", said.as_bstr())))
}

impl Daemon {
    /// A device's name in the form that lists have: `/dev/vg/lv`, where the kernel says `/dev/mapper/vg-lv`.
    fn listed_name(&mut self, source: &BStr) -> BString {
        if !source.starts_with(b"/dev/mapper/") {
            return disk_names::callers_name(source);
        }
        let canonical = self.engine().and_then(|engine| engine.lvm_canonical_lv_name(source));
        canonical.unwrap_or_else(|_| source.to_owned())
    }
}

impl Mounting for Daemon {
    fn mount(&mut self, mountable: &BStr, mountpoint: &BStr) -> Result<()> {
        mount_with("".into(), None, mountable, mountpoint)
    }

    fn mount_ro(&mut self, mountable: &BStr, mountpoint: &BStr) -> Result<()> {
        mount_with("ro".into(), None, mountable, mountpoint)
    }

    fn mount_options(&mut self, options: &BStr, mountable: &BStr, mountpoint: &BStr) -> Result<()> {
        mount_with(options, None, mountable, mountpoint)
    }

    fn mount_vfs(&mut self, options: &BStr, vfstype: &BStr, mountable: &BStr, mountpoint: &BStr) -> Result<()> {
        mount_with(options, Some(vfstype), mountable, mountpoint)
    }

    fn mount_loop(&mut self, file: &BStr, mountpoint: &BStr) -> Result<()> {
        let file = sysroot::appliance_path(file)?;
        let place = sysroot::appliance_path(mountpoint)?;
        run_mount(Tool::new("mount").args(["-o", "loop"]).arg(file).arg(place))
    }

    fn mount_9p(&mut self, mounttag: &BStr, mountpoint: &BStr, opts: Mount9pOpts) -> Result<()> {
        let place = sysroot::appliance_path(mountpoint)?;
        let options = bstr::join(",", [BStr::new("trans=virtio"), opts.options.unwrap_or_default()]);
        run_mount(Tool::new("mount").args(["-t", "9p", "-o"]).arg(options).arg(mounttag).arg(place))
    }

    fn umount(&mut self, pathordevice: &BStr, opts: UmountOpts) -> Result<()> {
        let place = match device(pathordevice) {
            Ok(device) => device,
            Err(_) => sysroot::appliance_path(pathordevice)?,
        };
        let umount = Tool::new("umount").flag(opts.force, "-f").flag(opts.lazyunmount, "-l");
        let written = sync_filesystems();
        umount.arg(place).done().map_err(|error| {
            Error::os_with(Errno(0), format!("{pathordevice}: {}", error.message().replace(SYSROOT, "")))
        })?;
        written
    }

    /// The last mount first, as many times as something is mounted. The tree of configuration files is one of these mounts'.
    fn umount_all(&mut self) -> Result<()> {
        self.augeas = None;
        self.view.release_mounts();
        let written = sync_filesystems();
        for mount in mounts::of_guest()?.iter().rev() {
            Tool::new("umount").arg(mount.place()).done()?;
        }
        written
    }

    fn mounts(&mut self) -> Result<Vec<BString>> {
        Ok(self.mountpoints()?.into_iter().map(|(device, _)| device).collect())
    }

    fn mountpoints(&mut self) -> Result<Vec<(BString, BString)>> {
        Ok(mounts::of_guest()?.into_iter().map(|mount| (self.listed_name(mount.source.as_ref()), mount.path)).collect())
    }

    fn mkmountpoint(&mut self, exemptpath: &BStr) -> Result<()> {
        absolute("do_mkmountpoint", exemptpath)?;
        self.mkdir(exemptpath)
    }

    fn rmmountpoint(&mut self, exemptpath: &BStr) -> Result<()> {
        absolute("do_rmmountpoint", exemptpath)?;
        self.rmdir(exemptpath)
    }

    fn remount(&mut self, mountpoint: &BStr, opts: RemountOpts) -> Result<()> {
        let Some(read_write) = opts.rw else {
            return Err(Error::usage("at least one optional argument must be given"));
        };
        let place = sysroot::appliance_path(mountpoint)?;
        let options = if read_write { "remount,rw" } else { "remount,ro" };
        Tool::new("mount").args(["-o", options]).arg(place).done()
    }

    fn list_9p(&mut self) -> Result<Vec<BString>> {
        // 9p shares come from a hypervisor that was told of them; ours isn't.
        Ok(Vec::new())
    }

    fn internal_parse_mountable(&mut self, mountable: &BStr) -> Result<InternalMountable> {
        let what = Mountable::parse(mountable)?;
        let kind = i32::from(what.subvolume.is_some());
        let device = self.listed_name(what.device.as_ref());
        Ok(InternalMountable { im_type: kind, im_device: device, im_volume: what.subvolume.unwrap_or_default() })
    }
}

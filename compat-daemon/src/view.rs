//! The appliance, as the engine sees it: block devices as disks, the kernel's mounts as filesystems.

use std::path::PathBuf;
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};
use glassbox_engine::{Drive, InProcess, KernelPartition, Vfs};
use glassbox_io::Result;
use rustix::fs::{CWD, Mode, OFlags};

use crate::detached;
use crate::disk_names;
use crate::ioctl;
use crate::kernel_tree::{KernelTree, os};
use crate::mounts::{MountedHere, mounted};
use crate::stacked::{self, StackedDevice};

/// The engine over what the kernel shows.
pub struct View {
    engine: InProcess,
    devices_are_stale: bool,
    mounts_are_stale: bool,
    stacked: Vec<Arc<StackedDevice>>,
}

impl View {
    /// The appliance as it is now.
    pub fn new() -> Result<Self> {
        let mut engine = InProcess::open(&[])?;
        engine.set_opener(Box::new(detached::open));
        Ok(View { engine, devices_are_stale: true, mounts_are_stale: true, stacked: Vec::new() })
    }

    /// Tells that the kernel was asked to change something: nothing that was read before counts.
    pub fn forget(&mut self) {
        self.devices_are_stale = true;
        self.mounts_are_stale = true;
    }

    /// Closes devices that could not be stopped or closed while they are open.
    pub fn release(&mut self) {
        self.stacked.iter().for_each(|device| device.release());
    }

    /// Closes the directories of mounted filesystems, which could not be unmounted while they are open.
    pub fn release_mounts(&mut self) {
        self.engine.replace_mounts(Vfs::default());
        self.mounts_are_stale = true;
    }

    /// The engine, for a question about files; `about_devices` for one that reads block devices as well, which has the
    /// kernel write back what it holds for them.
    pub fn engine(&mut self, about_devices: bool) -> Result<&mut InProcess> {
        if self.devices_are_stale && about_devices {
            rustix::fs::sync();
            let drives = disk_names::attached()?.into_iter().map(drive).collect::<Result<Vec<Drive>>>()?;
            self.engine.replace_disks(&drives)?;
            let (devices, stacked) = stacked::find()?.into_iter().unzip();
            self.engine.set_kernel_devices(devices);
            self.stacked = stacked;
            self.devices_are_stale = false;
        }
        if self.mounts_are_stale {
            self.engine.replace_mounts(vfs()?);
            self.mounts_are_stale = false;
        }
        Ok(&mut self.engine)
    }
}

fn drive(name: String) -> Result<Drive> {
    let path = PathBuf::from(format!("/dev/{name}"));
    let read_flag = |file: &str| std::fs::read_to_string(format!("/sys/block/{name}/{file}")).unwrap_or_default();
    // The kernel keeps a disk's contents apart from those of its partitions.
    if let Ok(device) = std::fs::File::open(&path) {
        ioctl::flush_buffers(device).map_err(os)?;
    }
    Ok(Drive {
        path: Some(path),
        filename: format!("/dev/{name}").into(),
        format: Some("raw".into()),
        read_only: read_flag("ro").trim() == "1",
        block_size: read_flag("queue/logical_block_size").trim().parse().ok(),
        label: label(&name),
        kernel_partitions: Some(kernel_partitions(&name)?),
        ..Drive::default()
    })
}

/// What the kernel found in a disk's partition table, by number.
fn kernel_partitions(disk: &str) -> Result<Vec<KernelPartition>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(format!("/sys/block/{disk}"))? {
        let folder = entry?.path();
        let number = |file: &str| std::fs::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok();
        // Only partitions have numbers. The kernel counts in sectors of 512 bytes, whatever the disk's are.
        if let (Some(partition), Some(start), Some(size)) = (number("partition"), number("start"), number("size")) {
            found.push(KernelPartition { number: partition as u32, start: start << 9, size: size << 9 });
        }
    }
    found.sort_by_key(|partition| partition.number);
    Ok(found)
}

/// The name that a drive was given with `label`: its serial number, in SCSI's page for it (SPC-4, 7.8.15).
fn label(name: &str) -> Option<BString> {
    let page = std::fs::read(format!("/sys/block/{name}/device/vpd_pg80")).ok()?;
    let serial = page.get(4..)?.trim();
    (!serial.is_empty()).then(|| serial.into())
}

/// The device that a drive's label names, `/dev/disk/guestfs/LABEL`, or with a number behind it one of its partitions.
pub fn labelled(name: &BStr) -> Option<BString> {
    let name = name.strip_prefix(b"/dev/disk/guestfs/")?;
    // Labels are letters only, so the number's digits can't belong to one.
    let (wanted, number) = name.split_at(name.iter().position(u8::is_ascii_digit).unwrap_or(name.len()));
    let disk =
        disk_names::attached().ok()?.into_iter().find(|disk| label(disk).is_some_and(|label| label == wanted))?;
    Some([b"/dev/", disk.as_bytes(), number].concat().into())
}

/// The kernel's mounts: the empty root that `mkmountpoint` makes directories in, and the guest's.
fn vfs() -> Result<Vfs> {
    let mut vfs = Vfs::default();
    let mut mounts = mounted()?;
    if mounts.iter().any(|mount| mount.path == "/" && !mount.is_empty_root()) {
        mounts.retain(|mount| !mount.is_empty_root());
    }
    for mount in mounts {
        let tree = tree(&mount)?;
        let path = mount.path.as_bstr();
        let device = disk_names::callers_name(mount.source.as_ref());
        vfs.mount(device.as_ref(), path, Arc::new(tree), mount.device_number, mount.read_only)?;
    }
    Ok(vfs)
}

fn tree(mount: &MountedHere) -> Result<KernelTree> {
    let path = mount.place();
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root =
        rustix::fs::openat(CWD, path.as_bytes(), flags, Mode::empty()).map_err(|errno| os(errno).at_path(&path))?;
    Ok(KernelTree::new(root, BStr::new(&mount.kind)))
}

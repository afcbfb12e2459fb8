//! Calls about disks, answered by the parsers: the side of libguestfs's daemon.
//!
//! One file per group of the API, named as the group. What isn't implemented answers *unsupported*, by the group
//! traits' default methods.

mod archive;
mod arguments;
mod blockdev;
mod blocks;
mod checksum;
mod cksum;
mod debug;
mod disks;
mod drives;
mod ext;
mod features;
mod file_architecture;
mod files_read;
mod filesystem_detect;
mod hive_file;
mod hivex;
mod initrd;
mod inspection;
mod journal;
mod launch;
mod luks;
mod lvm;
mod lzop;
mod md;
mod mount;
mod partitions;
mod primary_volume_descriptor;
mod sfdisk;
mod sync;
mod unanswered;
mod xattr_acl;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bstr::{BStr, BString};
use glassbox_api::CallInfo;
use glassbox_api::table::Group;
use glassbox_filesystems::Filesystem;
use glassbox_io::{Result, Source};
use glassbox_magic::Magic;

use crate::drive::Drive;
use crate::events::Events;
use crate::job::Job;
use crate::kernel_device::KernelDevice;
use crate::replay::Change;
use crate::vfs::{Follow, Located, Vfs};

pub(crate) use crate::vfs::join;
pub use arguments::check_arguments;
pub(crate) use disks::{Device, Disks};
pub use xattr_acl::{CAPABILITIES, posix_acl};

/// Opens the filesystem of a device or of a btrfs subvolume, read-only.
pub type Opener = Box<dyn Fn(&BStr) -> Result<Arc<dyn Filesystem>> + Send + Sync>;

/// Opened images, and what is mounted from them.
pub struct InProcess {
    pub(crate) disks: Disks,
    pub(crate) vfs: Vfs,
    /// Devices that `blockdev_setro` made read-only.
    pub(crate) read_only_devices: HashSet<BString>,
    /// The mask that files would be made with; kept for `umask`.
    pub(crate) umask: u32,
    /// The directories that were listed last.
    listings: files_read::Listings,
    /// What `file` asks, once it was called.
    magic: Option<Magic>,
    /// Whether an appliance is asked what isn't supported here; set by whoever routes calls. A call that would answer with
    /// less than the disks hold answers *unsupported* then; without an appliance it warns, and tells what it can.
    pub(crate) has_appliance: bool,
    /// Opens what the parsers can't read; a kernel can, where one is at hand.
    opener: Option<Opener>,
    /// What `inspect_os` found.
    inspected: Vec<inspection::Inspected>,
    /// The hive that `hivex_open` opened.
    hive: Option<glassbox_registry::Hive>,
    /// The journal that `journal_open` opened.
    open_journal: Option<journal::OpenJournal>,
    current: Current,
}

/// The call that is being answered, for those that report progress.
#[derive(Default)]
struct Current {
    events: Arc<Events>,
    cancelled: Arc<AtomicBool>,
    procedure: u64,
    serial: u64,
    change: Option<Change>,
}

impl InProcess {
    /// Opens the images of `drives`, read-only.
    pub fn open(drives: &[Drive]) -> Result<Self> {
        Ok(InProcess {
            disks: Disks::open(drives)?,
            vfs: Vfs::default(),
            read_only_devices: HashSet::new(),
            umask: 0o22,
            listings: files_read::Listings::default(),
            magic: None,
            has_appliance: false,
            opener: None,
            inspected: Vec::new(),
            hive: None,
            open_journal: None,
            current: Current::default(),
        })
    }

    /// Opens the images of `drives` in the place of those before: what was read of them is forgotten.
    pub fn replace_disks(&mut self, drives: &[Drive]) -> Result<()> {
        let before = std::mem::replace(&mut self.disks, Disks::open(drives)?);
        self.disks.lvm_filter = before.lvm_filter;
        self.listings.clear();
        Ok(())
    }

    /// What a kernel has made of the disks: arrays, encrypted devices that are open, logical volumes that are active. From
    /// now on these are all there are.
    pub fn set_kernel_devices(&mut self, devices: Vec<KernelDevice>) {
        self.disks.set_kernel_devices(devices);
    }

    /// Has `opener` open what inspection looks at and the parsers can't read.
    pub fn set_opener(&mut self, opener: Opener) {
        self.opener = Some(opener);
    }

    /// What is mounted from now on.
    pub fn replace_mounts(&mut self, vfs: Vfs) {
        self.vfs = vfs;
        self.listings.clear();
    }

    /// Tells which call comes next.
    pub fn begin(&mut self, info: &CallInfo, serial: u64, events: Arc<Events>, cancelled: Arc<AtomicBool>) {
        if info.group == Group::Mount {
            // What a path means may be another directory afterwards.
            self.listings.clear();
        }
        let procedure = u64::from(info.proc_nr.unwrap_or(0));
        self.current = Current { events, cancelled, procedure, serial, change: None };
    }

    /// The work of the call that is being answered.
    pub(crate) fn job(&self) -> Job {
        let Current { events, cancelled, procedure, serial, .. } = &self.current;
        Job::new(events.clone(), cancelled.clone(), *procedure, *serial)
    }

    /// Tells that the call that is being answered changes what an appliance must be told if it takes over.
    pub(crate) fn remember(&mut self, change: Change) {
        self.current.change = Some(change);
    }

    /// What the last call has changed.
    pub(crate) fn change(&self) -> Option<Change> {
        self.current.change
    }

    /// A warning about what the call that is being answered can't tell.
    pub(crate) fn warn(&self, message: &str) {
        self.current.events.warn(message);
    }

    /// The device of this name, in any of its spellings; `ENOENT` if there is none.
    pub(crate) fn device(&self, name: &BStr) -> Result<Device> {
        self.disks.device(name)
    }

    /// The contents of the device of this name.
    pub(crate) fn device_source(&self, name: &BStr) -> Result<Source> {
        Ok(self.device(name)?.source)
    }

    /// The file at `path`.
    pub(crate) fn locate(&self, path: &BStr, follow: Follow) -> Result<Located> {
        self.vfs.resolve(path, follow)
    }

    /// The canonical name of a device, or the name itself where it isn't one.
    pub(crate) fn canonical(&self, name: &BStr) -> BString {
        self.device(name).map(|device| device.name).unwrap_or_else(|_| name.to_owned())
    }
}

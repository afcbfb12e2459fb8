//! Block devices that a kernel made of others. No parser derives them from the disks: whoever asks a kernel names them.

use bstr::{BStr, BString};
use glassbox_io::Source;

/// One of them, as it is now.
#[derive(Clone)]
pub struct KernelDevice {
    /// The name that lists have: `/dev/md127`, `/dev/mapper/opened`, `/dev/vg/lv`.
    pub name: BString,
    /// Its other names: `/dev/dm-0`.
    pub aliases: Vec<BString>,
    /// What it is.
    pub kind: KernelDeviceKind,
    /// The devices that it is made of, where it is an array.
    pub members: Vec<BString>,
    /// Its contents.
    pub source: Source,
    /// `st_rdev` of the device.
    pub number: u64,
    /// Whether the kernel refuses to write to it.
    pub read_only: bool,
    /// Bytes of a sector.
    pub block_size: u32,
}

/// What made a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelDeviceKind {
    /// Software RAID without partitions, or a partition of one.
    Array,
    /// Software RAID with partitions: it holds nothing by itself.
    PartitionedArray,
    /// Device-mapper, but not LVM: an encrypted device that is open.
    Mapped,
    /// An active logical volume.
    LogicalVolume,
}

impl KernelDevice {
    /// Whether this is one of its names.
    pub fn is_called(&self, name: &BStr) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }
}

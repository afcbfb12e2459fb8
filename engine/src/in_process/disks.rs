//! The block devices of a launched handle: disks, their partitions, and logical volumes.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use bstr::{BStr, BString, ByteSlice};
use glassbox_filesystems::detect::detect;
use glassbox_formats::{Format, OpenOptions};
use glassbox_io::{Errno, Error, ErrorKind, ReadAt, Result, ResultExt, Source};
use glassbox_partitions::lvm::{self, LogicalVolume, Lvm, VolumeGroup};
use glassbox_partitions::{KernelPartition, PartitionRole, PartitionTable, TableKind};

use crate::device_name::{DiskName, makedev};
use crate::drive::Drive;
use crate::kernel_device::{KernelDevice, KernelDeviceKind};

/// Where Linux keeps the names that drives were given with `label`.
const LABELS: &[u8] = b"/dev/disk/guestfs/";

/// All block devices.
pub(crate) struct Disks {
    disks: Vec<Disk>,
    /// Found when it is first asked about.
    lvm: OnceLock<Lvm>,
    /// The only devices on which physical volumes are looked for, if `lvm_set_filter` named any.
    pub lvm_filter: Option<Vec<BString>>,
    /// Groups that `vg_activate` switched off: their volumes have no devices.
    pub inactive_groups: HashSet<BString>,
    /// What a kernel made of the disks, if one is asked: then no other volumes have devices.
    kernel: Option<Vec<KernelDevice>>,
}

/// One opened drive.
pub(crate) struct Disk {
    /// `/dev/sda`.
    pub name: DiskName,
    /// Its contents.
    pub source: Source,
    /// Whether it was added read-only.
    pub read_only: bool,
    /// Its name in `/dev/disk/guestfs/`.
    pub label: Option<BString>,
    /// Bytes of a sector.
    pub block_size: u32,
    table: OnceLock<Option<PartitionTable>>,
    /// What a kernel found in its partition table, if one is asked.
    kernel_partitions: Option<Vec<KernelPartition>>,
}

/// A block device that was asked for by name.
#[derive(Clone)]
pub(crate) struct Device {
    /// The canonical name: `/dev/sda1`, `/dev/vg/lv`.
    pub name: BString,
    /// Its contents.
    pub source: Source,
    /// `st_rdev` of the device, `st_dev` of files on it.
    pub number: u64,
    /// The disk and partition; `None` for a logical volume.
    pub disk: Option<DiskName>,
    /// Whether its drive was added read-only.
    pub read_only: bool,
    /// Bytes of a sector.
    pub block_size: u32,
}

impl Disk {
    fn open(index: usize, drive: &Drive) -> Result<Self> {
        let Some(path) = &drive.path else {
            return Err(
                Error::unsupported(format!("drives over the network ({})", drive.protocol)).at_path(&drive.filename)
            );
        };
        let mut options = OpenOptions::new();
        if let Some(format) = &drive.format {
            options = options.format(Format::from_name(format)?);
        }
        let disk = glassbox_formats::open(path, &options).at_path(&drive.filename)?;
        Ok(Disk {
            name: DiskName { disk: index, partition: None },
            source: disk.into_source(),
            read_only: drive.read_only,
            label: drive.label.clone(),
            block_size: drive.block_size.unwrap_or(512),
            table: OnceLock::new(),
            kernel_partitions: drive.kernel_partitions.clone(),
        })
    }

    /// Its partitions as Linux shows them: a damaged table shows none. *Unsupported* if the table is of a kind that only a
    /// kernel reads, and none is asked.
    pub fn table(&self) -> Result<Option<&PartitionTable>> {
        if let Some(table) = self.table.get() {
            return Ok(table.as_ref());
        }
        let table = match (self.read_table(), &self.kernel_partitions) {
            (Err(error), _) if error.kind() == ErrorKind::Corrupt => None,
            (Err(error), Some(found)) if error.is_unsupported() => self.kernel_table(found)?,
            (table, _) => table.at_path(BString::from(self.name))?,
        };
        Ok(self.table.get_or_init(|| table).as_ref())
    }

    /// A table that isn't read here, as a kernel sees it.
    fn kernel_table(&self, found: &[KernelPartition]) -> Result<Option<PartitionTable>> {
        let kind = TableKind::probe(&self.source, Some(self.block_size))?;
        Ok(kind.map(|kind| PartitionTable::of_kernel(kind, self.source.len(), self.block_size, found)))
    }

    /// Its partition table, or why it can't be read.
    pub fn read_table(&self) -> Result<Option<PartitionTable>> {
        PartitionTable::read(&self.source, Some(self.block_size))
    }

    /// The disk as a device.
    pub fn device(&self) -> Device {
        Device {
            name: self.name.into(),
            source: self.source.clone(),
            number: self.name.device_number(),
            disk: Some(self.name),
            read_only: self.read_only,
            block_size: self.block_size,
        }
    }

    /// Its partition of this number as a device.
    pub fn partition(&self, number: u32) -> Result<Option<Device>> {
        let Some(found) = self.table()?.and_then(|table| table.devices().find(|found| found.number == number)) else {
            return Ok(None);
        };
        let name = DiskName { partition: Some(number), ..self.name };
        Ok(Some(Device {
            name: name.into(),
            source: Arc::new(found.open(self.source.clone())?),
            number: name.device_number(),
            disk: Some(name),
            ..self.device()
        }))
    }

    /// The numbers of its partitions, in their order.
    pub fn partition_numbers(&self) -> Result<Vec<u32>> {
        Ok(self.table()?.map(|table| table.devices().map(|found| found.number).collect()).unwrap_or_default())
    }
}

impl Disks {
    /// Opens the image of each drive.
    pub fn open(drives: &[Drive]) -> Result<Self> {
        let disks = drives.iter().enumerate().map(|(index, drive)| Disk::open(index, drive)).collect::<Result<_>>()?;
        Ok(Disks { disks, lvm: OnceLock::new(), lvm_filter: None, inactive_groups: HashSet::new(), kernel: None })
    }

    /// Tells what a kernel has made of the disks.
    pub fn set_kernel_devices(&mut self, devices: Vec<KernelDevice>) {
        self.kernel = Some(devices);
        self.forget_lvm();
    }

    /// The disks, in the order in which they were added.
    pub fn all(&self) -> &[Disk] {
        &self.disks
    }

    /// The device of this name: a disk, a partition or a logical volume, in any spelling; `ENOENT` if there is none.
    pub fn device(&self, name: &BStr) -> Result<Device> {
        let found = match DiskName::parse(name) {
            Some(DiskName { disk, partition }) => match (self.disks.get(disk), partition) {
                (Some(disk), None) => Some(disk.device()),
                (Some(disk), Some(number)) => disk.partition(number)?,
                (None, _) => None,
            },
            None if name.starts_with(LABELS) => self.labelled(&name[LABELS.len()..])?,
            None if self.kernel.is_some() => {
                self.kernel_devices().find(|device| device.is_called(name)).map(kernel_device)
            }
            None if name.starts_with(b"/dev/") => match self.find_logical_volume(name)? {
                None if name.starts_with(b"/dev/md") => {
                    self.check_arrays()?;
                    None
                }
                found => found,
            },
            None => None,
        };
        found.ok_or_else(|| Error::os(Errno::ENOENT).at_path(name))
    }

    /// Fails as *unsupported* where a device is a member of an array, which only a kernel assembles.
    pub fn check_arrays(&self) -> Result<()> {
        for device in self.plain()? {
            if detect(&device.source)?.is_some_and(|found| found.kind == "linux_raid_member") {
                return Err(Error::unsupported("Linux software RAID").at_path(device.name));
            }
        }
        Ok(())
    }

    /// Devices that can hold something by themselves: the disks without partitions, all partitions but extended ones, then
    /// what a kernel made of them, but for logical volumes.
    pub fn plain(&self) -> Result<Vec<Device>> {
        let mut whole = Vec::new();
        let mut partitions = Vec::new();
        for disk in &self.disks {
            match disk.table()?.filter(|table| table.devices().next().is_some()) {
                None => whole.push(disk.device()),
                Some(table) => {
                    for partition in table.devices().filter(|one| one.role != PartitionRole::Extended) {
                        partitions.extend(disk.partition(partition.number)?);
                    }
                }
            }
        }
        whole.append(&mut partitions);
        whole.extend(self.kernel_devices_of(KernelDeviceKind::Array));
        whole.extend(self.kernel_devices_of(KernelDeviceKind::Mapped));
        Ok(whole)
    }

    fn kernel_devices(&self) -> impl Iterator<Item = &KernelDevice> {
        self.kernel.iter().flatten()
    }

    /// Arrays that a kernel has assembled.
    pub fn arrays(&self) -> impl Iterator<Item = &KernelDevice> {
        self.kernel_devices().filter(|device| !device.members.is_empty())
    }

    fn kernel_devices_of(&self, kind: KernelDeviceKind) -> impl Iterator<Item = Device> {
        self.kernel_devices().filter(move |device| device.kind == kind).map(kernel_device)
    }

    /// The volume groups on all devices.
    pub fn lvm(&self) -> Result<&Lvm> {
        if let Some(lvm) = self.lvm.get() {
            return Ok(lvm);
        }
        let mut devices = self.plain()?;
        if let Some(filter) = &self.lvm_filter {
            let within = |device: &Device| match device.disk {
                Some(name) => filter.contains(&DiskName { partition: None, ..name }.into()),
                None => false,
            };
            devices.retain(|device| filter.contains(&device.name) || within(device));
        }
        let found = Lvm::scan(devices.into_iter().map(|device| (device.name, device.source)))?;
        Ok(self.lvm.get_or_init(|| found))
    }

    /// Looks for volume groups anew when they are next asked about.
    pub fn forget_lvm(&mut self) {
        self.lvm = OnceLock::new();
    }

    /// The volumes that have devices.
    pub fn active_volumes(&self) -> Result<impl Iterator<Item = (&VolumeGroup, &LogicalVolume)>> {
        let volumes = self.lvm()?.active_volumes();
        Ok(volumes.filter(|(group, _)| !self.inactive_groups.contains(&group.name)))
    }

    /// The logical volumes of all active volume groups, as devices.
    pub fn logical_volumes(&self) -> Result<Vec<Device>> {
        if self.kernel.is_some() {
            return Ok(self.kernel_devices_of(KernelDeviceKind::LogicalVolume).collect());
        }
        let lvm = self.lvm()?;
        let volumes = self.active_volumes()?.enumerate();
        volumes.map(|(minor, (group, volume))| logical_volume(lvm, group, volume, minor as u64)).collect()
    }

    /// The active logical volume of this name.
    fn find_logical_volume(&self, name: &BStr) -> Result<Option<Device>> {
        let lvm = self.lvm()?;
        let Some((_, wanted)) = lvm.find(name) else { return Ok(None) };
        let found = self.active_volumes()?.enumerate().find(|(_, (_, volume))| volume.uuid == wanted.uuid);
        found.map(|(minor, (group, volume))| logical_volume(lvm, group, volume, minor as u64)).transpose()
    }

    /// What a label names: a disk, or with a number behind the label one of its partitions.
    fn labelled(&self, name: &[u8]) -> Result<Option<Device>> {
        // Labels are letters only, so the number's digits can't belong to one.
        let (label, number) = name.split_at(name.iter().position(u8::is_ascii_digit).unwrap_or(name.len()));
        let Some(disk) = self.disks.iter().find(|disk| disk.label.as_ref().is_some_and(|known| known == label)) else {
            return Ok(None);
        };
        match number.to_str() {
            Ok("") => Ok(Some(disk.device())),
            Ok(number) => number.parse().map_or(Ok(None), |number| disk.partition(number)),
            Err(_) => Ok(None),
        }
    }
}

fn kernel_device(found: &KernelDevice) -> Device {
    Device {
        name: found.name.clone(),
        source: found.source.clone(),
        number: found.number,
        disk: None,
        read_only: found.read_only,
        block_size: found.block_size,
    }
}

/// Linux's major number of device-mapper, as libguestfs's appliance has it.
const DEVICE_MAPPER_MAJOR: u64 = 253;

fn logical_volume(lvm: &Lvm, group: &VolumeGroup, volume: &LogicalVolume, minor: u64) -> Result<Device> {
    Ok(Device {
        name: lvm::device_path(group, volume),
        source: lvm.open(group, volume)?,
        number: makedev(DEVICE_MAPPER_MAJOR, minor),
        disk: None,
        read_only: false,
        block_size: 512,
    })
}

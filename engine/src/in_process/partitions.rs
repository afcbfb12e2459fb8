//! The group `partitions`: partition tables.

use bstr::{BStr, BString};
use glassbox_api::Partitions;
use glassbox_api::structs::Partition as Listed;
use glassbox_io::{Errno, Error, ReadAt, Result, ResultExt};
use glassbox_partitions::{Geometry, GptPartition, Partition, PartitionTable, TableKind};

use super::disks::Device;
use super::{InProcess, sfdisk};
use crate::device_name::DiskName;

impl InProcess {
    /// The partition table of a device, and the device's canonical name. A device without a table is an error, as it
    /// is to parted.
    fn partition_table(&self, device: &BStr) -> Result<(PartitionTable, BString)> {
        let device = self.device(device)?;
        match PartitionTable::read(&device.source, Some(device.block_size)).at_path(&device.name)? {
            Some(table) => Ok((table, device.name)),
            None => Err(not_partitioned(device.name.as_ref())),
        }
    }

    fn partition(&self, device: &BStr, number: i32) -> Result<(PartitionTable, Partition)> {
        if number <= 0 {
            return Err(Error::usage("partition number must be >= 1"));
        }
        let (table, name) = self.partition_table(device)?;
        let found = table.partition(number as u32).cloned();
        let found = found
            .ok_or_else(|| Error::os_with(Errno::ENOENT, format!("partition number {number} not found on {name}")))?;
        Ok((table, found))
    }

    fn gpt_partition(&self, device: &BStr, number: i32) -> Result<GptPartition> {
        let (_, found) = self.partition(device, number)?;
        found
            .gpt
            .ok_or_else(|| Error::usage(format!("{device}: this function can only be used on GUID Partition Tables")))
    }

    /// The device, which must be a whole disk; `what` is *unsupported* of others.
    fn whole_disk(&self, device: &BStr, what: &'static str) -> Result<Device> {
        let found = self.device(device)?;
        match found.disk {
            Some(DiskName { partition: None, .. }) => Ok(found),
            _ => Err(Error::unsupported(what).at_path(found.name)),
        }
    }

    /// The disk and the number of a partition's name.
    fn partition_name(&self, partition: &BStr) -> Result<(DiskName, i32)> {
        let device = self.device(partition)?;
        match device.disk {
            Some(DiskName { disk, partition: Some(number) }) => Ok((DiskName { disk, partition: None }, number as i32)),
            _ => Err(Error::usage("device name is not a partition").at_path(partition)),
        }
    }
}

fn not_partitioned(device: &BStr) -> Error {
    Error::usage("not a partitioned device").at_path(device)
}

impl Partitions for InProcess {
    fn list_partitions(&mut self) -> Result<Vec<BString>> {
        let mut names = Vec::new();
        for disk in self.disks.all() {
            let numbers = disk.partition_numbers()?.into_iter();
            names.extend(numbers.map(|number| BString::from(DiskName { partition: Some(number), ..disk.name })));
        }
        Ok(names)
    }

    fn part_list(&mut self, device: &BStr) -> Result<Vec<Listed>> {
        let whole = self.device(device)?;
        let listed = |number, start, size| Listed {
            part_num: number,
            part_start: start,
            part_end: start + size - 1,
            part_size: size,
        };
        match PartitionTable::read(&whole.source, Some(whole.block_size)).at_path(&whole.name)? {
            Some(table) => {
                Ok(table.by_position().map(|found| listed(found.number as i32, found.start, found.size)).collect())
            }
            // parted's "loop" table: a filesystem on the whole device is its one partition.
            None if glassbox_filesystems::detect::detect(&whole.source)?.is_some() => {
                Ok(vec![listed(1, 0, whole.source.len())])
            }
            // Programs look at the number: libguestfs gives one here.
            None => Err(Error::os_with(Errno::EINVAL, "unrecognised disk label").at_path(&whole.name)),
        }
    }

    fn part_get_parttype(&mut self, device: &BStr) -> Result<BString> {
        let device = self.device(device)?;
        match TableKind::probe(&device.source, Some(device.block_size)).at_path(&device.name)? {
            Some(kind) => Ok(kind.name().into()),
            None => Err(not_partitioned(device.name.as_ref())),
        }
    }

    fn part_get_bootable(&mut self, device: &BStr, partnum: i32) -> Result<bool> {
        Ok(self.partition(device, partnum)?.1.bootable)
    }

    fn part_get_mbr_id(&mut self, device: &BStr, partnum: i32) -> Result<i32> {
        let (_, found) = self.partition(device, partnum)?;
        found.mbr_id.map(i32::from).ok_or_else(|| Error::usage("a GPT has no MBR type bytes").at_path(device))
    }

    fn part_get_mbr_part_type(&mut self, device: &BStr, partnum: i32) -> Result<BString> {
        let (table, found) = self.partition(device, partnum)?;
        match table.kind {
            TableKind::Msdos => Ok(found.role.name().into()),
            _ => Ok("primary".into()),
        }
    }

    fn part_get_name(&mut self, device: &BStr, partnum: i32) -> Result<BString> {
        Ok(self.gpt_partition(device, partnum)?.name)
    }

    fn part_get_gpt_type(&mut self, device: &BStr, partnum: i32) -> Result<BString> {
        Ok(guid(&self.gpt_partition(device, partnum)?.type_guid))
    }

    fn part_get_gpt_guid(&mut self, device: &BStr, partnum: i32) -> Result<BString> {
        Ok(guid(&self.gpt_partition(device, partnum)?.unique_guid))
    }

    fn part_get_gpt_attributes(&mut self, device: &BStr, partnum: i32) -> Result<i64> {
        Ok(self.gpt_partition(device, partnum)?.attributes.0 as i64)
    }

    fn part_get_disk_guid(&mut self, device: &BStr) -> Result<BString> {
        let (table, name) = self.partition_table(device)?;
        match &table.gpt {
            Some(gpt) => Ok(guid(&gpt.guid)),
            None => Err(Error::usage("this function can only be used on GUID Partition Tables").at_path(name)),
        }
    }

    fn sfdisk_disk_geometry(&mut self, device: &BStr) -> Result<BString> {
        // sfdisk has given up the difference: it prints the same for both.
        self.sfdisk_kernel_geometry(device)
    }

    fn sfdisk_kernel_geometry(&mut self, device: &BStr) -> Result<BString> {
        let disk = self.whole_disk(device, "the geometry of a part of a disk")?;
        let Geometry { cylinders, heads, sectors } =
            Geometry::read(&disk.source, disk.block_size).at_path(&disk.name)?;
        Ok(format!("{}: {cylinders} cylinders, {heads} heads, {sectors} sectors/track\n", disk.name).into())
    }

    fn sfdisk_l(&mut self, device: &BStr) -> Result<BString> {
        let disk = self.whole_disk(device, "sfdisk's listing of a part of a disk")?;
        sfdisk::listing(&disk).at_path(&disk.name)
    }

    fn part_to_dev(&mut self, partition: &BStr) -> Result<BString> {
        Ok(self.partition_name(partition)?.0.into())
    }

    fn part_to_partnum(&mut self, partition: &BStr) -> Result<i32> {
        Ok(self.partition_name(partition)?.1)
    }
}

/// A GUID as sgdisk prints it.
fn guid(guid: &impl ToString) -> BString {
    guid.to_string().to_uppercase().into()
}

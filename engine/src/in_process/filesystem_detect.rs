//! The group `filesystem-detect`: what is on a device, told by its first bytes.

use bstr::{BStr, BString};
use glassbox_api::FilesystemDetect;
use glassbox_api::structs::IsoInfo;
use glassbox_filesystems::detect::{Signature, detect};
use glassbox_filesystems::ext::Ext;
use glassbox_filesystems::ntfs::Ntfs;
use glassbox_io::{Errno, Error, Result, ResultExt};
use glassbox_partitions::{Partition, PartitionTable, TableKind};

use super::mount::is_subvolume;
use super::{Device, InProcess, primary_volume_descriptor};
use crate::device_name::DiskName;

impl InProcess {
    /// What a device holds.
    pub(crate) fn signature(&self, mountable: &BStr) -> Result<Option<Signature>> {
        if is_subvolume(mountable) {
            return Err(Error::unsupported("btrfs subvolumes").at_path(mountable));
        }
        detect(&self.device_source(mountable)?).at_path(mountable)
    }

    fn is_mounted(&self, device: &BStr) -> bool {
        let device = self.canonical(device);
        self.vfs.mounts().iter().any(|mount| mount.device == device)
    }

    /// Every device that may hold a filesystem: disks without partitions, partitions but extended ones, and volumes.
    fn candidates(&self) -> Result<Vec<Device>> {
        let mut found = self.disks.plain()?;
        found.extend(self.disks.logical_volumes()?);
        Ok(found)
    }

    /// The first device for which `matches` holds.
    fn find_device(&self, what: &str, value: &BStr, matches: impl Fn(&Device) -> bool) -> Result<BString> {
        let mut all: Vec<Device> = self.disks.all().iter().map(|disk| disk.device()).collect();
        all.extend(self.candidates()?);
        all.into_iter()
            .find(matches)
            .map(|device| device.name)
            .ok_or_else(|| Error::os_with(Errno::ENOENT, format!("findfs: unable to resolve '{what}={value}'")))
    }

    fn find_by_signature(&self, what: &str, value: &BStr, field: fn(&Signature) -> &BString) -> Result<BString> {
        self.find_device(
            what,
            value,
            |device| matches!(detect(&device.source), Ok(Some(found)) if !value.is_empty() && *field(&found) == value),
        )
    }

    /// The device of the filesystem with this label.
    pub(super) fn device_by_label(&self, label: &BStr) -> Result<BString> {
        self.find_by_signature("LABEL", label, |found| &found.label)
    }

    /// The device of the filesystem with this UUID.
    pub(super) fn device_by_uuid(&self, uuid: &BStr) -> Result<BString> {
        self.find_by_signature("UUID", uuid, |found| &found.uuid)
    }

    /// The partition with this UUID.
    pub(super) fn device_by_partuuid(&self, uuid: &BStr) -> Result<BString> {
        self.find_device("PARTUUID", uuid, |device| {
            let entry = self.entry(device);
            entry
                .and_then(|(_, entry)| entry.part_uuid.as_ref())
                .is_some_and(|known| uuid.eq_ignore_ascii_case(known.as_bytes()))
        })
    }

    /// The partition with this name in a GPT.
    pub(super) fn device_by_partlabel(&self, label: &BStr) -> Result<BString> {
        self.find_device("PARTLABEL", label, |device| {
            let entry = self.entry(device);
            !label.is_empty() && entry.and_then(|(_, entry)| entry.gpt.as_ref()).is_some_and(|gpt| gpt.name == label)
        })
    }

    /// The table on a device that is a whole disk.
    fn whole_disk_table(&self, device: &Device) -> Option<&PartitionTable> {
        let name = device.disk?;
        if name.partition.is_some() {
            return None;
        }
        self.disks.all().get(name.disk)?.table().ok()?
    }

    /// The table and the entry of a partition's device.
    fn entry(&self, device: &Device) -> Option<(&PartitionTable, &Partition)> {
        let name = device.disk?;
        let table = self.disks.all().get(name.disk)?.table().ok()??;
        Some((table, table.partition(name.partition?)?))
    }
}

/// `blkid -o export` makes values safe for a shell and a terminal: `\` before what a shell takes for itself, `^X` for
/// control characters, `M-x` for bytes beyond ASCII.
fn as_blkid_prints(value: &BStr) -> BString {
    let mut text = Vec::with_capacity(value.len());
    for byte in value.iter().copied() {
        if !byte.is_ascii() {
            text.extend_from_slice(b"M-");
        }
        match byte & 0x7f {
            control @ (0..0x20 | 0x7f) => text.extend_from_slice(&[b'^', control ^ 0x40]),
            special if b" \\\"'$`<>".contains(&special) => text.extend_from_slice(&[b'\\', special]),
            plain => text.push(plain),
        }
    }
    text.into()
}

/// Whether a volume is a part of something larger, and so no filesystem of its own.
fn is_member(kind: &str) -> bool {
    kind.ends_with("_member") || kind == "crypto_LUKS"
}

fn not_an_iso() -> Error {
    Error::usage("not an ISO file or CD-ROM")
}

impl FilesystemDetect for InProcess {
    fn isoinfo(&mut self, isofile: &BStr) -> Result<IsoInfo> {
        self.with_file(isofile, |file| primary_volume_descriptor::read(file)?.ok_or_else(not_an_iso))
    }

    fn isoinfo_device(&mut self, device: &BStr) -> Result<IsoInfo> {
        let source = self.device_source(device)?;
        primary_volume_descriptor::read(&source).and_then(|found| found.ok_or_else(not_an_iso)).at_path(device)
    }

    fn vfs_type(&mut self, mountable: &BStr) -> Result<BString> {
        Ok(self.signature(mountable)?.map(|found| found.kind.into()).unwrap_or_default())
    }

    fn vfs_label(&mut self, mountable: &BStr) -> Result<BString> {
        Ok(self.signature(mountable)?.map(|found| found.label).unwrap_or_default())
    }

    fn vfs_uuid(&mut self, mountable: &BStr) -> Result<BString> {
        Ok(self.signature(mountable)?.map(|found| found.uuid).unwrap_or_default())
    }

    fn vfs_minimum_size(&mut self, mountable: &BStr) -> Result<i64> {
        let kind = self.signature(mountable)?.map_or("", |found| found.kind);
        let size = match kind {
            "ext2" | "ext3" | "ext4" => Ext::minimum_size(self.device_source(mountable)?).at_path(mountable)?,
            "ntfs" => {
                let ntfs = self.device_source(mountable).and_then(Ntfs::open);
                ntfs.and_then(|ntfs| ntfs.minimum_size()).at_path(mountable)?
            }
            // What their tools tell, they tell of mounted filesystems.
            "xfs" | "btrfs" if !self.is_mounted(mountable) => {
                return Err(Error::usage(format!("{mountable}: not mounted, as it must be to tell its minimum size")));
            }
            "xfs" | "btrfs" => return Err(Error::unsupported(format!("the minimum size of {kind} filesystems"))),
            kind => {
                let what = format!("don't know how to get minimum size of '{kind}' filesystems");
                return Err(Error::os_with(Errno::EOPNOTSUPP, what));
            }
        };
        i64::try_from(size).map_err(|_| Error::os(Errno::EOVERFLOW).at_path(mountable))
    }

    fn list_filesystems(&mut self) -> Result<Vec<(BString, BString)>> {
        let mut list = Vec::new();
        for device in self.candidates()? {
            let kind = detect(&device.source).at_path(&device.name)?.map_or("unknown", |found| found.kind);
            if !is_member(kind) {
                list.push((device.name, kind.into()));
            }
        }
        Ok(list)
    }

    fn blkid(&mut self, device: &BStr) -> Result<Vec<(BString, BString)>> {
        let device = self.device(device)?;
        let mut pairs = vec![("DEVNAME".into(), device.name.clone())];
        let mut add = |name: &str, value: BString| {
            if !value.is_empty() {
                pairs.push((name.into(), as_blkid_prints(value.as_ref())));
            }
        };
        if let Some(found) = detect(&device.source).at_path(&device.name)? {
            add("SEC_TYPE", found.secondary_kind.unwrap_or_default().into());
            add("LABEL", found.label);
            add("UUID", found.uuid);
            add("VERSION", found.version);
            add("BLOCK_SIZE", found.block_size.map(|size| size.to_string().into()).unwrap_or_default());
            add("TYPE", found.kind.into());
            add("USAGE", found.usage.name().into());
        }
        for limit in ["MINIMUM_IO_SIZE", "PHYSICAL_SECTOR_SIZE", "LOGICAL_SECTOR_SIZE"] {
            add(limit, device.block_size.to_string().into());
        }
        if let Some(table) = self.whole_disk_table(&device) {
            if let Some(gpt) = &table.gpt {
                add("PTUUID", gpt.guid.to_string().into());
                add("PTTYPE", "gpt".into());
            } else if let Some(mbr) = &table.mbr {
                add("PTUUID", format!("{:08x}", mbr.signature).into());
                add("PTTYPE", "dos".into());
            }
        }
        if let Some((table, entry)) = self.entry(&device) {
            let scheme = if table.kind == TableKind::Gpt { "gpt" } else { "dos" };
            add("PART_ENTRY_SCHEME", scheme.into());
            if let Some(gpt) = &entry.gpt {
                add("PART_ENTRY_NAME", gpt.name.clone());
                add("PART_ENTRY_UUID", gpt.unique_guid.to_string().into());
                add("PART_ENTRY_TYPE", gpt.type_guid.to_string().into());
                if gpt.attributes.0 != 0 {
                    add("PART_ENTRY_FLAGS", format!("{:#x}", gpt.attributes.0).into());
                }
            } else {
                add("PART_ENTRY_UUID", entry.part_uuid.clone().unwrap_or_default().into());
                add("PART_ENTRY_TYPE", entry.mbr_id.map(|id| format!("{id:#x}").into()).unwrap_or_default());
                if entry.bootable {
                    add("PART_ENTRY_FLAGS", "0x80".into());
                }
            }
            add("PART_ENTRY_NUMBER", entry.number.to_string().into());
            add("PART_ENTRY_OFFSET", (entry.start / 512).to_string().into());
            add("PART_ENTRY_SIZE", (entry.size / 512).to_string().into());
            if let Some(name) = device.disk {
                let number = DiskName { partition: None, ..name }.device_number();
                add("PART_ENTRY_DISK", format!("{}:{}", number >> 8 & 0xfff, number & 0xff).into());
            }
        }
        Ok(pairs)
    }

    fn findfs_label(&mut self, label: &BStr) -> Result<BString> {
        self.device_by_label(label)
    }

    fn findfs_uuid(&mut self, uuid: &BStr) -> Result<BString> {
        self.device_by_uuid(uuid)
    }

    fn findfs_partuuid(&mut self, uuid: &BStr) -> Result<BString> {
        self.device_by_partuuid(uuid)
    }

    fn findfs_partlabel(&mut self, label: &BStr) -> Result<BString> {
        self.device_by_partlabel(label)
    }

    fn list_disk_labels(&mut self) -> Result<Vec<(BString, BString)>> {
        let mut list = Vec::new();
        for disk in self.disks.all() {
            let Some(label) = &disk.label else { continue };
            list.push((label.clone(), disk.name.into()));
            for number in disk.partition_numbers()? {
                let name = DiskName { partition: Some(number), ..disk.name };
                list.push((format!("{label}{number}").into(), name.into()));
            }
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_safely() {
        assert_eq!(as_blkid_prints("Windows Disk".into()), "Windows\\ Disk");
        assert_eq!(as_blkid_prints("tab\tü".into()), "tab^IM-CM-\\<");
    }
}

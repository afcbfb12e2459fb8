//! What is put on a blank disk: the names of its devices, volumes and partition types.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::{Lvm, Partitions};
use glassbox_engine::{DiskName, Handle};
use glassbox_io::Error;

/// The MBR's type of a partition with an LVM physical volume (the list of types of sfdisk(8) and fdisk(8)).
pub const MBR_LVM: i32 = 0x8e;

/// The MBR's type of a partition with a filesystem of this name, where it isn't Linux's own.
pub fn mbr_type(filesystem: &BStr) -> Option<i32> {
    match filesystem.as_bytes() {
        b"vfat" | b"fat" | b"msdos" => Some(0x0b),
        b"ntfs" | b"exfat" => Some(0x07),
        b"minix" => Some(0x81),
        b"swap" => Some(0x82),
        _ => None,
    }
}

/// The device of a drive, by its number from 0.
pub fn disk(number: usize) -> BString {
    device(DiskName { disk: number, partition: None })
}

/// A partition of a drive, by their numbers from 0 and 1.
pub fn partition(disk: usize, number: u32) -> BString {
    device(DiskName { disk, partition: Some(number) })
}

fn device(name: DiskName) -> BString {
    format!("/dev/{}", name.short()).into()
}

/// Makes one partition of the whole disk, of this type if one is named and the table is an MBR.
pub fn make_partition(
    handle: &mut Handle,
    number: usize,
    table: &BStr,
    mbr_type: Option<i32>,
) -> Result<BString, Error> {
    let disk = disk(number);
    handle.part_disk(disk.as_bstr(), table)?;
    if let Some(mbr_type) = mbr_type.filter(|_| table == "mbr" || table == "msdos") {
        handle.part_set_mbr_id(disk.as_bstr(), 1, mbr_type)?;
    }
    Ok(partition(number, 1))
}

/// The name of a logical volume, `/dev/GROUP/VOLUME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LvName {
    group: BString,
    volume: BString,
}

impl LvName {
    /// Takes the name apart.
    pub fn parse(name: &[u8]) -> Option<Self> {
        let (group, volume) = name.strip_prefix(b"/dev/")?.split_once_str("/")?;
        let is_name = |name: &[u8]| !name.is_empty() && !name.contains(&b'/');
        (is_name(group) && is_name(volume)).then(|| LvName { group: group.into(), volume: volume.into() })
    }

    /// Makes the volume of all of a device. Returns its name.
    pub fn create(&self, handle: &mut Handle, device: &BStr) -> Result<BString, Error> {
        handle.pvcreate(device)?;
        handle.vgcreate(self.group.as_bstr(), &[device])?;
        handle.lvcreate_free(self.volume.as_bstr(), self.group.as_bstr(), 100)?;
        Ok(bstr::concat([b"/dev/".as_slice(), &self.group, b"/", &self.volume]).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_volumes() {
        let name = LvName { group: "VG".into(), volume: "LV".into() };
        assert_eq!(LvName::parse(b"/dev/VG/LV"), Some(name));
        for wrong in ["VG/LV", "/dev/VG", "/dev//LV", "/dev/VG/", "/dev/VG/LV/x", ""] {
            assert_eq!(LvName::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn names_of_devices() {
        assert_eq!((disk(0), partition(27, 2)), ("/dev/sda".into(), "/dev/sdab2".into()));
    }
}

//! The names that a logical volume has as a device.

use bstr::{BString, ByteVec};

use super::volume_group::{LogicalVolume, VolumeGroup};

/// `/dev/VG/LV`, the name that libguestfs calls canonical.
pub fn device_path(group: &VolumeGroup, volume: &LogicalVolume) -> BString {
    let mut path = BString::from("/dev/");
    path.push_str(&group.name);
    path.push(b'/');
    path.push_str(&volume.name);
    path
}

/// `/dev/mapper/VG-LV`, where a dash of either name is doubled.
pub fn mapper_path(group: &VolumeGroup, volume: &LogicalVolume) -> BString {
    let mut path = BString::from("/dev/mapper/");
    push_doubled(&mut path, &group.name);
    path.push(b'-');
    push_doubled(&mut path, &volume.name);
    path
}

fn push_doubled(path: &mut BString, name: &[u8]) {
    for &c in name {
        path.push(c);
        if c == b'-' {
            path.push(c);
        }
    }
}

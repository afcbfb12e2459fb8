//! Which disk is `/dev/sda`.
//!
//! The kernel looks at several disks at once and names them as it gets done, so its `sda` may be the second that was
//! attached. Callers count disks in the order in which they were attached, which is that of their SCSI addresses.

use std::fs;

use bstr::{BStr, BString};
use glassbox_engine::DiskName;
use glassbox_io::Result;

use crate::init;

/// The kernel's names of the disks that were attached for the guest, in their order: `sdb`, `sda`.
pub fn attached() -> Result<Vec<String>> {
    let mut disks: Vec<(Vec<u64>, String)> = fs::read_dir("/sys/block")?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("sd") && !init::is_root_disk(name))
        .map(|name| (address(&name), name))
        .collect();
    disks.sort();
    Ok(disks.into_iter().map(|(_, name)| name).collect())
}

/// Host, channel, target and unit: what the link to a disk's device ends with (`0:0:1:0`).
fn address(name: &str) -> Vec<u64> {
    let device = fs::read_link(format!("/sys/block/{name}/device")).unwrap_or_default();
    let address = device.file_name().and_then(|address| address.to_str()).unwrap_or_default();
    address.split(':').filter_map(|number| number.parse().ok()).collect()
}

/// The kernel's path of a disk or partition that callers name so; `None` if there are fewer disks.
pub fn kernel_path(name: DiskName) -> Option<BString> {
    path_among(&attached().ok()?, name)
}

fn path_among(disks: &[String], name: DiskName) -> Option<BString> {
    let partition = name.partition.map(|number| number.to_string()).unwrap_or_default();
    Some(format!("/dev/{}{partition}", disks.get(name.disk)?).into())
}

/// What callers call the device that the kernel has at `path`. Other devices than disks and partitions keep their names.
pub fn callers_name(path: &BStr) -> BString {
    attached().ok().and_then(|disks| name_among(&disks, path)).unwrap_or_else(|| path.to_owned())
}

fn name_among(disks: &[String], path: &BStr) -> Option<BString> {
    let name = DiskName::parse(path)?;
    let kernel_disk = DiskName { partition: None, ..name }.short();
    // Only SCSI disks are named by the kernel as they are by callers.
    let disk = path.starts_with(b"/dev/sd").then(|| disks.iter().position(|disk| *disk == kernel_disk))??;
    Some(DiskName { disk, partition: name.partition }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_by_address() {
        let disks = ["sdc".to_owned(), "sda".to_owned()];
        let kernel = |name: &str| path_among(&disks, DiskName::parse(name.into()).unwrap());
        assert_eq!((kernel("/dev/sda1"), kernel("/dev/vdb")), (Some("/dev/sdc1".into()), Some("/dev/sda".into())));
        assert_eq!(kernel("/dev/sdc"), None);
        assert_eq!(name_among(&disks, "/dev/sda3".into()), Some("/dev/sdb3".into()));
        assert_eq!(name_among(&disks, "/dev/sdc".into()), Some("/dev/sda".into()));
        assert_eq!(name_among(&disks, "/dev/sdb".into()), None);
        assert_eq!(name_among(&disks, "/dev/vda".into()), None);
    }
}

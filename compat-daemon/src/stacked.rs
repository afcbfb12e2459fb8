//! Block devices that the kernel made of others: arrays, logical volumes, encrypted devices that are open.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bstr::{BString, ByteSlice};
use glassbox_engine::{KernelDevice, KernelDeviceKind, makedev};
use glassbox_io::{ReadAt, Result, Source};

use crate::disk_names;
use crate::kernel_file::KernelFile;

/// Linux's unit of sizes in sysfs, whatever the device's sectors are.
const SECTOR: u64 = 512;
/// What the kernel's identifier of a logical volume begins with (libdevmapper's `dm_build_dm_uuid`).
const LVM_UUID: &str = "LVM-";

/// A device that is opened when it is read: one that is open can't be stopped, closed or removed.
pub struct StackedDevice {
    path: PathBuf,
    length: u64,
    file: Mutex<Option<Arc<KernelFile>>>,
}

impl StackedDevice {
    /// Closes it, until it is read again.
    pub fn release(&self) {
        self.lock().take();
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<KernelFile>>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self) -> Result<Arc<KernelFile>> {
        let mut file = self.lock();
        if let Some(open) = &*file {
            return Ok(open.clone());
        }
        let opened = Arc::new(KernelFile::new(File::open(&self.path)?)?);
        Ok(file.insert(opened).clone())
    }
}

impl ReadAt for StackedDevice {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        self.file()?.read_at(buf, offset)
    }
}

/// All that are there, for the engine, and to be released before something is done to them.
pub fn find() -> Result<Vec<(KernelDevice, Arc<StackedDevice>)>> {
    let mut names: Vec<String> =
        fs::read_dir("/sys/block")?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    let mut found = Vec::new();
    for name in &names {
        let folder = Path::new("/sys/block").join(name);
        if name.starts_with("dm-") {
            found.extend(mapped(&folder, name));
        } else if name.starts_with("md") {
            let mut partitions = partitions(&folder, name);
            partitions.sort();
            let whole =
                if partitions.is_empty() { KernelDeviceKind::Array } else { KernelDeviceKind::PartitionedArray };
            let array = device(&folder, format!("/dev/{name}").into(), array_names(name), whole);
            found.extend(array.map(|(array, held)| (KernelDevice { members: members(&folder), ..array }, held)));
            for partition in partitions {
                let path = format!("/dev/{partition}").into();
                found.extend(device(&folder.join(partition), path, Vec::new(), KernelDeviceKind::Array));
            }
        }
    }
    Ok(found)
}

/// The partitions of an array: folders in its own, which begin with its name.
fn partitions(folder: &Path, name: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|entry| entry.starts_with(name) && folder.join(entry).join("partition").exists())
        .collect()
}

/// The devices that an array is made of, by their names for the caller.
fn members(folder: &Path) -> Vec<BString> {
    let members = fs::read_dir(folder.join("slaves")).into_iter().flatten();
    members
        .filter_map(|entry| Some(Path::new("/dev").join(entry.ok()?.file_name())))
        .map(|path| disk_names::callers_name(path.as_os_str().as_encoded_bytes().as_bstr()))
        .collect()
}

/// The names that mdadm gave an array: links in `/dev/md`.
fn array_names(name: &str) -> Vec<BString> {
    let links = fs::read_dir("/dev/md").into_iter().flatten().filter_map(|entry| entry.ok());
    let is_its =
        |link: &Path| fs::canonicalize(link).is_ok_and(|path| path.file_name().is_some_and(|found| found == name));
    links
        .map(|link| link.path())
        .filter(|link| is_its(link))
        .map(|link| link.into_os_string().into_encoded_bytes().into())
        .collect()
}

/// What the device-mapper made.
fn mapped(folder: &Path, name: &str) -> Option<(KernelDevice, Arc<StackedDevice>)> {
    let table_name = attribute(folder, "dm/name")?;
    let path = format!("/dev/mapper/{table_name}");
    let node = format!("/dev/{name}");
    if !attribute(folder, "dm/uuid")?.starts_with(LVM_UUID) {
        return device(folder, path.into(), vec![node.into()], KernelDeviceKind::Mapped);
    }
    // LVM makes this name for the volumes that it shows, not for those that it makes them of.
    let shown = volume_path(&table_name)?;
    let exists = Path::new(&shown).exists();
    exists.then(|| device(folder, shown.into(), vec![path.into(), node.into()], KernelDeviceKind::LogicalVolume))?
}

/// `/dev/vg/lv` of `vg-lv`, in which hyphens of the names are doubled.
fn volume_path(table_name: &str) -> Option<String> {
    let bytes = table_name.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'-', Some(b'-')) => at += 2,
            (b'-', _) => {
                let plain = |name: &str| name.replace("--", "-");
                return Some(format!("/dev/{}/{}", plain(&table_name[..at]), plain(&table_name[at + 1..])));
            }
            _ => at += 1,
        }
    }
    None
}

fn device(
    folder: &Path,
    name: BString,
    aliases: Vec<BString>,
    kind: KernelDeviceKind,
) -> Option<(KernelDevice, Arc<StackedDevice>)> {
    let sectors: u64 = attribute(folder, "size")?.parse().ok()?;
    let number = attribute(folder, "dev")?;
    let (major, minor) = number.split_once(':')?;
    // An array that isn't assembled has no contents.
    let length = sectors.checked_mul(SECTOR).filter(|length| *length > 0)?;
    let path = PathBuf::from(name.to_os_str_lossy().into_owned());
    let held = Arc::new(StackedDevice { path, length, file: Mutex::default() });
    let source: Source = held.clone();
    let found = KernelDevice {
        name,
        aliases,
        kind,
        members: Vec::new(),
        source,
        number: makedev(major.parse().ok()?, minor.parse().ok()?),
        read_only: attribute(folder, "ro").is_some_and(|flag| flag == "1"),
        block_size: attribute(folder, "queue/logical_block_size").and_then(|size| size.parse().ok()).unwrap_or(512),
    };
    Some((found, held))
}

/// What sysfs tells of the device that has this folder there.
pub fn attribute(folder: &Path, name: &str) -> Option<String> {
    Some(fs::read_to_string(folder.join(name)).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_are_called_by_group_and_volume() {
        assert_eq!(volume_path("vg-lv").as_deref(), Some("/dev/vg/lv"));
        assert_eq!(volume_path("data--vg-my--lv").as_deref(), Some("/dev/data-vg/my-lv"));
        assert_eq!(volume_path("a----b-c").as_deref(), Some("/dev/a--b/c"));
        assert_eq!(volume_path("crypt"), None);
    }

    #[test]
    fn a_device_is_open_from_its_first_read_until_it_is_released() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, b"contents").unwrap();
        let device = StackedDevice { path: file.path().into(), length: 8, file: Mutex::default() };
        let mut buf = [0; 3];
        assert!(device.lock().is_none());
        assert_eq!((device.read_at(&mut buf, 3).unwrap(), &buf), (3, b"ten"));
        assert!(device.lock().is_some());
        device.release();
        assert!(device.lock().is_none());
        assert_eq!((device.read_at(&mut buf, 6).unwrap(), &buf[..2]), (2, &b"ts"[..]));
    }
}

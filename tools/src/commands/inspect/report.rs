//! What is told of a guest. [`Report`] is the shape of `--json`, which tools/JSON.md documents.

use bstr::{BStr, BString};
use glassbox_api::options::InspectGetIconOpts;
use glassbox_api::structs::Application2;
use glassbox_api::{Blockdev, FilesystemDetect, Inspection, Lvm, Mounting, Partitions};
use glassbox_engine::Handle;
use glassbox_io::Result;
use serde::Serialize;

use super::super::text;
use super::warnings::Warnings;
use crate::guest;

/// What is asked for beyond what is always told: it takes longer.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// List what is installed.
    pub packages: bool,
    /// Look for the system's icon.
    pub icon: bool,
}

/// A guest: the disks that were given together.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The images, as they were named.
    pub images: Vec<String>,
    /// Encrypted devices, which nobody looked into.
    pub encrypted: Vec<String>,
    /// All devices that hold something, whether it belongs to an operating system or not.
    pub filesystems: Vec<Filesystem>,
    /// The operating systems on the disks.
    pub operating_systems: Vec<OperatingSystem>,
    /// Why something is missing: a filesystem that isn't read, or is damaged.
    pub warnings: Vec<String>,
}

/// An operating system. What isn't known is `None`.
#[derive(Debug, Serialize)]
pub struct OperatingSystem {
    /// The device of its root filesystem.
    pub root: String,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub distro: Option<String>,
    pub product_name: Option<String>,
    pub product_variant: Option<String>,
    pub major_version: i32,
    pub minor_version: i32,
    pub build_id: Option<String>,
    pub arch: Option<String>,
    pub hostname: Option<String>,
    pub osinfo: Option<String>,
    pub package_format: Option<String>,
    pub package_management: Option<String>,
    pub windows_systemroot: Option<String>,
    pub windows_current_control_set: Option<String>,
    /// Ordered by the length of the path: a mount point is there before what is mounted below it.
    pub mountpoints: Vec<Mountpoint>,
    pub filesystems: Vec<Filesystem>,
    pub drive_mappings: Vec<DriveMapping>,
    /// `None` if nobody asked.
    pub packages: Option<Vec<Package>>,
    /// Its picture, a PNG: in XML alone. `None` if nobody asked, or there is none.
    #[serde(skip)]
    pub icon: Option<Vec<u8>>,
    /// Why something is missing.
    pub warnings: Vec<String>,
}

/// Where the system mounts what.
#[derive(Debug, Serialize)]
pub struct Mountpoint {
    pub path: String,
    pub device: String,
}

/// A filesystem of the system, mounted or not.
#[derive(Debug, Serialize)]
pub struct Filesystem {
    pub device: String,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub label: Option<String>,
    pub uuid: Option<String>,
}

/// A drive letter.
#[derive(Debug, Serialize)]
pub struct DriveMapping {
    pub drive: String,
    pub device: String,
}

/// An installed package or program.
#[derive(Debug, Serialize)]
pub struct Package {
    pub name: String,
    pub epoch: i32,
    pub version: Option<String>,
    pub release: Option<String>,
    pub arch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_package: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Long: it is in XML alone.
    #[serde(skip)]
    pub description: Option<String>,
}

impl Report {
    /// Looks at the guest that `handle` was launched with.
    pub fn gather(handle: &mut Handle, images: Vec<String>, wanted: Wanted) -> Result<Report> {
        let heard = Warnings::listen(handle.events());
        let roots = handle.inspect_os()?;
        let warnings = heard.take();
        let devices = devices(handle)?;
        let filesystems: Vec<_> = devices.iter().map(|device| Filesystem::gather(handle, device.as_ref())).collect();
        let encrypted = filesystems.iter().filter(|filesystem| filesystem.kind.as_deref().is_some_and(is_encrypted));
        let encrypted = encrypted.map(|filesystem| filesystem.device.clone()).collect();
        let systems = roots.iter().map(|root| OperatingSystem::gather(handle, root.as_ref(), wanted, &heard));
        let operating_systems = systems.collect::<Result<_>>()?;
        Ok(Report { images, encrypted, filesystems, operating_systems, warnings })
    }

    /// Those about the disks, and those about each system.
    pub fn all_warnings(&self) -> impl Iterator<Item = &String> {
        self.warnings.iter().chain(self.operating_systems.iter().flat_map(|system| &system.warnings))
    }
}

/// Devices that hold something that is known. `list_filesystems` leaves out LUKS.
fn devices(handle: &mut Handle) -> Result<Vec<BString>> {
    let mut all: Vec<BString> = handle.list_filesystems()?.into_iter().map(|(device, _)| device).collect();
    let places = [handle.list_devices()?, handle.list_partitions()?, handle.lvs()?];
    let more = places.into_iter().flatten().filter(|device| !all.contains(device));
    let encrypted: Vec<BString> = more.filter(|device| has_type(handle, device, is_encrypted)).collect();
    all.retain(|device| has_type(handle, device, |_| true));
    all.extend(encrypted);
    Ok(all)
}

/// A device that has no type, or can't be read, isn't of any.
fn has_type(handle: &mut Handle, device: &BString, is_meant: impl Fn(&str) -> bool) -> bool {
    known(handle.vfs_type(device.as_ref())).is_some_and(|kind| is_meant(&kind))
}

fn is_encrypted(kind: &str) -> bool {
    matches!(kind, "crypto_LUKS" | "BitLocker")
}

impl OperatingSystem {
    fn gather(handle: &mut Handle, root: &BStr, wanted: Wanted, heard: &Warnings) -> Result<OperatingSystem> {
        let inside = Inside::gather(handle, root, wanted, heard);
        let mut mountpoints = handle.inspect_get_mountpoints(root)?;
        mountpoints.sort_by(|(one, _), (two, _)| one.len().cmp(&two.len()).then_with(|| one.cmp(two)));
        let mut filesystems = handle.inspect_get_filesystems(root)?;
        filesystems.sort();
        let drives = handle.inspect_get_drive_mappings(root).unwrap_or_default();
        Ok(OperatingSystem {
            root: text(root),
            kind: known(handle.inspect_get_type(root)),
            distro: known(handle.inspect_get_distro(root)),
            product_name: known(handle.inspect_get_product_name(root)),
            product_variant: known(handle.inspect_get_product_variant(root)),
            major_version: handle.inspect_get_major_version(root)?,
            minor_version: handle.inspect_get_minor_version(root)?,
            build_id: known(handle.inspect_get_build_id(root)),
            arch: known(handle.inspect_get_arch(root)),
            hostname: known(handle.inspect_get_hostname(root)),
            osinfo: known(handle.inspect_get_osinfo(root)),
            package_format: known(handle.inspect_get_package_format(root)),
            package_management: known(handle.inspect_get_package_management(root)),
            windows_systemroot: known(handle.inspect_get_windows_systemroot(root)),
            windows_current_control_set: known(handle.inspect_get_windows_current_control_set(root)),
            mountpoints: mountpoints
                .iter()
                .map(|(path, device)| Mountpoint { path: text(path.as_ref()), device: text(device.as_ref()) })
                .collect(),
            filesystems: filesystems.iter().map(|device| Filesystem::gather(handle, device.as_ref())).collect(),
            drive_mappings: drives
                .iter()
                .map(|(drive, device)| DriveMapping { drive: text(drive.as_ref()), device: text(device.as_ref()) })
                .collect(),
            packages: inside.packages,
            icon: inside.icon,
            // The last: what was asked above may have warned too.
            warnings: heard.take(),
        })
    }
}

/// What is in files of the mounted guest.
#[derive(Default)]
struct Inside {
    packages: Option<Vec<Package>>,
    icon: Option<Vec<u8>>,
}

impl Inside {
    /// Leaves nothing mounted: what else is asked goes below the mounts.
    fn gather(handle: &mut Handle, root: &BStr, wanted: Wanted, heard: &Warnings) -> Inside {
        let mut inside = Inside { packages: wanted.packages.then(Vec::new), icon: None };
        if !wanted.packages && !wanted.icon {
            return inside;
        }
        let read = inside.read(handle, root, wanted, heard);
        if let Err(error) = read.and_then(|()| handle.umount_all()) {
            heard.add(&format!("the files of the system can't be read: {error}"));
        }
        inside
    }

    fn read(&mut self, handle: &mut Handle, root: &BStr, wanted: Wanted, heard: &Warnings) -> Result<()> {
        handle.umount_all()?;
        for (path, device, error) in guest::mount(handle, root, true)?.failed {
            heard.add(&format!("{device} isn't mounted on {path}: {error}"));
        }
        if wanted.packages {
            match handle.inspect_list_applications2(root) {
                Ok(listed) => self.packages = Some(listed.iter().map(Package::new).collect()),
                Err(error) => heard.add(&format!("the packages can't be listed: {error}")),
            }
        }
        if wanted.icon {
            match handle.inspect_get_icon(root, InspectGetIconOpts::default()) {
                Ok(icon) => self.icon = Some(icon).filter(|icon| !icon.is_empty()),
                Err(error) => heard.add(&format!("the icon can't be read: {error}")),
            }
        }
        Ok(())
    }
}

impl Filesystem {
    fn gather(handle: &mut Handle, device: &BStr) -> Filesystem {
        Filesystem {
            device: text(device),
            kind: known(handle.vfs_type(device)),
            label: known(handle.vfs_label(device)),
            uuid: known(handle.vfs_uuid(device)),
        }
    }
}

impl Package {
    fn new(application: &Application2) -> Package {
        let field = |value: &BString| known(Ok(value.clone()));
        Package {
            name: text(application.app2_name.as_ref()),
            epoch: application.app2_epoch,
            version: field(&application.app2_version),
            release: field(&application.app2_release),
            arch: field(&application.app2_arch),
            display_name: field(&application.app2_display_name),
            install_path: field(&application.app2_install_path),
            publisher: field(&application.app2_publisher),
            url: field(&application.app2_url),
            source_package: field(&application.app2_source_package),
            summary: field(&application.app2_summary),
            description: field(&application.app2_description),
        }
    }
}

/// `None` for what isn't there, isn't known, or doesn't apply to this system.
fn known(value: Result<BString>) -> Option<String> {
    value.ok().filter(|value| !value.is_empty() && *value != "unknown").map(|value| text(value.as_ref()))
}

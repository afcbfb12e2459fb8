//! What is told of a guest. [`Report`] is the shape of `--json`, which tools/JSON.md documents.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::structs::Application2;
use glassbox_api::{FilesystemDetect, Inspection, Mounting};
use glassbox_engine::Handle;
use glassbox_io::Result;
use serde::Serialize;

use super::super::text;
use crate::guest;

/// A guest: the disks that were given together.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The images, as they were named.
    pub images: Vec<String>,
    /// Encrypted devices, which nobody looked into.
    pub encrypted: Vec<String>,
    /// The operating systems on the disks.
    pub operating_systems: Vec<OperatingSystem>,
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
    pub fn gather(handle: &mut Handle, images: Vec<String>, packages: bool) -> Result<Report> {
        let roots = handle.inspect_os()?;
        let is_encrypted = |kind: &BStr| matches!(kind.as_bytes(), b"crypto_LUKS" | b"BitLocker");
        let filesystems = handle.list_filesystems()?.into_iter();
        let encrypted = filesystems.filter(|(_, kind)| is_encrypted(kind.as_ref()));
        let encrypted = encrypted.map(|(device, _)| text(device.as_ref())).collect();
        let systems = roots.iter().map(|root| OperatingSystem::gather(handle, root.as_ref(), packages));
        Ok(Report { images, encrypted, operating_systems: systems.collect::<Result<_>>()? })
    }
}

impl OperatingSystem {
    fn gather(handle: &mut Handle, root: &BStr, packages: bool) -> Result<OperatingSystem> {
        let mut warnings = Vec::new();
        let packages = packages.then(|| list_packages(handle, root, &mut warnings));
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
            packages,
            warnings,
        })
    }
}

/// Packages are files of the mounted guest.
fn list_packages(handle: &mut Handle, root: &BStr, warnings: &mut Vec<String>) -> Vec<Package> {
    let mounted = handle.umount_all().and_then(|()| guest::mount(handle, root, true));
    let listed = mounted.and_then(|mounted| {
        let failed = mounted.failed.iter();
        warnings.extend(failed.map(|(path, device, error)| format!("{device} isn't mounted on {path}: {error}")));
        handle.inspect_list_applications2(root)
    });
    let packages = listed.unwrap_or_else(|error| {
        warnings.push(format!("the packages can't be listed: {error}"));
        Vec::new()
    });
    // Reading on goes below the mounts.
    if let Err(error) = handle.umount_all() {
        warnings.push(error.to_string());
    }
    packages.iter().map(Package::new).collect()
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

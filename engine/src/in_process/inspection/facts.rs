//! What inspection finds out about an operating system.

use bstr::BString;

use super::distro::Distro;

/// Which kind of operating system it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OsType {
    Dos,
    FreeBsd,
    Hurd,
    Linux,
    Minix,
    NetBsd,
    OpenBsd,
    Windows,
}

impl OsType {
    /// The name that `inspect_get_type` returns.
    pub fn name(self) -> &'static str {
        match self {
            OsType::Dos => "dos",
            OsType::FreeBsd => "freebsd",
            OsType::Hurd => "hurd",
            OsType::Linux => "linux",
            OsType::Minix => "minix",
            OsType::NetBsd => "netbsd",
            OsType::OpenBsd => "openbsd",
            OsType::Windows => "windows",
        }
    }

    /// Whether it is one of the BSDs, which name disks by slices and label partitions.
    pub fn is_bsd(self) -> bool {
        matches!(self, OsType::FreeBsd | OsType::NetBsd | OsType::OpenBsd)
    }
}

/// The first two numbers of a version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub major: i32,
    pub minor: i32,
}

/// A filesystem that the guest uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FstabEntry {
    /// Its name here: `/dev/sda1`, `btrfsvol:/dev/sda2/root`.
    pub mountable: BString,
    /// Where the guest mounts it; `none` or `swap` for what it doesn't mount.
    pub mountpoint: BString,
}

/// What only Windows has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowsFacts {
    /// The system directory: `/Windows`.
    pub systemroot: Option<BString>,
    /// The path of the hive `HKEY_LOCAL_MACHINE\SOFTWARE`.
    pub software_hive: Option<BString>,
    /// The path of the hive `HKEY_LOCAL_MACHINE\SYSTEM`.
    pub system_hive: Option<BString>,
    /// `ControlSet001`.
    pub current_control_set: Option<BString>,
    /// Whether it has group policies.
    pub group_policy: Option<bool>,
}

/// All that is known of an operating system, from one filesystem or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub os_type: Option<OsType>,
    pub distro: Option<Distro>,
    /// The kind of its packages: `deb`.
    pub package_format: Option<&'static str>,
    /// The tool that manages them: `apt`.
    pub package_management: Option<&'static str>,
    /// Its name for people.
    pub product_name: Option<BString>,
    /// `Server`, `Client`.
    pub product_variant: Option<BString>,
    pub version: Option<Version>,
    /// As `file_architecture` names it.
    pub arch: Option<BString>,
    pub hostname: Option<BString>,
    pub build_id: Option<BString>,
    /// In the order of the guest's table.
    pub fstab: Vec<FstabEntry>,
    pub windows: WindowsFacts,
    /// Drive letters and the devices that they mean.
    pub drive_mappings: Vec<(BString, BString)>,
}

impl Facts {
    /// Nothing but the kind of operating system.
    pub fn of(os_type: OsType) -> Self {
        Facts { os_type: Some(os_type), ..Facts::default() }
    }

    /// Adds what another filesystem of the same system tells, where this one doesn't know.
    pub fn complete_from(&mut self, other: &Facts) {
        fn complete<T: Clone>(mine: &mut Option<T>, theirs: &Option<T>) {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        }
        complete(&mut self.os_type, &other.os_type);
        complete(&mut self.distro, &other.distro);
        complete(&mut self.package_format, &other.package_format);
        complete(&mut self.package_management, &other.package_management);
        complete(&mut self.product_name, &other.product_name);
        complete(&mut self.product_variant, &other.product_variant);
        complete(&mut self.version, &other.version);
        complete(&mut self.arch, &other.arch);
        complete(&mut self.hostname, &other.hostname);
        complete(&mut self.build_id, &other.build_id);
        // What the other filesystem mounts comes first, as libguestfs lists it.
        self.fstab.splice(0..0, other.fstab.iter().cloned());
    }
}

/// What a filesystem is to a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// The root of an operating system.
    Root(Box<Facts>),
    /// Its `/usr`, on a filesystem of its own.
    Usr(Box<Facts>),
    /// Swap space.
    Swap,
    /// Anything else that can be mounted.
    Other,
}

/// A filesystem that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// Its name: `/dev/sda1`.
    pub mountable: BString,
    pub role: Role,
}

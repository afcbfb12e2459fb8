//! The distributions that libguestfs knows: one row each, with all that depends on nothing but the distribution.

use bstr::BStr;

use super::facts::Version;

/// A distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distro {
    Alpine,
    Alt,
    Arch,
    Buildroot,
    CentOs,
    Circle,
    Cirros,
    CoreOs,
    Debian,
    Fedora,
    FreeBsd,
    FreeDos,
    Frugalware,
    Gentoo,
    Kali,
    Kylin,
    Mageia,
    Mandriva,
    MeeGo,
    Mint,
    MsDos,
    NeoKylin,
    NetBsd,
    OpenBsd,
    OpenEuler,
    OpenMandriva,
    OpenSuse,
    Oracle,
    Pardus,
    Pld,
    RedHatBased,
    Rhel,
    Rocky,
    Scientific,
    Slackware,
    Sles,
    SuseBased,
    TtyLinux,
    Ubuntu,
    Void,
    Windows,
}

/// What manages the packages of a distribution.
#[derive(Clone, Copy)]
enum Manager {
    /// Always this, if any.
    Always(Option<&'static str>),
    /// `yum`, and from Fedora 22 on `dnf` where it is installed.
    Fedora,
    /// `up2date`, from the 5th release on `yum`, from the 8th `dnf`.
    Enterprise,
}

use Manager::{Always, Enterprise, Fedora};

/// One distribution.
struct Row {
    distro: Distro,
    /// The name that `inspect_get_distro` returns.
    name: &'static str,
    /// What `ID=` in os-release says.
    ids: &'static [&'static str],
    /// What `DISTRIB_ID=` in lsb-release says.
    lsb_id: &'static str,
    format: Option<&'static str>,
    manager: Manager,
}

const fn row(
    distro: Distro,
    name: &'static str,
    ids: &'static [&'static str],
    lsb_id: &'static str,
    format: Option<&'static str>,
    manager: Manager,
) -> Row {
    Row { distro, name, ids, lsb_id, format, manager }
}

const APK: Option<&str> = Some("apk");
const APT: Option<&str> = Some("apt");
const DEB: Option<&str> = Some("deb");
const DNF: Option<&str> = Some("dnf");
const EBUILD: Option<&str> = Some("ebuild");
const PACMAN: Option<&str> = Some("pacman");
const PISI: Option<&str> = Some("pisi");
const PORTAGE: Option<&str> = Some("portage");
const RPM: Option<&str> = Some("rpm");
const URPMI: Option<&str> = Some("urpmi");
const XBPS: Option<&str> = Some("xbps");
const YUM: Option<&str> = Some("yum");
const ZYPPER: Option<&str> = Some("zypper");

#[rustfmt::skip]
static ROWS: [Row; 41] = [
    row(Distro::Alpine,       "alpinelinux",     &["alpine"],       "",          APK,    Always(APK)),
    row(Distro::Alt,          "altlinux",        &["altlinux"],     "",          RPM,    Always(APT)),
    row(Distro::Arch,         "archlinux",       &["arch"],         "",          PACMAN, Always(PACMAN)),
    row(Distro::Buildroot,    "buildroot",       &[],               "",          None,   Always(None)),
    row(Distro::CentOs,       "centos",          &["centos"],       "",          RPM,    Enterprise),
    row(Distro::Circle,       "circle",          &["circle"],       "",          RPM,    Enterprise),
    row(Distro::Cirros,       "cirros",          &[],               "",          None,   Always(None)),
    row(Distro::CoreOs,       "coreos",          &["coreos"],       "CoreOS",    None,   Always(None)),
    row(Distro::Debian,       "debian",          &["debian"],       "",          DEB,    Always(APT)),
    row(Distro::Fedora,       "fedora",          &["fedora"],       "",          RPM,    Fedora),
    row(Distro::FreeBsd,      "freebsd",         &[],               "",          None,   Always(None)),
    row(Distro::FreeDos,      "freedos",         &[],               "",          None,   Always(None)),
    row(Distro::Frugalware,   "frugalware",      &["frugalware"],   "",          None,   Always(None)),
    row(Distro::Gentoo,       "gentoo",          &["gentoo"],       "",          EBUILD, Always(PORTAGE)),
    row(Distro::Kali,         "kalilinux",       &["kali"],         "",          DEB,    Always(APT)),
    row(Distro::Kylin,        "kylin",           &["kylin"],        "",          DEB,    Always(APT)),
    row(Distro::Mageia,       "mageia",          &["mageia"],       "Mageia",    RPM,    Always(URPMI)),
    row(Distro::Mandriva,     "mandriva",        &[],          "MandrivaLinux",  RPM,    Always(URPMI)),
    row(Distro::MeeGo,        "meego",           &[],               "",          RPM,    Always(YUM)),
    row(Distro::Mint,         "linuxmint",       &[],               "LinuxMint", DEB,    Always(APT)),
    row(Distro::MsDos,        "msdos",           &[],               "",          None,   Always(None)),
    row(Distro::NeoKylin,     "neokylin",        &["neokylin"],     "",          RPM,    Always(DNF)),
    row(Distro::NetBsd,       "netbsd",          &[],               "",          None,   Always(None)),
    row(Distro::OpenBsd,      "openbsd",         &[],               "",          None,   Always(None)),
    row(Distro::OpenEuler,    "openeuler",       &["openEuler"],    "",          RPM,    Always(DNF)),
    row(Distro::OpenMandriva, "openmandriva",    &["openmandriva"], "",          RPM,    Always(DNF)),
    row(Distro::OpenSuse,     "opensuse",        &["opensuse"],     "",          RPM,    Always(ZYPPER)),
    row(Distro::Oracle,       "oraclelinux",     &[],               "",          RPM,    Enterprise),
    row(Distro::Pardus,       "pardus",          &["pardus"],       "",          PISI,   Always(PISI)),
    row(Distro::Pld,          "pldlinux",        &["pld"],          "",          None,   Always(None)),
    row(Distro::RedHatBased,  "redhat-based",    &[],               "",          RPM,    Enterprise),
    row(Distro::Rhel,         "rhel",            &["rhel"],         "",          RPM,    Enterprise),
    row(Distro::Rocky,        "rocky",           &["rocky"],        "",          RPM,    Enterprise),
    row(Distro::Scientific,   "scientificlinux", &[],               "",          RPM,    Enterprise),
    row(Distro::Slackware,    "slackware",       &[],               "",          None,   Always(None)),
    row(Distro::Sles,         "sles",            &["sles", "sled"], "",          RPM,    Always(ZYPPER)),
    row(Distro::SuseBased,    "suse-based",      &[],               "",          RPM,    Always(ZYPPER)),
    row(Distro::TtyLinux,     "ttylinux",        &[],               "",          None,   Always(None)),
    row(Distro::Ubuntu,       "ubuntu",          &["ubuntu"],       "Ubuntu",    DEB,    Always(APT)),
    row(Distro::Void,         "voidlinux",       &["void"],         "",          XBPS,   Always(XBPS)),
    row(Distro::Windows,      "windows",         &[],               "",          None,   Always(None)),
];

impl Distro {
    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The distribution whose os-release says `ID=id`.
    pub fn from_os_release_id(id: &BStr) -> Option<Distro> {
        if id.starts_with(b"opensuse-") {
            return Some(Distro::OpenSuse);
        }
        ROWS.iter().find(|row| row.ids.iter().any(|known| id == *known)).map(|row| row.distro)
    }

    /// The distribution whose lsb-release says `DISTRIB_ID=id`.
    pub fn from_lsb_id(id: &BStr) -> Option<Distro> {
        ROWS.iter().find(|row| !id.is_empty() && id == row.lsb_id).map(|row| row.distro)
    }

    /// The name that `inspect_get_distro` returns.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The kind of its packages, if it has any.
    pub fn package_format(self) -> Option<&'static str> {
        self.row().format
    }

    /// The tool that manages the packages of its release `version`. `has_dnf` tells whether dnf is installed.
    pub fn package_management(self, version: Option<Version>, has_dnf: impl FnOnce() -> bool) -> Option<&'static str> {
        let major = version.unwrap_or_default().major;
        match self.row().manager {
            Always(manager) => manager,
            Fedora if major >= 22 && has_dnf() => DNF,
            Fedora if major >= 1 => YUM,
            Enterprise if major >= 8 => DNF,
            Enterprise if major >= 5 => YUM,
            Enterprise if major >= 2 => Some("up2date"),
            // The version isn't known.
            Fedora | Enterprise => None,
        }
    }

    /// Whether it has no versions, only the present one.
    pub fn is_rolling(self) -> bool {
        matches!(self, Distro::Arch | Distro::Gentoo | Distro::Void)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_distributions() {
        for (index, row) in ROWS.iter().enumerate() {
            assert_eq!(row.distro as usize, index, "{}", row.name);
        }
    }
}

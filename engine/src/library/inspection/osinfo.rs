//! Short identifiers of the libosinfo database: `debian12`, `win2k19`.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::Inspection;
use glassbox_io::Result;

use crate::handle::Handle;

/// The first build of Windows 11; it is version 10.0, as Windows 10 is.
const FIRST_WINDOWS_11_BUILD: u32 = 22000;

/// The identifier of the system whose root filesystem is `root`; `unknown` if the database has none that fits.
pub fn short_id(g: &mut Handle, root: &BStr) -> Result<BString> {
    let os_type = g.inspect_get_type(root)?;
    let distro = g.inspect_get_distro(root)?;
    let major = g.inspect_get_major_version(root)?;
    let minor = g.inspect_get_minor_version(root)?;
    let id = match os_type.as_slice() {
        b"linux" => linux(distro.as_bstr(), major, minor),
        b"freebsd" | b"netbsd" | b"openbsd" => Some(format!("{distro}{major}.{minor}")),
        b"dos" if distro == "msdos" => Some("msdos6.22".into()),
        b"windows" => {
            let name = g.inspect_get_product_name(root)?;
            let variant = g.inspect_get_product_variant(root)?;
            let build = g.inspect_get_build_id(root)?;
            let server = variant.contains_str("Server");
            windows(major, minor, name.as_bstr(), server, build.as_bstr()).map(str::to_owned)
        }
        _ => None,
    };
    Ok(id.map_or_else(|| "unknown".into(), BString::from))
}

fn linux(distro: &BStr, major: i32, minor: i32) -> Option<String> {
    match distro.as_bytes() {
        b"centos" | b"circle" | b"rocky" if major >= 8 => Some(format!("{distro}{major}")),
        b"centos" if major == 7 => Some("centos7.0".into()),
        b"debian" if major >= 4 => Some(format!("debian{major}")),
        b"fedora" | b"mageia" => Some(format!("{distro}{major}")),
        b"sles" if minor == 0 => Some(format!("sles{major}")),
        b"sles" => Some(format!("sles{major}sp{minor}")),
        b"ubuntu" => Some(format!("ubuntu{major}.{minor:02}")),
        // Rolling: the database has one entry for all of each.
        b"archlinux" | b"gentoo" | b"voidlinux" => Some(distro.to_string()),
        b"altlinux" if major >= 8 => Some(format!("alt{major}.{minor}")),
        b"unknown" => None,
        _ if major > 0 || minor > 0 => Some(format!("{distro}{major}.{minor}")),
        _ => None,
    }
}

fn windows(major: i32, minor: i32, name: &BStr, server: bool, build: &BStr) -> Option<&'static str> {
    let either = |for_server, for_client| Some(if server { for_server } else { for_client });
    match (major, minor) {
        (5, 1) => Some("winxp"),
        (5, 2) if name.contains_str("XP") => Some("winxp"),
        (5, 2) if name.contains_str("R2") => Some("win2k3r2"),
        (5, 2) => Some("win2k3"),
        (6, 0) => either("win2k8", "winvista"),
        (6, 1) => either("win2k8r2", "win7"),
        (6, 2) => either("win2k12", "win8"),
        (6, 3) => either("win2k12r2", "win8.1"),
        (10, 0) if server => {
            let years = [("2025", "win2k25"), ("2022", "win2k22"), ("2019", "win2k19")];
            let known = years.into_iter().find(|(year, _)| name.contains_str(year));
            Some(known.map_or("win2k16", |(_, id)| id))
        }
        (10, 0) => {
            let build = build.to_str().ok().and_then(|build| build.parse::<u32>().ok());
            Some(if build.is_some_and(|build| build >= FIRST_WINDOWS_11_BUILD) { "win11" } else { "win10" })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_is_told_apart_by_variant_name_and_build() {
        let id = |major, minor, name: &str, server, build: &str| {
            windows(major, minor, name.into(), server, build.into()).unwrap_or("unknown")
        };
        assert_eq!(id(5, 2, "Windows Server 2003 R2", true, ""), "win2k3r2");
        assert_eq!(id(6, 1, "Windows 7 Professional", false, "7601"), "win7");
        assert_eq!(id(6, 3, "Windows Server 2012 R2 Standard", true, "9600"), "win2k12r2");
        assert_eq!(id(10, 0, "Windows Server 2025 Datacenter", true, "26100"), "win2k25");
        assert_eq!(id(10, 0, "Windows Server 2016 Standard", true, "14393"), "win2k16");
        assert_eq!(id(10, 0, "Windows 10 Pro", false, "19045"), "win10");
        assert_eq!(id(10, 0, "Windows 10 Pro", false, "22631"), "win11");
        assert_eq!(id(4, 0, "Windows NT", true, ""), "unknown");
    }
}

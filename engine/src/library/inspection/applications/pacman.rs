//! Arch's packages.

use bstr::BString;
use glassbox_api::structs::Application2;
use glassbox_io::Result;
use glassbox_packages::pacman::Package;

use super::version::Version;
use super::{directories, read_if_any};
use crate::handle::Handle;

const LOCAL: &str = "/var/lib/pacman/local";

pub(super) fn list(g: &mut Handle) -> Result<Vec<Application2>> {
    let mut applications = Vec::new();
    for directory in directories(g, LOCAL.into())? {
        let path = BString::from([LOCAL.as_bytes(), b"/", &directory, b"/desc"].concat());
        let package = read_if_any(g, path.as_ref()).and_then(|desc| Package::parse(&desc));
        applications.extend(package.and_then(application));
    }
    Ok(applications)
}

/// A version without a release isn't Arch's.
fn application(package: Package) -> Option<Application2> {
    let Version { epoch, version, release } = Version::parse(package.version.as_ref())?;
    (!version.is_empty() && !release.is_empty()).then(|| Application2 {
        app2_epoch: epoch,
        app2_version: version.to_owned(),
        app2_release: release.to_owned(),
        app2_name: package.name,
        app2_arch: package.architecture,
        app2_url: package.url,
        app2_description: package.description,
        ..Application2::default()
    })
}

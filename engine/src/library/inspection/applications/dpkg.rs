//! Debian's packages.

use bstr::ByteSlice;
use glassbox_api::structs::Application2;
use glassbox_io::Result;
use glassbox_packages::dpkg::{self, Package};

use super::version::Version;
use super::{LARGEST_DATABASE, read};
use crate::handle::Handle;

pub(super) fn list(g: &mut Handle) -> Result<Vec<Application2>> {
    let status = read(g, "/var/lib/dpkg/status".into(), LARGEST_DATABASE)?;
    Ok(dpkg::packages(&status).filter_map(application).collect())
}

/// What is installed or half-installed counts, whatever was wanted; a removed package's configuration doesn't.
fn application(package: Package) -> Option<Application2> {
    let counts = package.status.contains_str("installed") && !package.version.is_empty();
    let Version { epoch, version, release } = Version::parse(package.version.as_ref()).filter(|_| counts)?;
    Some(Application2 {
        app2_epoch: epoch,
        app2_version: version.to_owned(),
        app2_release: release.to_owned(),
        app2_source_package: package.source_name().to_owned(),
        app2_name: package.name,
        app2_arch: package.architecture,
        app2_url: package.homepage,
        app2_summary: package.summary,
        app2_description: package.description,
        ..Application2::default()
    })
}

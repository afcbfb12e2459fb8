//! Alpine's packages.

use glassbox_api::structs::Application2;
use glassbox_io::Result;
use glassbox_packages::apk::{self, Package};

use super::version::Version;
use super::{LARGEST_DATABASE, read};
use crate::handle::Handle;

pub(super) fn list(g: &mut Handle) -> Result<Vec<Application2>> {
    let installed = read(g, "/lib/apk/db/installed".into(), LARGEST_DATABASE)?;
    Ok(apk::packages(&installed).filter_map(application).collect())
}

fn application(package: Package) -> Option<Application2> {
    let parts = Version::parse(package.version.as_ref()).filter(|_| !package.version.is_empty())?;
    // Revisions are written `r4`.
    let release = parts.release.strip_prefix(b"r").unwrap_or(parts.release);
    Some(Application2 {
        app2_epoch: parts.epoch,
        app2_version: parts.version.to_owned(),
        app2_release: release.into(),
        app2_name: package.name,
        app2_arch: package.architecture,
        app2_url: package.url,
        app2_description: package.description,
        ..Application2::default()
    })
}

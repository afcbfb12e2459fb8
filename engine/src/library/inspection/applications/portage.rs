//! Gentoo's packages, which libguestfs doesn't list: they are named as Gentoo names them, with their category.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::structs::Application2;
use glassbox_io::Result;
use glassbox_packages::portage::Package;

use super::{directories, read_if_any};
use crate::handle::Handle;

const DATABASE: &str = "/var/db/pkg";

pub(super) fn list(g: &mut Handle) -> Result<Vec<Application2>> {
    let mut applications = Vec::new();
    for category in directories(g, DATABASE.into())? {
        let folder = join(DATABASE.into(), category.as_ref());
        for pf in directories(g, folder.as_ref())? {
            let folder = join(folder.as_ref(), pf.as_ref());
            let read = |file: &str| Ok(read_if_any(g, join(folder.as_ref(), file.into()).as_ref()));
            applications.extend(Package::read(category.as_ref(), pf.as_ref(), read)?.map(application));
        }
    }
    Ok(applications)
}

fn application(package: Package) -> Application2 {
    let first_word = |words: &BStr, separator: &[u8]| words.split_str(separator).next().unwrap_or_default().into();
    Application2 {
        app2_name: join(package.category.as_ref(), package.name.as_ref()),
        app2_version: package.version,
        app2_release: package.revision,
        app2_arch: first_word(package.host.as_ref(), b"-"),
        app2_url: first_word(package.homepage.as_ref(), b" "),
        app2_summary: package.description,
        ..Application2::default()
    }
}

fn join(folder: &BStr, name: &BStr) -> BString {
    [folder.as_bytes(), b"/", name].concat().into()
}

//! The packages of an RPM database of the mounted guest.

use bstr::{BString, ByteSlice};
use glassbox_api::structs::Application2;
use glassbox_io::{Errno, Error, Result};
use glassbox_packages::Listing;
use glassbox_packages::rpm::{Database, Form, Package};

use crate::in_process::InProcess;

/// Where distributions have the database. rpm itself asks the guest's macros; what distributions set in them are these.
/// The first is Fedora's and SUSE's today, the second everybody's before, the third that of images made by rpm-ostree.
const FOLDERS: [&str; 3] = ["/usr/lib/sysimage/rpm", "/var/lib/rpm", "/usr/share/rpm"];

/// All packages, in the reverse of the database's order and then by name, as libguestfs lists them.
pub(super) fn list(engine: &InProcess) -> Result<Vec<Application2>> {
    let mut failed = None;
    for folder in FOLDERS {
        for form in Form::ALL {
            match database(engine, folder, form) {
                Ok(listing) => {
                    warn(engine, &format!("{folder}/{}", form.file_name()), &listing);
                    let mut packages = listing.packages;
                    packages.reverse();
                    packages.sort_by(|one, other| one.name.cmp(&other.name));
                    return Ok(packages.into_iter().map(application).collect());
                }
                Err(error) if matches!(error.errno(), Errno::ENOENT | Errno::ENOTDIR) => {}
                // Another form may be there, and be whole.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
    }
    Err(failed.unwrap_or_else(|| Error::os_with(Errno::ENOENT, "no RPM database was found in the mounted guest")))
}

/// Tells what of the database isn't listed.
fn warn(engine: &InProcess, file: &str, listing: &Listing<Package>) {
    for warning in &listing.warnings {
        engine.warn(&format!("listing applications: {file}: {warning}"));
    }
    let untold = listing.warning_count.saturating_sub(listing.warnings.len());
    if untold > 0 {
        engine.warn(&format!("listing applications: {file}: {untold} more like these"));
    }
}

/// Not through a cache: no page is needed twice, and most of each header's pages never (a third of the time, measured).
fn database(engine: &InProcess, folder: &str, form: Form) -> Result<Listing<Package>> {
    let path = |name: &str| BString::from(format!("{folder}/{name}"));
    engine.with_file(path(form.file_name()).as_bstr(), |file| {
        let alone = || Database::open(file, None)?.packages();
        let Some(log) = form.log_name().map(path) else { return alone() };
        let both = engine.with_file(log.as_bstr(), |log| Database::open(file, Some(log))?.packages());
        both.or_else(|error| {
            if error.errno() != Errno::ENOENT {
                engine.warn(&format!("listing applications: {error}"));
            }
            alone()
        })
    })
}

/// What a package lacks is written as rpm itself writes it.
fn application(package: Package) -> Application2 {
    let or_none = |text: Option<BString>| text.unwrap_or_else(|| "(none)".into());
    Application2 {
        app2_name: package.name,
        // As large epochs as that would be negative in libguestfs, too.
        app2_epoch: package.epoch.unwrap_or_default().cast_signed(),
        app2_version: package.version,
        app2_release: package.release,
        app2_arch: or_none(package.arch),
        app2_url: or_none(package.url),
        app2_summary: or_none(package.summary),
        app2_description: or_none(package.description),
        ..Application2::default()
    }
}

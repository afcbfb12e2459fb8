//! What is installed in a guest, from the databases of its package manager. The guest must be mounted: other than the
//! rest of inspection, this reads files of the mounted system, as libguestfs does.

mod apk;
mod dpkg;
mod pacman;
mod portage;
mod version;
mod windows;

use bstr::{BStr, BString};
use glassbox_api::structs::{Application, Application2};
use glassbox_api::{FilesRead, Inspection};
use glassbox_io::{Errno, Error, Result};

use crate::handle::Handle;

/// The largest database that is read whole, in bytes: twenty times that of a system with 10,000 packages.
const LARGEST_DATABASE: i64 = 50_000_000;
/// The largest file about one package, in bytes. A few lists of dependencies are longer than 8 KiB, where libguestfs
/// gives up.
const LARGEST_DESCRIPTION: i64 = 1 << 20;

/// The programs of the guest whose root filesystem is `root`, by name; none where it isn't known how it keeps them.
pub fn list(g: &mut Handle, root: &BStr) -> Result<Vec<Application2>> {
    let os_type = g.inspect_get_type(root)?;
    let format = g.inspect_get_package_format(root)?;
    let mut applications = match (os_type.as_slice(), format.as_slice()) {
        (b"linux" | b"hurd", b"deb") => dpkg::list(g)?,
        (b"linux" | b"hurd", b"rpm") => g.internal_list_rpm_applications()?,
        (b"linux" | b"hurd", b"apk") => apk::list(g)?,
        (b"linux" | b"hurd", b"pacman") => pacman::list(g)?,
        (b"linux" | b"hurd", b"ebuild") => portage::list(g)?,
        (b"windows", _) => windows::list(g, root)?,
        _ => Vec::new(),
    };
    // Stable: versions of one package that are installed side by side stay in the database's order.
    applications.sort_by(|one, other| one.app2_name.cmp(&other.app2_name));
    Ok(applications)
}

/// The contents of a file of the guest, of at most `largest` bytes.
fn read(g: &mut Handle, path: &BStr, largest: i64) -> Result<Vec<u8>> {
    let size = g.filesize(path)?;
    if size > largest {
        return Err(Error::os_with(Errno::EFBIG, format!("{size} bytes are too many for what it is")).at_path(path));
    }
    g.read_file(path)
}

/// The same about a file that may be missing, or unreadable: then the answer is poorer, and a warning says so.
fn read_if_any(g: &mut Handle, path: &BStr) -> Option<Vec<u8>> {
    match read(g, path, LARGEST_DESCRIPTION) {
        Ok(contents) => Some(contents),
        Err(error) => {
            if error.errno() != Errno::ENOENT {
                g.warn(&format!("listing applications: {error}"));
            }
            None
        }
    }
}

/// The names of the directories in a directory, in its order.
fn directories(g: &mut Handle, path: &BStr) -> Result<Vec<BString>> {
    let entries = g.readdir(path)?.into_iter();
    let directories = entries.filter(|entry| entry.ftyp == b'd' && entry.name != "." && entry.name != "..");
    Ok(directories.map(|entry| entry.name).collect())
}

/// The older, shorter form.
pub fn without_architecture(application: Application2) -> Application {
    Application {
        app_name: application.app2_name,
        app_display_name: application.app2_display_name,
        app_epoch: application.app2_epoch,
        app_version: application.app2_version,
        app_release: application.app2_release,
        app_install_path: application.app2_install_path,
        app_trans_path: application.app2_trans_path,
        app_publisher: application.app2_publisher,
        app_url: application.app2_url,
        app_source_package: application.app2_source_package,
        app_summary: application.app2_summary,
        app_description: application.app2_description,
    }
}

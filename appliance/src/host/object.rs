//! The ELF object that holds the daemon. Mostly it is the one that holds this code, be it the program, a shared library or
//! another language's module: then the appliance carries it as it is.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use bstr::ByteSlice;
use glassbox_io::{Errno, Error, Result, ResultExt};

const MAPS: &str = "/proc/self/maps";
/// What the kernel appends to the name of a file that was removed or replaced.
const DELETED: &[u8] = b" (deleted)";

/// Whether the object that holds this code holds the daemon too.
static CARRIES_DAEMON: AtomicBool = AtomicBool::new(false);
/// The program that holds it wherever Glassbox is installed.
const PROGRAM: &str = "glassbox";

/// Tells that the object that holds this code becomes the daemon when it is an appliance's first process.
pub fn carry_daemon() {
    CARRIES_DAEMON.store(true, Ordering::Relaxed);
}

/// The object that holds the daemon: this one, or the installed program. *Unsupported* if there is none: any other object
/// would be started as an appliance's first process and be nothing of the kind.
pub(crate) fn daemon() -> Result<PathBuf> {
    if CARRIES_DAEMON.load(Ordering::Relaxed) {
        return path();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let installed =
        std::env::split_paths(&folders).map(|folder| folder.join(PROGRAM)).find(|program| program.is_file());
    installed.ok_or_else(|| {
        Error::unsupported(
            "this program doesn't carry the appliance's daemon: link glassbox-compat-daemon and call its entry::link, \
             or have the program glassbox in PATH",
        )
    })
}

/// Where the object that holds this code is.
fn path() -> Result<PathBuf> {
    let maps = fs::read(MAPS).at_path(MAPS)?;
    let path = mapped_at(&maps, path as fn() -> Result<PathBuf> as usize)
        .ok_or_else(|| Error::os_with(Errno::ENOENT, "the file that this program was loaded from isn't known"))?;
    match path.strip_suffix(DELETED) {
        None => Ok(Path::new(OsStr::from_bytes(path)).to_owned()),
        Some(path) => {
            let message = "the program was replaced while it ran; start it again";
            Err(Error::os_with(Errno::ESTALE, message).at_path(path))
        }
    }
}

/// The file whose mapping holds `address`. A line is `start-end perms offset device inode  path` (proc(5)).
fn mapped_at(maps: &[u8], address: usize) -> Option<&[u8]> {
    maps.lines().find_map(|line| {
        let (range, rest) = line.to_str().ok()?.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let parse = |text| usize::from_str_radix(text, 16).ok();
        if !(parse(start)?..parse(end)?).contains(&address) {
            return None;
        }
        let path = rest.find('/')?;
        Some(&rest.as_bytes()[path..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_in_its_program() {
        assert_eq!(path().unwrap(), std::env::current_exe().unwrap());
    }

    #[test]
    fn lines_of_maps_are_understood() {
        let maps = b"1000-2000 r-xp 00000000 00:00 0 \n2000-3000 r-xp 00001000 fe:00 12   /opt/a b.so (deleted)\n";
        assert_eq!(mapped_at(maps, 0x1fff), None);
        assert_eq!(mapped_at(maps, 0x2000), Some(&b"/opt/a b.so (deleted)"[..]));
        assert_eq!(mapped_at(maps, 0x3000), None);
    }
}

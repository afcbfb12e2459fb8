//! Kernel modules, in the order in which the appliance's builder listed them.

use std::fs::File;
use std::path::Path;

use rustix::cstr;

/// Loads every module that the list names, one path a line, each below `root`. What can't be loaded is told on the
/// console: whoever needs it fails later and says so.
pub fn load_all(root: &Path, list: &str) {
    let Ok(text) = std::fs::read_to_string(root.join(list)) else { return };
    for line in text.lines().filter(|line| !line.is_empty()) {
        let path = root.join(line.trim_start_matches('/'));
        if let Err(error) = load(&path) {
            eprintln!("guestfsd: {}: {error}", path.display());
        }
    }
}

fn load(path: &Path) -> std::io::Result<()> {
    let module = File::open(path)?;
    match rustix::system::finit_module(&module, cstr!(""), 0) {
        // Built in, or loaded already.
        Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

//! Kernel modules, in the order in which the appliance's builder listed them.

use std::fs::File;

use rustix::cstr;

/// Loads every module that the list names, one absolute path a line. What can't be loaded is told on the console: whoever
/// needs it fails later and says so.
pub fn load_all(list: &str) {
    let Ok(text) = std::fs::read_to_string(list) else { return };
    for path in text.lines() {
        if let Err(error) = load(path) {
            eprintln!("guestfsd: {path}: {error}");
        }
    }
}

fn load(path: &str) -> std::io::Result<()> {
    let module = File::open(path)?;
    match rustix::system::finit_module(&module, cstr!(""), 0) {
        // Built in, or loaded already.
        Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

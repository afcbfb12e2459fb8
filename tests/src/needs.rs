//! What a test needs of the host that not every host has.

use std::path::Path;

/// Runs an appliance.
pub const QEMU: &str = "qemu-system-x86_64";

/// Real libguestfs, through the program of it that every installation has.
pub const GUESTFISH: &str = "/usr/bin/guestfish";

/// Real libguestfs for Python.
pub const PYTHON_GUESTFS: &str = "/usr/lib/python3/dist-packages/guestfs.py";

/// Whether these programs, or files with a whole path, are all here. Where one isn't, it is said on stderr that `test` is skipped.
pub fn has_programs(test: &str, programs: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_here = |program: &&&str| std::env::split_paths(&path).any(|folder| folder.join(Path::new(program)).exists());
    match programs.iter().find(|program| !is_here(program)) {
        Some(missing) => {
            eprintln!("SKIPPED: {test}: {missing} isn't installed");
            false
        }
        None => true,
    }
}

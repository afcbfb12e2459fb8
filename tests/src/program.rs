//! The program under test, and the library.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::fixtures::scratch;

/// The `glassbox` program, built now if it isn't: `cargo test -p glassbox-tests` alone doesn't build it.
///
/// # Panics
/// When it can't be built.
pub fn glassbox() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| build(&["--bin", "glassbox"]).join("glassbox"))
}

/// A folder with `libguestfs.so.0` for `LD_LIBRARY_PATH`, built now if it isn't.
///
/// # Panics
/// When it can't be built.
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let built = build(&["-p", "glassbox-capi"]).join("libguestfs.so");
        let folder = scratch("library");
        symlink(built, folder.join("libguestfs.so.0")).expect("a scratch folder takes links");
        folder
    })
}

/// Builds with cargo; the folder of what was built.
fn build(what: &[&str]) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet"]).args(what).current_dir(&workspace);
    // Tests run from target/PROFILE/deps: what was built is beside them.
    let tests = std::env::current_exe().expect("a test knows its program");
    let profile = tests.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    if profile.file_name().is_some_and(|name| name == "release") {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo runs").success(), "{what:?} can't be built");
    profile.to_owned()
}

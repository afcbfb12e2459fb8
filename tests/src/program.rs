//! The program under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The `glassbox` program, built now if it isn't: `cargo test -p glassbox-tests` alone doesn't build it.
///
/// # Panics
/// When it can't be built.
pub fn glassbox() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build.args(["build", "--quiet", "--bin", "glassbox"]).current_dir(&workspace);
        // Tests run from target/PROFILE/deps: the program belongs beside them.
        let tests = std::env::current_exe().expect("a test knows its program");
        let profile = tests.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
        if profile.file_name().is_some_and(|name| name == "release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success(), "glassbox can't be built");
        profile.join("glassbox")
    })
}

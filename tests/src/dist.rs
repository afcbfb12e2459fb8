//! The installed tree, and programs that are compiled and run over its library.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::fixtures::{lock, scratch};
use crate::program::profile;

/// The tree that `cargo xtask dist` makes, built now if it isn't.
///
/// # Panics
/// When it can't be built.
pub fn dist() -> &'static Path {
    static TREE: OnceLock<PathBuf> = OnceLock::new();
    TREE.get_or_init(|| {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let (profile, folder) = profile();
        let tree = folder.join("dist");
        let _lock = lock("dist");
        let mut dist = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        dist.args(["run", "--quiet", "--package", "xtask", "--", "dist", "--profile", &profile]).arg(&tree);
        assert!(dist.current_dir(workspace).status().expect("cargo runs").success(), "there is no tree to test");
        tree
    })
}

/// The folder of the tree's library, for `LD_LIBRARY_PATH`.
pub fn library() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| dist().join("lib"))
}

/// Compiles a C program of `tests/tests/c_abi` as one would against an installed library: through pkg-config.
///
/// # Panics
/// When it can't be compiled, or not without a warning.
pub fn compile(source: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c_abi");
    let program = scratch(&format!("c-abi-{source}")).join(source.trim_end_matches(".c"));
    let mut cc = Command::new("cc");
    cc.args(["-g", "-pthread", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&program).arg(folder.join(source));
    expect_success(cc.args(pkg_config()));
    program
}

/// What pkg-config says to a compiler.
pub fn pkg_config() -> Vec<String> {
    let mut query = Command::new("pkg-config");
    query.args(["--cflags", "--libs", "libguestfs"]).env("PKG_CONFIG_PATH", dist().join("lib/pkgconfig"));
    let output = expect_success(&mut query);
    String::from_utf8(output.stdout).expect("flags are text").split_whitespace().map(str::to_owned).collect()
}

/// The same program over our library, through `glassbox run`.
pub fn over_ours(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(dist().join("bin/glassbox"));
    command.args(["run", "--"]).arg(program);
    command
}

/// Runs it.
///
/// # Panics
/// When it fails; with what it printed.
pub fn expect_success(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

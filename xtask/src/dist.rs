//! `cargo xtask dist`: the tree that an installation is.

use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Builds with `profile` and copies what was built to `directory`.
pub fn dist(directory: &Path, profile: &str) -> Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let built = build(&workspace, profile)?;
    let copies = [
        (built.join("glassbox"), "bin/glassbox"),
        (built.join("libguestfs.so"), "lib/libguestfs.so.0"),
        (workspace.join("api/c/include/guestfs.h"), "include/guestfs.h"),
        (workspace.join("api/c/libguestfs.pc"), "lib/pkgconfig/libguestfs.pc"),
        (workspace.join("LICENSE-APACHE"), "share/doc/glassbox/LICENSE-APACHE"),
        (workspace.join("LICENSE-MIT"), "share/doc/glassbox/LICENSE-MIT"),
    ];
    for (from, to) in &copies {
        copy(from, &directory.join(to))?;
    }
    // What the linker looks for, where the loader looks for the soname.
    replace(&directory.join("lib/libguestfs.so"), |link| symlink("libguestfs.so.0", link))
}

/// The directory of what cargo built.
fn build(workspace: &Path, profile: &str) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(workspace).args(["build", "--package", "glassbox", "--package", "glassbox-capi"]);
    if !build.args(["--profile", profile]).status()?.success() {
        return Err("the build failed".into());
    }
    let target = workspace.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    Ok(target.join(if profile == "dev" { "debug" } else { profile }))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().ok_or("a file stands in a directory")?)?;
    replace(to, |to| fs::copy(from, to).map(drop)).map_err(|error| format!("{}: {error}", from.display()).into())
}

/// Makes a file anew beside the old one, and moves it there: programs may be running from it.
fn replace(path: &Path, make: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<()> {
    let new = path.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => make(&new)?,
    }
    Ok(fs::rename(&new, path)?)
}

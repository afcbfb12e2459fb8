//! The program under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use glassbox_api::HandleConfig;
use glassbox_engine::Handle;

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
        let (profile, folder) = profile();
        build.args(["--profile", &profile]);
        assert!(build.status().expect("cargo runs").success(), "glassbox can't be built");
        folder.join("glassbox")
    })
}

/// A handle whose appliance's daemon is this test itself, without KVM, with a cache that all tests share.
pub fn handle_with_appliance() -> Handle {
    glassbox_compat_daemon::entry::link();
    let mut handle = Handle::without_environment();
    // Where cargo has tests write, as `CARGO_TARGET_TMPDIR` tells those that aren't a library's.
    let cache = profile().1.with_file_name("tmp");
    let set = handle.set_cachedir(Some(cache.as_os_str().as_encoded_bytes().into()));
    set.and_then(|()| handle.set_backend_setting("force_tcg".into(), "1".into())).expect("settings can be set");
    handle
}

/// The profile of this test, and the folder of what is built with it: tests run from target/PROFILE/deps.
pub(crate) fn profile() -> (String, PathBuf) {
    let test = std::env::current_exe().expect("a test knows its program");
    let folder = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST").to_owned();
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    (profile.to_owned(), folder)
}

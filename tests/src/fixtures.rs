//! Fixtures: built by a script on first use, then kept; and the corpus of images that other projects publish.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

/// What every fixture script may use, and so what invalidates every fixture when it changes.
const SHARED: [&str; 3] = ["lib.sh", "content.py", "manifest.py"];

/// The folder that `tests/fixtures/NAME.sh` filled; run now if it wasn't yet.
///
/// # Panics
/// When the script fails: a test that can't have its fixture has failed.
pub fn fixture(name: &str) -> PathBuf {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let script = scripts.join(format!("{name}.sh"));
    let mut digest = DefaultHasher::new();
    let helper = Some(scripts.join(format!("{name}.py"))).filter(|helper| helper.exists());
    for file in SHARED.iter().map(|file| scripts.join(file)).chain([script.clone()]).chain(helper) {
        digest.write(&fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())));
    }
    let ready = cache().join(format!("{name}-{:016x}", digest.finish()));
    let _lock = lock(name);
    if ready.is_dir() {
        return ready;
    }
    let partial = ready.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).expect("an abandoned fixture can be removed");
    }
    fs::create_dir_all(&partial).expect("the cache is writable");
    let log = File::create(ready.with_extension("log")).expect("the cache is writable");
    let status = Command::new("bash")
        .arg("-eu")
        .arg(&script)
        .current_dir(&partial)
        .env("OUT", &partial)
        .env("FIXTURES", &scripts)
        .env("LC_ALL", "C.UTF-8")
        .stdin(std::process::Stdio::null())
        .stdout(log.try_clone().expect("a file handle can be copied"))
        .stderr(log)
        .status()
        .expect("bash runs");
    if !status.success() {
        let log = fs::read(ready.with_extension("log")).unwrap_or_default();
        let tail = &log[log.len().saturating_sub(4000)..];
        panic!(
            "fixture {name} can't be built ({status}); it needs root and the packages that ./test installs:\n{}",
            String::from_utf8_lossy(tail)
        );
    }
    fs::rename(&partial, &ready).expect("a finished fixture can be renamed");
    ready
}

/// An image of the corpus beside the repository (`../shared/corpus`), decompressed: `corpus("ext/test_disk1.raw")`.
/// `None`, said on stderr, where the corpus isn't there.
pub fn corpus(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let (packed, program) = [("zst", "zstd"), ("gz", "gzip")]
        .into_iter()
        .map(|(extension, program)| (root.join(format!("{name}.{extension}")), program))
        .find(|(packed, _)| packed.exists())
        .or_else(|| {
            eprintln!("SKIPPED: the corpus image {name} is not beside the repository");
            None
        })?;
    let ready = cache().join("corpus").join(name);
    let _lock = lock("corpus");
    if !ready.exists() {
        fs::create_dir_all(ready.parent().expect("a corpus image is in a folder")).expect("the cache is writable");
        let partial = ready.with_extension("partial");
        let output = File::create(&partial).expect("the cache is writable");
        let status = Command::new(program).arg("-dc").arg(&packed).stdout(output).status().expect("it runs");
        assert!(status.success(), "{program} can't unpack {}", packed.display());
        fs::rename(&partial, &ready).expect("an unpacked image can be renamed");
    }
    Some(ready)
}

/// A folder for what a test writes, empty. It stays until another test begins after this one has ended, to be looked at.
pub fn scratch(name: &str) -> PathBuf {
    static SWEPT: Once = Once::new();
    let all = cache().join("scratch");
    fs::create_dir_all(&all).expect("the cache is writable");
    SWEPT.call_once(|| sweep(&all));
    let folder = all.join(format!("{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the cache is writable");
    folder
}

/// Removes the folders of tests that have ended: each bears its process's number.
fn sweep(scratch: &Path) {
    let folders = fs::read_dir(scratch).into_iter().flatten().flatten();
    for folder in folders.map(|entry| entry.path()) {
        let name = folder.to_string_lossy();
        let process = name.rsplit('-').next().and_then(|number| number.parse::<u32>().ok());
        if process.is_some_and(|number| !Path::new("/proc").join(number.to_string()).exists()) {
            // Another test may be at it.
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

/// A folder for what is found out once and then kept.
pub fn kept(name: &str) -> PathBuf {
    let folder = cache().join(name);
    fs::create_dir_all(&folder).expect("the cache is writable");
    folder
}

fn cache() -> PathBuf {
    let cache = match std::env::var_os("GLASSBOX_FIXTURES") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fixtures"),
    };
    fs::create_dir_all(&cache).expect("the cache is writable");
    cache.canonicalize().expect("the cache is there")
}

/// Test programs run at the same time; one of them builds. Released when dropped.
pub(crate) fn lock(name: &str) -> File {
    let file = File::create(cache().join(format!("{name}.lock"))).expect("the cache is writable");
    file.lock().expect("a file can be locked");
    file
}

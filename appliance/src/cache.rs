//! Where built appliances are kept: a directory of the user's own, since what is in it is run.
//!
//! ```text
//! glassbox/lock               held while something is built
//! glassbox/appliance-KEY/     kernel, vmlinux, initrd, root; what they were made of; what was missing
//! glassbox/template-KEY/      the memory and the state of a booted appliance
//! glassbox/qemu-KEY           what a qemu can do
//! glassbox/kvm-KEY            that KVM doesn't work with it
//! ```
//!
//! A key is the digest of all that the entry depends on. An entry appears by being renamed, whole.

use std::fs::{self, DirBuilder, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use glassbox_io::{Errno, Error, Result, ResultExt};
use sha2::{Digest, Sha256};

use crate::options::Options;

/// Entries that nobody used for so long are removed.
const KEEP: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// Unfinished entries of builders that died are removed after this time: no build takes as long.
const KEEP_UNFINISHED: Duration = Duration::from_secs(60 * 60);
/// The file in an entry whose time says when it was used.
const USED: &str = "used";
/// What the names of unfinished entries begin with.
const UNFINISHED: &str = "new-";
/// As much of a digest as tells keys apart.
const KEY_BYTES: usize = 16;

/// The directory of built appliances.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
}

/// An entry, as `info` lists it.
#[derive(Debug)]
pub struct Listed {
    /// Its path.
    pub path: PathBuf,
    /// The bytes that it takes on the disk.
    pub size: u64,
    /// When it was last used.
    pub used: SystemTime,
}

impl Cache {
    /// Opens the user's cache, which is made if it isn't there: `LIBGUESTFS_CACHEDIR`, `XDG_CACHE_HOME`, `~/.cache` or
    /// `/var/tmp`, the first that can be written.
    pub fn open(options: &Options) -> Result<Cache> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let shared = format!("glassbox-{}", rustix::process::geteuid().as_raw());
        if let Some(named) = options.cache.clone().or_else(|| variable("LIBGUESTFS_CACHEDIR")) {
            return Cache::open_at(named.join(shared));
        }
        let own = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
        let own = own.filter(|directory| directory.is_absolute()).map(|directory| directory.join("glassbox"));
        let mut first = None;
        for directory in own.into_iter().chain([Path::new("/var/tmp").join(shared)]) {
            match Cache::open_at(directory) {
                Ok(cache) => return Ok(cache),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| Error::os(Errno::ENOENT)))
    }

    fn open_at(directory: PathBuf) -> Result<Cache> {
        let make = || -> Result<()> {
            if let Some(parent) = directory.parent() {
                fs::create_dir_all(parent)?;
            }
            match DirBuilder::new().mode(0o700).create(&directory) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error.into()),
                _ => {}
            }
            rustix::fs::access(&directory, rustix::fs::Access::WRITE_OK).map_err(std::io::Error::from)?;
            Ok(())
        };
        make().map_err(|error| {
            let message =
                format!("the appliance is kept here, but {error}; set LIBGUESTFS_CACHEDIR to a directory of yours");
            Error::os_with(error.errno(), message).at_file(&directory)
        })?;
        check_private(&directory)?;
        Ok(Cache { directory })
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The path of an entry.
    pub(crate) fn entry(&self, kind: &str, key: &Key) -> PathBuf {
        self.directory.join(format!("{kind}-{}", key.0))
    }

    /// Waits until nobody else builds, and keeps others from it while the answer lives.
    pub(crate) fn lock(&self) -> Result<File> {
        let path = self.directory.join("lock");
        let file = File::options().create(true).append(true).open(&path).at_file(&path)?;
        file.lock().at_file(&path)?;
        Ok(file)
    }

    /// Makes the entry at `path`: `build` fills a directory, which then gets that name. The caller holds the lock.
    pub(crate) fn build<T>(&self, path: &Path, build: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
        let new = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(&self.directory)?;
        let built = build(new.path()).map_err(|error| match error.errno() {
            Errno::ENOSPC | Errno::EDQUOT => Error::os_with(
                error.errno(),
                format!(
                    "{}; an appliance takes up to 600 MB: set LIBGUESTFS_CACHEDIR to a directory with room",
                    error.errno().message()
                ),
            )
            .at_file(&self.directory),
            _ => error,
        })?;
        File::create(new.path().join(USED))?;
        remove(path)?;
        fs::rename(new.keep(), path).at_file(path)?;
        Ok(built)
    }

    /// Notes that the entry is in use.
    pub(crate) fn touch(path: &Path) {
        // It only serves the cleaning.
        if let Ok(file) = File::options().append(true).open(path.join(USED)) {
            let _ = file.set_modified(SystemTime::now());
        }
    }

    /// A small note by its key, if there is one.
    pub(crate) fn note(&self, kind: &str, key: &Key) -> Option<String> {
        fs::read_to_string(self.entry(kind, key)).ok()
    }

    /// Keeps a small note.
    pub(crate) fn keep_note(&self, kind: &str, key: &Key, text: &str) -> Result<()> {
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.directory)?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        file.persist(self.entry(kind, key)).map_err(|error| error.error)?;
        Ok(())
    }

    /// All entries, the last used first.
    pub fn list(&self) -> Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for entry in fs::read_dir(&self.directory).at_file(&self.directory)? {
            let path = entry?.path();
            if !path.symlink_metadata()?.is_dir() {
                continue;
            }
            let used = path.join(USED).metadata().or_else(|_| path.metadata())?.modified()?;
            let sizes = fs::read_dir(&path)?.flatten().filter_map(|file| Some(file.metadata().ok()?.blocks() * 512));
            listed.push(Listed { size: sizes.sum(), path, used });
        }
        listed.sort_by_key(|entry| std::cmp::Reverse(entry.used));
        Ok(listed)
    }

    /// Removes all. Appliances that run keep what they have open.
    pub fn clear(&self) -> Result<()> {
        let _lock = self.lock()?;
        for entry in fs::read_dir(&self.directory).at_file(&self.directory)? {
            let path = entry?.path();
            if path.file_name() != Some("lock".as_ref()) {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// Removes what nobody used for long. The caller holds the lock.
    pub(crate) fn clean(&self) -> Result<()> {
        for entry in self.list()? {
            let unfinished =
                entry.path.file_name().is_some_and(|name| name.as_bytes().starts_with(UNFINISHED.as_bytes()));
            let keep = if unfinished { KEEP_UNFINISHED } else { KEEP };
            if entry.used.elapsed().is_ok_and(|age| age > keep) {
                remove(&entry.path)?;
            }
        }
        Ok(())
    }
}

/// Removes an entry, whatever it is; none is no error.
pub(crate) fn remove(path: &Path) -> Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).at_file(path),
        _ => Ok(()),
    }
}

/// What is in the cache runs as this user: nobody else may have put it there.
fn check_private(directory: &Path) -> Result<()> {
    let metadata = directory.symlink_metadata().at_file(directory)?;
    let refused = |why: &str| {
        let message = format!(
            "{why}, so no appliance is run from here; remove it, or set LIBGUESTFS_CACHEDIR to a directory of yours"
        );
        Err(Error::os_with(Errno::EPERM, message).at_file(directory))
    };
    if !metadata.is_dir() {
        return refused("it is no directory");
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return refused("it belongs to another user");
    }
    if metadata.mode() & 0o077 != 0 {
        return refused("others have access to it");
    }
    Ok(())
}

/// The name of what depends on certain things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// The key of what depends on `parts`.
    pub fn of<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Key {
        let mut digest = Sha256::new();
        for part in parts {
            // With its length, so that parts can't flow into each other.
            digest.update((part.as_ref().len() as u64).to_le_bytes());
            digest.update(part.as_ref());
        }
        Key(digest.finalize()[..KEY_BYTES].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// A UUID for what has this key.
    pub fn uuid(&self) -> uuid::Uuid {
        uuid::Uuid::parse_str(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let directory = tempfile::tempdir().unwrap();
        let options = Options { cache: Some(directory.path().join("deep/er")), ..Options::default() };
        let cache = Cache::open(&options).unwrap();
        (directory, cache)
    }

    #[test]
    fn entries_appear_whole() {
        let (_directory, cache) = cache();
        assert_eq!(cache.directory().metadata().unwrap().mode() & 0o777, 0o700);
        let path = cache.entry("appliance", &Key::of(["x"]));
        let failed = cache.build(&path, |new| -> Result<()> {
            fs::write(new.join("root"), "half").unwrap();
            Err(Error::os(Errno::ENOSPC))
        });
        assert!(failed.unwrap_err().to_string().contains("LIBGUESTFS_CACHEDIR"));
        assert!(cache.list().unwrap().is_empty());
        cache.build(&path, |new| Ok(fs::write(new.join("root"), "whole")?)).unwrap();
        cache.build(&path, |new| Ok(fs::write(new.join("root"), "newer")?)).unwrap();
        assert_eq!(fs::read(path.join("root")).unwrap(), b"newer");
        assert_eq!(cache.list().unwrap().len(), 1);

        let long_ago = SystemTime::now() - 2 * KEEP;
        File::options().append(true).open(path.join(USED)).unwrap().set_modified(long_ago).unwrap();
        Cache::touch(&path);
        cache.clean().unwrap();
        assert_eq!(cache.list().unwrap().len(), 1);
        File::options().append(true).open(path.join(USED)).unwrap().set_modified(long_ago).unwrap();
        cache.clean().unwrap();
        assert!(cache.list().unwrap().is_empty());
    }

    #[test]
    fn what_others_can_write_is_refused() {
        let (_directory, cache) = cache();
        fs::set_permissions(cache.directory(), fs::Permissions::from_mode(0o770)).unwrap();
        let error = Cache::open_at(cache.directory().to_owned()).unwrap_err();
        assert!(error.to_string().contains("others have access"), "{error}");
        fs::remove_dir(cache.directory()).unwrap();
        std::os::unix::fs::symlink("/tmp", cache.directory()).unwrap();
        assert!(Cache::open_at(cache.directory().to_owned()).unwrap_err().to_string().contains("no directory"));
        let error = Cache::open_at("/proc/nowhere/glassbox".into()).unwrap_err().to_string();
        assert!(error.contains("LIBGUESTFS_CACHEDIR"), "{error}");
    }

    #[test]
    fn only_one_builds_at_a_time() {
        let (_directory, cache) = cache();
        let held = cache.lock().unwrap();
        let other = File::open(cache.directory().join("lock")).unwrap();
        assert!(other.try_lock().is_err());
        drop(held);
        other.try_lock().unwrap();
    }

    #[test]
    fn parts_of_a_key_do_not_flow_together() {
        assert_ne!(Key::of(["ab", "c"]), Key::of(["a", "bc"]));
        assert_eq!(Key::of(["ab"]), Key::of(["ab"]));
        assert!(!Key::of(["ab"]).uuid().is_nil());
    }

    #[test]
    fn notes_are_kept() {
        let (_directory, cache) = cache();
        let key = Key::of(["qemu"]);
        assert_eq!(cache.note("qemu", &key), None);
        cache.keep_note("qemu", &key, "can").unwrap();
        assert_eq!(cache.note("qemu", &key).unwrap(), "can");
        cache.clear().unwrap();
        assert_eq!(cache.note("qemu", &key), None);
    }
}

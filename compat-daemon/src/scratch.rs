//! Folders for what a call needs for itself.

use std::fs;
use std::path::PathBuf;

use glassbox_io::Result;

/// A folder in memory that is gone, with its files, when this is dropped. Nothing may be mounted in it.
pub struct Scratch(PathBuf);

impl Scratch {
    /// An empty folder; calls are made one after another, so its purpose is name enough.
    pub fn folder(purpose: &str) -> Result<Self> {
        let path = PathBuf::from(format!("/var/tmp/{purpose}"));
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        fs::create_dir_all(&path)?;
        Ok(Scratch(path))
    }

    /// Where a file in it is.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("guestfsd: {}: {error}", self.0.display());
        }
    }
}

//! Making an ext2 filesystem of a tree, by mke2fs(8): for appliances that libguestfs's own library starts.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use glassbox_io::{Errno, Error, Result, ResultExt};

use super::tree::{Directory, Node, Tree};

const MAKER: &str = "mke2fs";
/// Room for inodes and for what rounding takes, beside the files: bytes for each file, and of all.
const BYTES_PER_FILE: u64 = 8192;
const ROOM: u64 = 16 << 20;

/// Writes the tree to a new file. It is staged beside that.
pub(super) fn write(tree: &Tree, uuid: uuid::Uuid, to: &Path) -> Result<()> {
    let maker = crate::host::program(MAKER).ok_or_else(|| {
        Error::os_with(Errno::ENOENT, "mke2fs isn't installed: Debian and Fedora have it in e2fsprogs")
    })?;
    let staging = tempfile::tempdir_in(to.parent().unwrap_or(Path::new(".")))?;
    let size = stage(&tree.root, staging.path())?;
    let mut command = Command::new(maker);
    command.args(["-q", "-F", "-t", "ext2", "-m", "0", "-U", &uuid.to_string(), "-d"]).arg(staging.path()).arg(to);
    command.arg(format!("{}k", (size + ROOM).div_ceil(1024))).stdin(Stdio::null());
    let output = command.output().during(MAKER)?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(Error::os_with(Errno::EIO, said).during(MAKER))
        }
    }
}

/// Copies a directory's contents to the host; returns about how many bytes they take.
fn stage(directory: &Directory, to: &Path) -> Result<u64> {
    let mut size = 0;
    for (name, node) in &directory.entries {
        let path = to.join(std::ffi::OsStr::from_bytes(name));
        size += BYTES_PER_FILE;
        match node {
            Node::Directory(directory) => {
                // Staged so that we may fill it, whatever its mode will be.
                DirBuilder::new().mode(directory.mode | 0o700).create(&path)?;
                size += stage(directory, &path)?;
            }
            Node::Link(target) => symlink(std::ffi::OsStr::from_bytes(target), &path)?,
            Node::File(file) => {
                let copy = OpenOptions::new().write(true).create_new(true).mode(file.mode | 0o600).open(&path)?;
                file.contents.copy_to(&copy)?;
                size += file.contents.size();
            }
        }
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debugfs_reads_it() {
        if crate::host::program(MAKER).is_none() || crate::host::program("debugfs").is_none() {
            return eprintln!("skipped: no e2fsprogs");
        }
        let mut tree = Tree::default();
        tree.add_file("/etc/hostname", 0o640, "guest\n").unwrap();
        tree.add_link("/bin", "usr/bin").unwrap();
        let directory = tempfile::tempdir().unwrap();
        let image = directory.path().join("root");
        write(&tree, uuid::Uuid::from_u128(7), &image).unwrap();
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "the staged files are gone");
        let read = Command::new("debugfs").args(["-R", "cat /etc/hostname"]).arg(&image).output().unwrap();
        assert_eq!(read.stdout, b"guest\n");
        let stat = Command::new("debugfs").args(["-R", "stat /bin"]).arg(&image).output().unwrap();
        assert!(String::from_utf8_lossy(&stat.stdout).contains("usr/bin"));
    }
}

//! What a disk is made of: a directory, or a tar file that may be compressed.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use glassbox_engine::HostArchive;
use glassbox_io::{Error, ResultExt};

use super::size::Contents;
use crate::host_copy::{self, HostCopy};

/// How compressed files begin, and the program that unpacks them to stdout.
const COMPRESSED: [(&[u8], &str); 6] = [
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x89LZO\0\r\n\x1a\n", "lzop"),
    (b"\x1f\x9d", "gzip"),
];

/// A directory or a tar file.
pub struct Input {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Directory,
    Tar(File),
    /// A compressed tar file's contents.
    Unpacked(HostCopy),
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

impl Input {
    /// Opens it; unpacks it if it is compressed. The error is a text.
    pub fn open(path: &OsStr) -> Result<Self, String> {
        let told = |error: Error| error.to_string();
        let metadata = fs::metadata(path).at_file(path).map_err(told)?;
        let kind = if metadata.is_dir() {
            Kind::Directory
        } else {
            let mut file = File::open(path).at_file(path).map_err(told)?;
            let program = compression(&mut file).at_file(path).map_err(told)?;
            match program {
                Some(program) => Kind::Unpacked(unpack(program, file)?),
                None => Kind::Tar(file),
            }
        };
        Ok(Input { path: path.into(), kind })
    }

    /// How much is in it.
    pub fn contents(&mut self) -> io::Result<Contents> {
        match &mut self.kind {
            Kind::Directory => of_directory(&self.path),
            Kind::Tar(file) => of_archive(file),
            Kind::Unpacked(copy) => of_archive(&mut copy.open()?),
        }
    }

    /// All of it as an uncompressed archive.
    pub fn archive(&mut self) -> Result<Box<dyn Read>, Error> {
        Ok(match &mut self.kind {
            Kind::Directory => Box::new(HostArchive::new(&self.path, ".".into())?),
            Kind::Tar(file) => {
                file.rewind()?;
                Box::new(file.try_clone()?)
            }
            Kind::Unpacked(copy) => Box::new(copy.open()?),
        })
    }
}

/// The program that unpacks a file, if it is compressed.
fn compression(file: &mut File) -> io::Result<Option<&'static str>> {
    let mut start = Vec::new();
    file.take(16).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(COMPRESSED.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, program)| *program))
}

fn unpack(program: &str, file: File) -> Result<HostCopy, String> {
    let told = |error: io::Error| format!("{program}: {}", Error::from(error));
    let mut copy = HostCopy::new().map_err(told)?;
    let out = copy.file().try_clone().map_err(told)?;
    let status = Command::new(program).arg("-dc").stdin(Stdio::from(file)).stdout(Stdio::from(out)).status();
    host_copy::finished(OsStr::new(program), status.map_err(told)?)?;
    Ok(copy)
}

fn of_directory(directory: &Path) -> io::Result<Contents> {
    let mut contents = Contents::default();
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        // Directories are as large as their names need, about as on the host.
        contents.add(fs::symlink_metadata(&directory)?.size());
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            match metadata.is_dir() {
                true => waiting.push(entry.path()),
                false => contents.add(metadata.len()),
            }
        }
    }
    Ok(contents)
}

fn of_archive(file: &mut File) -> io::Result<Contents> {
    let mut contents = Contents::default();
    for entry in tar::Archive::new(file).entries_with_seek()? {
        contents.add(entry?.header().entry_size()?);
    }
    match contents.is_empty() {
        true => Err(io::Error::new(io::ErrorKind::InvalidData, "neither a directory nor a tar file")),
        false => Ok(contents),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The contents of `tree`, of an archive of it, and of one that was compressed.
    #[test]
    fn a_tree_and_its_archives_hold_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("sub")).unwrap();
        fs::write(tree.join("sub/file"), vec![7; 10_000]).unwrap();
        let mut archive = Vec::new();
        let input = |path: &Path| Input::open(path.as_os_str()).unwrap();
        input(&tree).archive().unwrap().read_to_end(&mut archive).unwrap();
        let plain = folder.path().join("plain");
        fs::write(&plain, &archive).unwrap();
        let packed = folder.path().join("packed");
        let mut gzip =
            Command::new("gzip").stdin(Stdio::piped()).stdout(File::create(&packed).unwrap()).spawn().unwrap();
        gzip.stdin.take().unwrap().write_all(&archive).unwrap();
        assert!(gzip.wait().unwrap().success());

        let mut expected = Contents::default();
        [0, 0, 10_000].into_iter().for_each(|size| expected.add(size));
        for path in [&plain, &packed] {
            let mut input = input(path);
            // Directories take no space in an archive.
            assert_eq!(input.contents().unwrap(), expected);
            let mut again = Vec::new();
            input.archive().unwrap().read_to_end(&mut again).unwrap();
            assert!(again == archive);
        }
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[7; 2000]).unwrap();
        assert!(Input::open(file.path().as_os_str()).unwrap().contents().is_err());
        assert!(Input::open(OsStr::new("/nonexistent")).err().unwrap().contains("/nonexistent"));
    }
}

//! What a guest's filesystem holds: a tree of names, made of the host's files and of our own texts.
//!
//! Files of the host keep their paths. [`Tree::add_host`] walks a path as the kernel does and copies each symbolic link on
//! the way (`/bin` → `usr/bin`, `libz.so.1` → `libz.so.1.2.13`), so whatever leads to a file on the host leads to it in the guest.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use bstr::BString;
use glassbox_io::{Errno, Error, Result, ResultExt};

/// As many symbolic links as Linux follows on a path (path_resolution(7)).
const MAX_LINKS: usize = 40;
/// A directory of the host with more levels than that is none that we copy.
const MAX_DEPTH: usize = 32;

/// A name in a directory.
#[derive(Debug)]
pub(crate) enum Node {
    Directory(Directory),
    /// A symbolic link to this.
    Link(BString),
    File(File),
}

/// A directory, its names in byte order.
#[derive(Debug)]
pub(crate) struct Directory {
    pub mode: u32,
    pub entries: BTreeMap<BString, Node>,
}

impl Default for Directory {
    fn default() -> Self {
        Directory { mode: 0o755, entries: BTreeMap::new() }
    }
}

/// A regular file.
#[derive(Debug)]
pub(crate) struct File {
    pub mode: u32,
    pub contents: Contents,
}

/// Where a file's bytes are.
#[derive(Debug)]
pub(crate) enum Contents {
    Bytes(Vec<u8>),
    /// A file of the host, with the size that it had when it was added.
    Host {
        path: PathBuf,
        size: u64,
    },
}

impl Contents {
    pub fn size(&self) -> u64 {
        match self {
            Contents::Bytes(bytes) => bytes.len() as u64,
            Contents::Host { size, .. } => *size,
        }
    }

    /// Writes the bytes: exactly [`size`](Self::size) of them, whatever happened to the host's file since.
    pub fn copy_to(&self, mut to: &fs::File) -> Result<()> {
        use std::io::{self, Read, Write};
        match self {
            Contents::Bytes(bytes) => Ok(to.write_all(bytes)?),
            Contents::Host { path, size } => {
                // Between two files this is copy_file_range(2): the data doesn't come through us.
                let copied =
                    fs::File::open(path).and_then(|file| io::copy(&mut file.take(*size), &mut to)).at_file(path)?;
                match copied == *size {
                    true => Ok(()),
                    false => {
                        Err(Error::os_with(Errno::EAGAIN, "the file changed while the appliance was built")
                            .at_file(path))
                    }
                }
            }
        }
    }
}

/// The root directory and what is below it.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub root: Directory,
    /// The host's files in it, by their real paths: what the cache compares later.
    pub sources: Vec<PathBuf>,
}

impl Tree {
    /// Adds a directory, with those above it.
    pub fn add_directory(&mut self, path: impl AsRef<Path>, mode: u32) -> Result<()> {
        self.directory(path.as_ref())?.mode = mode;
        Ok(())
    }

    /// Adds a file with these contents.
    pub fn add_file(&mut self, path: impl AsRef<Path>, mode: u32, contents: impl Into<Vec<u8>>) -> Result<()> {
        self.insert(path.as_ref(), Node::File(File { mode, contents: Contents::Bytes(contents.into()) }))
    }

    /// Adds a symbolic link, unless the name is taken.
    pub fn add_link(&mut self, path: impl AsRef<Path>, target: impl Into<BString>) -> Result<()> {
        self.insert(path.as_ref(), Node::Link(target.into()))
    }

    /// Adds the host's file at `from` under another name.
    pub fn add_host_as(&mut self, from: &Path, to: impl AsRef<Path>) -> Result<()> {
        let metadata = fs::metadata(from).at_file(from)?;
        let real = from.canonicalize().at_file(from)?;
        self.sources.push(real.clone());
        let contents = Contents::Host { path: real, size: metadata.len() };
        self.insert(to.as_ref(), Node::File(File { mode: metadata.mode() & 0o777, contents }))
    }

    /// Adds the host's file or (empty) directory at the absolute `path`, and each symbolic link on the way to it. Returns where
    /// it really is.
    pub fn add_host(&mut self, path: &Path) -> Result<PathBuf> {
        let mut rest: Vec<BString> = reversed_components(path);
        let mut here = PathBuf::from("/");
        let mut links = 0;
        while let Some(name) = rest.pop() {
            if name == ".." {
                here.pop();
                continue;
            }
            let next = here.join(OsStr::from_bytes(&name));
            let metadata = next.symlink_metadata().at_file(&next)?;
            if metadata.is_symlink() {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Error::os(Errno::ELOOP).at_file(path));
                }
                let target = fs::read_link(&next).at_file(&next)?;
                if target.is_absolute() {
                    here = PathBuf::from("/");
                }
                rest.extend(reversed_components(&target));
                self.add_link(&next, target.into_os_string().into_vec())?;
                continue;
            }
            if metadata.is_dir() {
                self.directory(&next)?;
            } else if self.get(&next).is_none() {
                self.sources.push(next.clone());
                let contents = Contents::Host { path: next.clone(), size: metadata.len() };
                // Some distributions hide what a program can do from those who may not run it; in the guest everybody is root.
                let mode = metadata.mode() & 0o777 | 0o400;
                self.insert(&next, Node::File(File { mode, contents }))?;
            }
            here = next;
        }
        Ok(here)
    }

    /// Adds everything below the host's directory at `path`; what is no file, directory or link is left out.
    pub fn add_host_tree(&mut self, path: &Path) -> Result<()> {
        let mut pending = vec![(self.add_host(path)?, 0)];
        while let Some((directory, depth)) = pending.pop() {
            for entry in fs::read_dir(&directory).at_file(&directory)? {
                let entry = entry?;
                let (path, kind) = (entry.path(), entry.file_type()?);
                if kind.is_dir() && depth < MAX_DEPTH {
                    self.directory(&path)?;
                    pending.push((path, depth + 1));
                } else if kind.is_file() {
                    self.add_host(&path)?;
                } else if kind.is_symlink() {
                    self.add_link(&path, fs::read_link(&path)?.into_os_string().into_vec())?;
                }
            }
        }
        Ok(())
    }

    /// What is at `path`; a symbolic link there isn't followed, those on the way are.
    pub fn get(&self, path: &Path) -> Option<&Node> {
        let path = self.resolved(path.parent()?).ok()?.join(path.file_name()?);
        self.node(&path)
    }

    /// What is at a path without links on the way.
    fn node(&self, path: &Path) -> Option<&Node> {
        let mut names = reversed_components(path);
        let mut directory = &self.root;
        while let Some(name) = names.pop() {
            let node = directory.entries.get(&name)?;
            match node {
                _ if names.is_empty() => return Some(node),
                Node::Directory(next) => directory = next,
                _ => return None,
            }
        }
        None
    }

    /// The path without links, as far as it exists in the tree.
    fn resolved(&self, path: &Path) -> Result<PathBuf> {
        let mut here = PathBuf::from("/");
        let mut rest = reversed_components(path);
        let mut links = 0;
        while let Some(name) = rest.pop() {
            if name == ".." {
                here.pop();
                continue;
            }
            here.push(OsStr::from_bytes(&name));
            let Some(Node::Link(target)) = self.node(&here) else { continue };
            links += 1;
            if links > MAX_LINKS {
                return Err(Error::os(Errno::ELOOP).at_file(path));
            }
            let target = Path::new(OsStr::from_bytes(target));
            here = if target.is_absolute() { PathBuf::from("/") } else { here.parent().unwrap_or(&here).to_owned() };
            rest.extend(reversed_components(target));
        }
        Ok(here)
    }

    /// The directory at `path`, made if it isn't there.
    fn directory(&mut self, path: &Path) -> Result<&mut Directory> {
        let mut names = reversed_components(&self.resolved(path)?);
        let mut directory = &mut self.root;
        while let Some(name) = names.pop() {
            match directory.entries.entry(name).or_insert_with(|| Node::Directory(Directory::default())) {
                Node::Directory(next) => directory = next,
                _ => return Err(Error::os(Errno::ENOTDIR).at_file(path)),
            }
        }
        Ok(directory)
    }

    /// Who comes first keeps the name.
    fn insert(&mut self, path: &Path, node: Node) -> Result<()> {
        let (parent, name) = (path.parent().unwrap_or(Path::new("/")), path.file_name().unwrap_or_default());
        self.directory(parent)?.entries.entry(name.as_bytes().into()).or_insert(node);
        Ok(())
    }
}

/// The names on a path, the last first; `.` and the root left out.
fn reversed_components(path: &Path) -> Vec<BString> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.as_bytes().into()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    let mut names: Vec<BString> = names.collect();
    names.reverse();
    names
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_on_the_way_are_copied() {
        let host = tempfile::tempdir().unwrap();
        let at = host.path().canonicalize().unwrap();
        fs::create_dir_all(at.join("usr/lib")).unwrap();
        symlink("usr/lib", at.join("lib")).unwrap();
        fs::write(at.join("usr/lib/z.so.1.2"), "elf").unwrap();
        symlink("z.so.1.2", at.join("usr/lib/z.so.1")).unwrap();
        symlink(at.join("lib/../lib/z.so.1"), at.join("z")).unwrap();

        let mut tree = Tree::default();
        assert_eq!(tree.add_host(&at.join("z")).unwrap(), at.join("usr/lib/z.so.1.2"));
        assert!(matches!(tree.get(&at.join("lib")), Some(Node::Link(target)) if target == "usr/lib"));
        assert!(matches!(tree.get(&at.join("usr/lib/z.so.1")), Some(Node::Link(target)) if target == "z.so.1.2"));
        assert!(matches!(tree.get(&at.join("usr/lib/z.so.1.2")), Some(Node::File(file)) if file.contents.size() == 3));
        assert_eq!(tree.sources, [at.join("usr/lib/z.so.1.2")]);

        symlink("loop", at.join("loop")).unwrap();
        assert_eq!(tree.add_host(&at.join("loop")).unwrap_err().errno(), Errno::ELOOP);
        assert_eq!(tree.add_host(&at.join("absent")).unwrap_err().errno(), Errno::ENOENT);
    }

    #[test]
    fn links_in_the_tree_are_followed() {
        let mut tree = Tree::default();
        tree.add_link("/lib", "usr/lib").unwrap();
        tree.add_file("/lib/modules/x.ko", 0o644, "elf").unwrap();
        assert!(matches!(tree.get(Path::new("/usr/lib/modules/x.ko")), Some(Node::File(_))));
        assert!(matches!(tree.get(Path::new("/lib/modules")), Some(Node::Directory(_))));
        assert!(matches!(tree.get(Path::new("/lib")), Some(Node::Link(_))));
        tree.add_link("/loop", "loop").unwrap();
        assert_eq!(tree.add_file("/loop/x", 0o644, "").unwrap_err().errno(), Errno::ELOOP);
    }

    #[test]
    fn a_file_that_shrinks_is_an_error() {
        let host = tempfile::tempdir().unwrap();
        let path = host.path().join("f");
        fs::write(&path, "12345").unwrap();
        let mut tree = Tree::default();
        tree.add_host_as(&path, "/f").unwrap();
        fs::write(&path, "1").unwrap();
        let Some(Node::File(file)) = tree.get(Path::new("/f")) else { panic!("no file") };
        let error = file.contents.copy_to(&tempfile::tempfile().unwrap()).unwrap_err();
        assert_eq!(error.errno(), Errno::EAGAIN);
    }
}

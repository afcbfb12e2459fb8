//! Directories that were listed, kept for what is asked next: about their files, and about the directories in them.
//!
//! Whoever walks a tree lists a directory, asks for the metadata of all its files, and goes on with one of its
//! directories. So the directories on the way down are kept: no path is resolved from the root then, and no directory
//! read twice.

use std::ops::{ControlFlow, Range};

use bstr::{BStr, BString, ByteSlice};
use glassbox_filesystems::{FileType, NodeId};
use glassbox_io::Result;

use crate::vfs::{Located, Vfs};

/// From so many names on, reading the whole directory is quicker than looking each of them up.
const MANY_NAMES: usize = 8;
/// So many directories are kept: deeper trees are walked from the root again.
const MAX_DEPTH: usize = 64;
/// Directories above the last one are kept as long as they have no more entries than this, all together: they are the
/// image's to make, and an entry takes 50 bytes or so.
const MAX_ENTRIES: usize = 1 << 18;

/// A directory with the names in it.
pub(crate) struct Listing {
    /// The path that it was asked for by.
    asked: BString,
    /// The directory.
    pub directory: Located,
    /// Its names in its own order, each with a NUL behind it.
    pub names: Vec<u8>,
    /// By name.
    entries: Vec<Entry>,
}

struct Entry {
    name: Range<usize>,
    node: NodeId,
    file_type: FileType,
}

impl Listing {
    fn read(asked: &BStr, directory: Located) -> Result<Self> {
        let (mut names, mut entries) = (Vec::new(), Vec::new());
        directory.filesystem.read_dir(directory.node, &mut |entry| {
            let start = names.len();
            names.extend_from_slice(entry.name);
            entries.push(Entry { name: start..names.len(), node: entry.node, file_type: entry.file_type });
            names.push(0);
            ControlFlow::Continue(())
        })?;
        entries.sort_unstable_by(|one, two| names[one.name.clone()].cmp(&names[two.name.clone()]));
        Ok(Listing { asked: asked.to_owned(), directory, names, entries })
    }

    /// Where in `entries` a name is. Who asks for many names asks in their order: `next` is tried first.
    fn position(&self, name: &BStr, next: usize) -> Option<usize> {
        let name_of = |entry: &Entry| self.names[entry.name.clone()].as_bstr();
        match self.entries.get(next) {
            Some(entry) if name_of(entry) == name => Some(next),
            _ => self.entries.binary_search_by(|entry| name_of(entry).cmp(name)).ok(),
        }
    }

    fn find(&self, names: &[&BStr]) -> Vec<Option<NodeId>> {
        let mut next = 0;
        let find = |name: &&BStr| match self.position(name, next) {
            Some(position) => {
                next = position + 1;
                Some(self.entries[position].node)
            }
            // A filesystem may know a name in another spelling than its directory lists.
            None => look_up(&self.directory, name),
        };
        names.iter().map(find).collect()
    }

    /// The directory that `path` leads to, if its last name is a directory of this one.
    fn descend(&self, vfs: &Vfs, path: &BStr) -> Option<Located> {
        let name = name_below(self.asked.as_ref(), path)?;
        let entry = &self.entries[self.position(name, 0)?];
        let is_directory = entry.file_type == FileType::Directory;
        is_directory.then(|| vfs.child(&self.directory, entry.node, name)).flatten()
    }
}

/// The one name that `path` has more than `directory`.
fn name_below<'a>(directory: &BStr, path: &'a BStr) -> Option<&'a BStr> {
    let rest = path.strip_prefix(directory.as_bytes())?;
    let name = if directory.ends_with(b"/") { rest } else { rest.strip_prefix(b"/")? };
    (!name.is_empty() && !name.contains(&b'/')).then_some(name.as_bstr())
}

/// The node of this name; `None` if it isn't there or can't be looked up.
fn look_up(directory: &Located, name: &BStr) -> Option<NodeId> {
    directory.filesystem.lookup(directory.node, name).unwrap_or(None)
}

/// The directory that was listed last, and those that were listed on the way down to it.
#[derive(Default)]
pub(crate) struct Listings {
    /// Each is in the one before it.
    trail: Vec<Listing>,
}

impl Listings {
    /// Forgets them all: what a path means may be another directory now.
    pub fn clear(&mut self) {
        self.trail.clear();
    }

    /// The directory at `path`, listed. `locate` finds it if it isn't in one that is kept.
    pub fn list(&mut self, vfs: &Vfs, path: &BStr, locate: impl FnOnce(&BStr) -> Result<Located>) -> Result<&Listing> {
        self.go_up_to(path);
        let listing = match self.trail.pop_if(|last| last.asked == path) {
            Some(listing) => listing,
            None => {
                let below = self.trail.last().and_then(|last| last.descend(vfs, path));
                Listing::read(path, below.map_or_else(|| locate(path), Ok)?)?
            }
        };
        self.bound();
        let place = self.trail.len();
        self.trail.push(listing);
        Ok(&self.trail[place])
    }

    /// The directory at `path`, and the files that `names` stand for in it, in their order; `None` for a name that
    /// isn't there or can't be looked up.
    pub fn find(
        &mut self,
        vfs: &Vfs,
        path: &BStr,
        names: &[&BStr],
        locate: impl FnOnce(&BStr) -> Result<Located>,
    ) -> Result<(Located, Vec<Option<NodeId>>)> {
        let is_listed = self.trail.last().is_some_and(|last| last.asked == path);
        if names.len() < MANY_NAMES && !is_listed {
            let directory = locate(path)?;
            let nodes = names.iter().map(|name| look_up(&directory, name)).collect();
            return Ok((directory, nodes));
        }
        let listing = self.list(vfs, path, locate)?;
        Ok((listing.directory.clone(), listing.find(names)))
    }

    /// Drops the directories at the end that `path` isn't and isn't in.
    fn go_up_to(&mut self, path: &BStr) {
        while self.trail.pop_if(|last| last.asked != path && name_below(last.asked.as_ref(), path).is_none()).is_some()
        {
        }
    }

    /// Makes room for one more.
    fn bound(&mut self) {
        let entries: usize = self.trail.iter().map(|listing| listing.entries.len()).sum();
        if entries > MAX_ENTRIES || self.trail.len() >= MAX_DEPTH {
            self.trail.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use glassbox_filesystems::Filesystem;

    use super::*;
    use crate::vfs::{Follow, Scaffold};

    fn tree(directories: &[(&str, &str)]) -> Arc<dyn Filesystem> {
        let scaffold = Scaffold::default();
        for (directory, name) in directories {
            let directory = match *directory {
                "" => scaffold.root(),
                directory => scaffold.lookup(scaffold.root(), directory.into()).unwrap().unwrap(),
            };
            scaffold.make(directory, (*name).into());
        }
        Arc::new(scaffold)
    }

    fn mounted() -> Vfs {
        let mut vfs = Vfs::default();
        let root = tree(&[("", "usr"), ("", "boot"), ("usr", "lib"), ("usr", "bin")]);
        vfs.mount("/dev/sda1".into(), "/".into(), root, 2049, true).unwrap();
        vfs.mount("/dev/sda2".into(), "/boot".into(), tree(&[("", "efi")]), 2050, true).unwrap();
        vfs
    }

    #[test]
    fn a_walk_resolves_the_first_path_only() {
        let vfs = mounted();
        let mut listings = Listings::default();
        let resolve = |path: &BStr| vfs.resolve(path, Follow::Always);
        assert_eq!(listings.list(&vfs, "/".into(), resolve).unwrap().names, b"usr\0boot\0");
        let never = |path: &BStr| panic!("{path} is resolved again");
        for (path, names) in
            [("/usr", "lib\0bin\0"), ("/usr/bin", ""), ("/usr/bin", ""), ("/usr/lib", ""), ("/boot", "efi\0")]
        {
            let listing = listings.list(&vfs, path.into(), never).unwrap();
            assert_eq!((listing.names.as_bstr(), listing.directory.path.as_bstr()), (names.into(), path.into()));
        }
        assert_eq!(listings.list(&vfs, "/usr".into(), resolve).unwrap().names, b"lib\0bin\0");
    }

    #[test]
    fn files_are_found_in_any_order() {
        let vfs = mounted();
        let mut listings = Listings::default();
        let resolve = |path: &BStr| vfs.resolve(path, Follow::Always);
        let names: Vec<&BStr> = ["usr", "nothing", "boot", "usr", "a", "b", "c", "d"].map(BStr::new).to_vec();
        let many = listings.find(&vfs, "/".into(), &names, resolve).unwrap().1;
        let few = Listings::default().find(&vfs, "/".into(), &names[..4], resolve).unwrap().1;
        assert_eq!(many[..4], few);
        assert!(many[0].is_some() && many[1].is_none() && many[0] == many[3] && many[0] != many[2]);
    }

    #[test]
    fn names_below() {
        assert_eq!(name_below("/".into(), "/a".into()), Some("a".into()));
        assert_eq!(name_below("/a".into(), "/a/b".into()), Some("b".into()));
        for (directory, path) in [("/a", "/ab"), ("/a", "/a"), ("/a", "/a/"), ("/a", "/a/b/c"), ("/a/b", "/a/c")] {
            assert_eq!(name_below(directory.into(), path.into()), None, "{directory} {path}");
        }
    }
}

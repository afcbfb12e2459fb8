//! The directory that was read last. Whoever lists a directory asks for its files' metadata next.

use std::collections::HashMap;
use std::ops::ControlFlow;

use bstr::{BStr, BString};
use glassbox_filesystems::NodeId;
use glassbox_io::Result;

use crate::vfs::Located;

/// A directory with the names in it.
pub(crate) struct Listing {
    /// The path that it was asked for by.
    pub asked: BString,
    /// The directory.
    pub directory: Located,
    /// Its entries, in its order.
    entries: Vec<(BString, NodeId)>,
}

impl Listing {
    /// Reads a directory.
    pub fn read(asked: &BStr, directory: Located) -> Result<Self> {
        let mut entries = Vec::new();
        directory.filesystem.read_dir(directory.node, &mut |entry| {
            entries.push((entry.name.to_owned(), entry.node));
            ControlFlow::Continue(())
        })?;
        Ok(Listing { asked: asked.to_owned(), directory, entries })
    }

    /// The names in the order of the directory.
    pub fn names(&self) -> impl Iterator<Item = &BStr> {
        self.entries.iter().map(|(name, _)| name.as_ref())
    }

    /// The nodes that `names` stand for, in their order; `None` for a name that isn't there or can't be looked up.
    pub fn find(&self, names: &[&BStr]) -> Vec<Option<NodeId>> {
        let known: HashMap<&BStr, NodeId> = self.entries.iter().map(|(name, node)| (name.as_ref(), *node)).collect();
        let find = |name: &&BStr| match known.get(*name) {
            Some(node) => Some(*node),
            // A filesystem may know a name in another spelling than its directory lists.
            None => self.directory.filesystem.lookup(self.directory.node, name).unwrap_or(None),
        };
        names.iter().map(find).collect()
    }
}

//! A hive of the guest's, asked for facts.

use bstr::{BString, ByteSlice};
use glassbox_io::Result;
use glassbox_registry::{Hive, Key, Value};

use super::super::tree::Tree;
use crate::in_process::hive_file;

/// An open hive. As with the files of a [`Tree`], damage makes the answer none, and a problem to tell of.
pub struct Registry<'a> {
    hive: Hive,
    tree: &'a Tree,
}

impl<'a> Registry<'a> {
    /// The hive at `path`.
    pub fn open(tree: &'a Tree, path: &Option<BString>) -> Option<Self> {
        let hive = tree.found(hive_file::open(tree.vfs(), path.as_ref()?.as_bstr(), true))?;
        Some(Registry { hive, tree })
    }

    /// The key at the end of a path from the top.
    pub fn key(&self, path: &[&str]) -> Option<Key> {
        self.known(self.hive.find(self.hive.root(), path))
    }

    /// The names of the keys below a key.
    pub fn subkey_names(&self, key: Key) -> Vec<BString> {
        let subkeys = self.tree.found(self.hive.subkeys(key)).unwrap_or_default();
        subkeys.into_iter().filter_map(|subkey| self.tree.found(self.hive.key_name(subkey))).collect()
    }

    /// The names and data of a key's values.
    pub fn values(&self, key: Key) -> Vec<(BString, u32, Vec<u8>)> {
        let values = self.tree.found(self.hive.values(key)).unwrap_or_default();
        let read =
            |value| Ok((self.hive.value_name(value)?, self.hive.value_type(value)?, self.hive.data(value)?.into()));
        values.into_iter().filter_map(|value| self.tree.found(read(value))).collect()
    }

    /// A value that is a string.
    pub fn string(&self, key: Key, name: &str) -> Option<BString> {
        self.value(key, name, Hive::string)
    }

    /// A value that is a number.
    pub fn number(&self, key: Key, name: &str) -> Option<u32> {
        self.value(key, name, Hive::dword)
    }

    fn value<T>(&self, key: Key, name: &str, read: impl Fn(&Hive, Value) -> Result<T>) -> Option<T> {
        let value = self.known(self.hive.value(key, name.into()))?;
        self.tree.found(read(&self.hive, value))
    }

    fn known<T>(&self, found: Result<Option<T>>) -> Option<T> {
        self.tree.found(found).flatten()
    }
}

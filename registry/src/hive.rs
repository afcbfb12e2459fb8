//! A hive: keys below keys, and their values.

use std::borrow::Cow;

use bstr::{BStr, BString};
use glassbox_io::{Errno, Error, Result, ResultExt};

use crate::base_block::{self, BaseBlock};
use crate::cell::{Cells, file_offset, references};
use crate::hive_bin;
use crate::key_node::KeyNode;
use crate::key_value::{KeyValue, value_type};
use crate::subkeys_list;
use crate::text;
use crate::transaction_log;

/// A hive is read into memory as a whole; `SOFTWARE` of a well-used server has some 200 MiB. Callers refuse longer
/// files, and a log doesn't make one longer.
pub const MAX_HIVE_SIZE: u64 = 512 << 20;

/// A key, by the offset of its cell in the hive file: the number that libhivex knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(pub u64);

/// A value of a key, by the offset of its cell in the hive file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value(pub u64);

/// A registry hive.
pub struct Hive {
    cells: Cells,
    root: Key,
    tolerant: bool,
}

impl Hive {
    /// Opens the hive in `image`, the whole contents of its file. Where it wasn't closed cleanly
    /// ([`needs_recovery`](crate::needs_recovery)), what `logs` (the contents of its transaction logs, `.LOG1` before
    /// `.LOG2`) have for it is applied first; logs that don't belong to it are passed over.
    ///
    /// With `tolerant`, damage is passed over where what is left makes sense: libhivex's flag *unsafe*.
    ///
    /// # Errors
    /// *Corrupt*, with libhivex's error number: `EOPNOTSUPP` if it isn't a hive, or one with damaged bins or without a
    /// root; `EINVAL` if it is too short or its base block's checksum is wrong.
    pub fn open(mut image: Vec<u8>, logs: &[Vec<u8>], tolerant: bool) -> Result<Self> {
        if image.len() < base_block::SIZE.saturating_add(hive_bin::PAGE) {
            return Err(Error::corrupt("too short to be a Windows registry hive").with_errno(Errno::EINVAL));
        }
        if crate::needs_recovery(&image) {
            transaction_log::recover(&mut image, logs)?;
        }
        let base = BaseBlock::parse(&image)?;
        let version = base.major_version()?;
        if version != 1 {
            return Err(Error::corrupt(format!("a hive of version {version}")).with_errno(Errno::EOPNOTSUPP));
        }
        if !base.has_right_checksum() {
            return Err(Error::corrupt("the checksum of the hive's base block is wrong").with_errno(Errno::EINVAL));
        }
        let root = Key(file_offset(base.root_cell()?));
        let allocated = hive_bin::cells(&image, base.bins_size()?, tolerant)?;
        let cells = Cells { image, allocated };
        KeyNode::at(&cells, root.0).map_err(|error| error.with_errno(Errno::EOPNOTSUPP))?;
        Ok(Hive { cells, root, tolerant })
    }

    /// The topmost key.
    pub fn root(&self) -> Key {
        self.root
    }

    /// The name of a key. Errors here and below: `EINVAL` if there is no such key or value; `EFAULT` and others if what
    /// it refers to is damaged.
    pub fn key_name(&self, key: Key) -> Result<BString> {
        self.node(key)?.name().at_offset(key.0)
    }

    /// The key above a key. The root's leads nowhere in particular: often to no cell, which is an error.
    pub fn parent(&self, key: Key) -> Result<Key> {
        let parent = self.node(key)?.parent()?;
        self.cells.get(parent).map(|_| Key(parent))
    }

    /// The keys below a key, in the order of their list: sorted by name.
    pub fn subkeys(&self, key: Key) -> Result<Vec<Key>> {
        let node = self.node(key)?;
        let count = node.subkey_count()? as usize;
        if count == 0 {
            return Ok(Vec::new());
        }
        let offsets = subkeys_list::read(&self.cells, node.subkeys_list()?, count, self.tolerant)?;
        Ok(offsets.into_iter().map(Key).collect())
    }

    /// The key of this name below a key. Case is ignored in ASCII letters only, as libhivex does.
    pub fn subkey(&self, key: Key, name: &BStr) -> Result<Option<Key>> {
        for subkey in self.subkeys(key)? {
            if self.key_name(subkey)?.eq_ignore_ascii_case(name) {
                return Ok(Some(subkey));
            }
        }
        Ok(None)
    }

    /// The key at the end of `path` below `key`.
    pub fn find(&self, key: Key, path: &[&str]) -> Result<Option<Key>> {
        let mut key = key;
        for name in path {
            match self.subkey(key, BStr::new(name))? {
                Some(subkey) => key = subkey,
                None => return Ok(None),
            }
        }
        Ok(Some(key))
    }

    /// The values of a key, in the order of their list.
    pub fn values(&self, key: Key) -> Result<Vec<Value>> {
        let node = self.node(key)?;
        let count = node.value_count()? as usize;
        if count == 0 {
            return Ok(Vec::new());
        }
        let list = self.cells.get(node.values_list()?)?;
        let list = list.slice(0, count.saturating_mul(4)).map_err(|_| {
            let message = format!("the list of {count} values is longer than its cell");
            Error::corrupt(message).with_errno(Errno::EFAULT).at_offset(key.0)
        })?;
        references(list, 4).map(|value| self.cells.get(value).map(|_| Value(value))).collect()
    }

    /// The value of this name; the empty name is that of the default value. Case as in [`Self::subkey`].
    pub fn value(&self, key: Key, name: &BStr) -> Result<Option<Value>> {
        for value in self.values(key)? {
            if self.value_name(value)?.eq_ignore_ascii_case(name) {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// The name of a value; empty for a key's default value.
    pub fn value_name(&self, value: Value) -> Result<BString> {
        self.record(value)?.name().at_offset(value.0)
    }

    /// The type of a value: one of [`value_type`], or any other number.
    pub fn value_type(&self, value: Value) -> Result<u32> {
        self.record(value)?.value_type()
    }

    /// The data of a value as they are stored.
    pub fn data(&self, value: Value) -> Result<Cow<'_, [u8]>> {
        self.record(value)?.data(&self.cells).at_offset(value.0)
    }

    /// A value that is a string. `EINVAL` if it has another type, `EILSEQ` if it isn't UTF-16.
    pub fn string(&self, value: Value) -> Result<BString> {
        let data = self.data(value)?;
        match self.value_type(value)? {
            value_type::SZ | value_type::EXPAND_SZ | value_type::LINK => text::string(&data).at_offset(value.0),
            other => Err(wrong_type("string", other)),
        }
    }

    /// A value that is a number of 32 bits. `EINVAL` if it has another type, or is shorter.
    pub fn dword(&self, value: Value) -> Result<u32> {
        let data = self.data(value)?;
        let value_type = self.value_type(value)?;
        match (data.first_chunk(), value_type) {
            (Some(bytes), value_type::DWORD) => Ok(u32::from_le_bytes(*bytes)),
            (Some(bytes), value_type::DWORD_BIG_ENDIAN) => Ok(u32::from_be_bytes(*bytes)),
            _ => Err(wrong_type("number of 32 bits", value_type)),
        }
    }

    fn node(&self, key: Key) -> Result<KeyNode<'_>> {
        KeyNode::at(&self.cells, key.0)
    }

    fn record(&self, value: Value) -> Result<KeyValue<'_>> {
        KeyValue::at(&self.cells, value.0)
    }
}

fn wrong_type(wanted: &'static str, found: u32) -> Error {
    Error::os_with(Errno::EINVAL, format!("a value of type {found} isn't a {wanted}"))
}

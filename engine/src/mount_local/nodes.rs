//! The files that the kernel knows: their numbers and their paths.

use std::collections::HashMap;

use bstr::{BStr, BString};
use glassbox_io::{Errno, Error, Result};

/// The protocol's number of the root (`FUSE_ROOT_ID`).
pub const ROOT: u64 = 1;
/// A number has 64 bits. The upper ones tell mounts apart: no filesystem that is read here numbers its files with more
/// than 48 (NTFS), the others with fewer.
const DEVICE_SHIFT: u32 = 48;
/// Set in place of the guest's numbers 0 and 1, which the protocol needs for itself.
const RESERVED: u64 = 1 << 63;

/// A file that the kernel may name by its number.
struct Node {
    path: BString,
    /// How many times the kernel was told of it; it will say when it has forgotten as many.
    lookups: u64,
}

/// The files that the kernel knows.
pub struct Nodes {
    known: HashMap<u64, Node>,
    /// The mounted devices whose files were seen, the root's first.
    devices: Vec<i64>,
}

impl Nodes {
    /// The root alone.
    pub fn new() -> Self {
        let root = Node { path: "/".into(), lookups: 1 };
        Nodes { known: HashMap::from([(ROOT, root)]), devices: Vec::new() }
    }

    /// The path of a file that the kernel was told of.
    pub fn path(&self, number: u64) -> Result<&BStr> {
        let node = self.known.get(&number).ok_or_else(|| Error::os(Errno::ESTALE))?;
        Ok(node.path.as_ref())
    }

    /// The number of the file with the inode number `ino` on `device`: the guest's own, as long as one filesystem is
    /// mounted. The same file always has the same number, by whatever name it is found.
    pub fn number(&mut self, device: i64, ino: i64) -> u64 {
        let index = self.devices.iter().position(|known| *known == device).unwrap_or_else(|| {
            self.devices.push(device);
            self.devices.len() - 1
        });
        let number = (index as u64) << DEVICE_SHIFT ^ ino as u64;
        if number <= ROOT { number | RESERVED } else { number }
    }

    /// Keeps a file that the kernel is told of.
    pub fn remember(&mut self, number: u64, path: BString) {
        self.known.entry(number).or_insert(Node { path, lookups: 0 }).lookups += 1;
    }

    /// Drops a file once the kernel has forgotten all it was told of it.
    pub fn forget(&mut self, number: u64, lookups: u64) {
        let Some(node) = self.known.get_mut(&number) else { return };
        node.lookups = node.lookups.saturating_sub(lookups);
        if node.lookups == 0 && number != ROOT {
            self.known.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_guests_and_differ_between_mounts() {
        let mut nodes = Nodes::new();
        assert_eq!(nodes.number(2049, 12), 12);
        let other = nodes.number(2050, 12);
        assert_ne!(other, 12);
        assert_eq!((nodes.number(2049, 12), nodes.number(2050, 12)), (12, other));
        assert!(nodes.number(2049, 0) > ROOT && nodes.number(2049, 1) > ROOT);
    }

    #[test]
    fn files_are_known_until_they_are_forgotten_as_often_as_they_were_told() {
        let mut nodes = Nodes::new();
        nodes.remember(7, "/a".into());
        nodes.remember(7, "/hard link".into());
        nodes.forget(7, 1);
        assert_eq!(nodes.path(7).unwrap(), "/a");
        nodes.forget(7, 1);
        assert_eq!(nodes.path(7).unwrap_err().errno(), Errno::ESTALE);
        nodes.forget(ROOT, u64::MAX);
        assert_eq!(nodes.path(ROOT).unwrap(), "/");
    }
}

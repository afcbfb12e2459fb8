//! Every file below a directory, across mounts.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use bstr::{BStr, BString};
use glassbox_filesystems::{FileType, Filesystem, NodeId, Stat};
use glassbox_io::{Error, Result};

use super::{Located, MountId, Vfs};

/// One file met on a walk.
pub struct Visit<'a> {
    /// Its path below the directory where the walk began, without a leading slash.
    pub path: &'a BStr,
    /// Its filesystem, shared so that a thread can go on reading from it.
    pub filesystem: &'a Arc<dyn Filesystem>,
    /// `st_dev`.
    pub device_number: u64,
    /// The file.
    pub node: NodeId,
    /// Its type; told by the directory where it can, so that no inode has to be read for it.
    pub file_type: FileType,
}

impl Visit<'_> {
    /// What `lstat` tells of it.
    pub fn stat(&self) -> Result<Stat> {
        self.filesystem.stat(self.node).map_err(|error| error.at_path(self.path))
    }
}

/// Where a walk goes after a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// On; into it, if it is a directory.
    On,
    /// On, but not into this directory.
    Over,
    /// Nowhere: the walk is over.
    Stop,
}

/// A directory that is being walked: its entries' names lie one after another in one buffer.
struct Frame {
    mount: MountId,
    names: Vec<u8>,
    entries: Vec<Entry>,
    next: usize,
    /// Length of the path of the directory itself.
    path_length: usize,
}

struct Entry {
    name: (u32, u32),
    node: NodeId,
    file_type: FileType,
}

impl Vfs {
    /// Shows `visit` every file below `start`, which is a directory; a directory comes before what is in it, and
    /// entries come in the order of their directory. Symbolic links are not followed; mounts are crossed.
    ///
    /// A directory that can't be read is passed over, as find(1) does it; after all the others the first such error is
    /// returned. A directory met twice is *corrupt*: no filesystem here can hold it, and it would never end.
    pub fn walk(&self, start: &Located, visit: &mut dyn FnMut(&Visit<'_>) -> Result<Step>) -> Result<()> {
        let mut path = BString::default();
        let mut met = HashSet::from([(start.mount, start.node)]);
        let mut unread = None;
        let mut frames = vec![self.frame(start.mount, start.node, 0).map_err(|error| error.at_path(&start.path))?];
        while let Some(frame) = frames.last_mut() {
            let Some(entry) = frame.entries.get(frame.next) else {
                frames.pop();
                continue;
            };
            frame.next += 1;
            path.truncate(frame.path_length);
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(&frame.names[entry.name.0 as usize..entry.name.1 as usize]);
            let (id, node) = self.through_mounts(frame.mount, entry.node);
            let Some(mount) = self.get(id) else { continue };
            let mut shown = Visit {
                path: path.as_ref(),
                filesystem: &mount.filesystem,
                device_number: mount.device_number,
                node,
                file_type: entry.file_type,
            };
            if shown.file_type == FileType::Unknown {
                shown.file_type = shown.stat()?.file_type();
            }
            let is_directory = shown.file_type == FileType::Directory;
            match visit(&shown)? {
                Step::Stop => return Ok(()),
                Step::On if is_directory => {
                    let frame = match met.insert((id, node)) {
                        true => self.frame(id, node, path.len()),
                        false => Err(Error::corrupt("a directory is in two places")),
                    };
                    match frame {
                        Ok(frame) => frames.push(frame),
                        Err(error) => drop(unread.get_or_insert_with(|| error.at_path(&path))),
                    }
                }
                _ => {}
            }
        }
        unread.map_or(Ok(()), Err)
    }

    fn frame(&self, mount: MountId, node: NodeId, path_length: usize) -> Result<Frame> {
        let mut frame = Frame { mount, names: Vec::new(), entries: Vec::new(), next: 0, path_length };
        let Some(found) = self.get(mount) else { return Ok(frame) };
        found.filesystem.read_dir(node, &mut |entry| {
            let start = frame.names.len() as u32;
            frame.names.extend_from_slice(entry.name);
            let name = (start, frame.names.len() as u32);
            frame.entries.push(Entry { name, node: entry.node, file_type: entry.file_type });
            ControlFlow::Continue(())
        })?;
        Ok(frame)
    }
}

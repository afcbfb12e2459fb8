//! A directory and what is in it, in the order of names.
//!
//! Each directory is asked for three times, and answered from one reading of it: its names, their metadata, and the
//! targets of its symbolic links. Nothing is resolved or allocated for a single file.

use std::io;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::FilesRead;
use glassbox_api::structs::StatNs;
use glassbox_engine::Handle;
use glassbox_io::Result as IoResult;

use super::{DIRECTORY, FILE_TYPE, SYMLINK};
use crate::commands::{Failure, Opened, tell};

/// A file that is shown.
pub struct File<'a> {
    /// Its path from the root.
    pub path: &'a BStr,
    /// Its metadata.
    pub stat: &'a StatNs,
    /// The target of a symbolic link.
    pub target: Option<&'a BStr>,
}

/// Why a file isn't shown.
pub enum Visit {
    /// It can't be read; others can.
    Unread(glassbox_io::Error),
    /// The output can't be written.
    Output(io::Error),
}

impl From<glassbox_io::Error> for Visit {
    fn from(error: glassbox_io::Error) -> Self {
        Visit::Unread(error)
    }
}

impl From<io::Error> for Visit {
    fn from(error: io::Error) -> Self {
        Visit::Output(error)
    }
}

/// What shows a file.
pub type Visitor<'a> = dyn FnMut(&mut Handle, &File<'_>) -> Result<(), Visit> + 'a;

/// A directory whose files are being shown.
struct Frame {
    /// Length of its path.
    path_length: usize,
    names: Vec<BString>,
    stats: Vec<StatNs>,
    /// The targets of its links, in the order of their names.
    targets: std::vec::IntoIter<BString>,
    next: usize,
}

impl Frame {
    fn read(handle: &mut Handle, directory: &BStr) -> IoResult<Frame> {
        let names = handle.ls(directory)?;
        let borrowed: Vec<&BStr> = names.iter().map(|name| name.as_bstr()).collect();
        let stats = handle.lstatnslist(directory, &borrowed)?;
        let links = stats.iter().zip(&borrowed).filter(|(stat, _)| is(stat, SYMLINK)).map(|(_, name)| *name);
        let links: Vec<&BStr> = links.collect();
        let targets = match links.as_slice() {
            [] => Vec::new(),
            links => handle.readlinklist(directory, links)?,
        };
        Ok(Frame { path_length: directory.len(), names, stats, targets: targets.into_iter(), next: 0 })
    }
}

fn is(stat: &StatNs, file_type: i64) -> bool {
    stat.st_mode & FILE_TYPE == file_type
}

/// A walk, and what it couldn't read.
pub struct Walk<'a> {
    program: &'a str,
    opened: &'a mut Opened,
    failed: bool,
}

impl<'a> Walk<'a> {
    pub fn new(program: &'a str, opened: &'a mut Opened) -> Self {
        Walk { program, opened, failed: false }
    }

    /// Shows a directory's entries; if it is `recursive`, the directory itself and everything below it. What can't be
    /// read is told and passed over; whether there was such.
    pub fn show(mut self, root: &BStr, recursive: bool, visit: &mut Visitor<'_>) -> Result<bool, Failure> {
        let mut path = root.to_owned();
        match self.opened.handle.lstatns(root) {
            Ok(stat) if recursive => self.visit(&path, &stat, None, visit)?,
            Ok(_) => {}
            Err(error) => {
                self.tell(&path, error);
                return Ok(true);
            }
        }
        // A stack, not recursion: how deep a tree is decides the image.
        let mut frames = Vec::from_iter(self.enter(&path));
        while let Some(frame) = frames.last_mut() {
            let Some((name, stat)) = frame.names.get(frame.next).zip(frame.stats.get(frame.next)) else {
                frames.pop();
                continue;
            };
            frame.next += 1;
            path.truncate(frame.path_length);
            if !path.ends_with(b"/") {
                path.push(b'/');
            }
            path.extend_from_slice(name);
            let target = if is(stat, SYMLINK) { frame.targets.next() } else { None };
            self.visit(&path, stat, target, visit)?;
            if recursive && is(stat, DIRECTORY) {
                frames.extend(self.enter(&path));
            }
        }
        Ok(self.failed)
    }

    fn visit(
        &mut self,
        path: &BString,
        stat: &StatNs,
        target: Option<BString>,
        visit: &mut Visitor<'_>,
    ) -> Result<(), Failure> {
        let handle = &mut self.opened.handle;
        // No target is empty: that one couldn't be read, and here it is told why. So it is with the inode number -1.
        let target = match target {
            Some(target) if target.is_empty() => handle.readlink(path.as_bstr()).map(Some),
            target => Ok(target),
        };
        let shown = match (stat.st_ino, target) {
            (-1, _) => handle.lstatns(path.as_bstr()).map(drop).map_err(Visit::from),
            (_, Err(error)) => Err(error.into()),
            (_, Ok(target)) => {
                let target = target.as_ref().map(|target| target.as_bstr());
                visit(handle, &File { path: path.as_bstr(), stat, target })
            }
        };
        match shown {
            Ok(()) => {}
            Err(Visit::Unread(error)) => self.tell(path, error),
            Err(Visit::Output(error)) => return Err(error.into()),
        }
        Ok(())
    }

    fn enter(&mut self, path: &BString) -> Option<Frame> {
        match Frame::read(&mut self.opened.handle, path.as_bstr()) {
            Ok(frame) => Some(frame),
            Err(error) => {
                self.tell(path, error);
                None
            }
        }
    }

    fn tell(&mut self, path: &BString, error: glassbox_io::Error) {
        tell(self.program, &self.opened.failed(path.to_string())(error));
        self.failed = true;
    }
}

//! Tar archives as GNU tar writes them: its own format, or POSIX's (pax) where attributes are asked for.

use std::collections::HashMap;

use bstr::{BStr, BString, ByteSlice};
use glassbox_filesystems::{FileType, Stat, Xattr};
use glassbox_io::{Result, ResultExt};

use super::ahead::Sink;
use super::exclude::Exclude;
use super::pax_record::{Extras, Records};
use super::tar_header::{BLOCK, Format, Header, MAX_SIZE, NAME_LENGTH, RECORD};
use super::{Member, split_device};
use crate::vfs::{Located, Step, Vfs};

/// The kinds of members (the header's type flag).
const REGULAR: u8 = b'0';
const HARD_LINK: u8 = b'1';
const SYMLINK: u8 = b'2';
const CHAR_DEVICE: u8 = b'3';
const BLOCK_DEVICE: u8 = b'4';
const DIRECTORY: u8 = b'5';
const FIFO: u8 = b'6';
/// Before a member: the rest of its link's target, or of its name (GNU).
const LONG_LINK: u8 = b'K';
const LONG_NAME: u8 = b'L';
/// Before a member: its extended header (pax).
const EXTENDED: u8 = b'x';

/// What to archive.
#[derive(Default)]
pub struct Options {
    /// Files that are left out.
    pub exclude: Exclude,
    /// What is archived of a file beyond its inode.
    pub extras: Extras,
}

/// Writes the directory `start` and all below it.
pub fn write(vfs: &Vfs, start: &Located, options: &Options, sink: &mut Sink) -> Result<()> {
    let extras = options.extras;
    let format = if extras.xattrs || extras.selinux || extras.acls { Format::Pax } else { Format::Gnu };
    let mut tar = Tar { sink, format, extras, links: HashMap::new(), records: Records::default(), name: "./".into() };
    if !options.exclude.matches(".".into()) {
        tar.member(&Member { filesystem: &start.filesystem, device: start.device_number, node: start.node })?;
        vfs.walk(start, &mut |visit| {
            tar.name.truncate(2);
            tar.name.extend_from_slice(visit.path);
            if options.exclude.matches(tar.name.as_ref()) {
                return Ok(Step::Over);
            }
            let member = Member { filesystem: visit.filesystem, device: visit.device_number, node: visit.node };
            tar.member(&member).at_path(visit.path)?;
            Ok(Step::On)
        })?;
    }
    // Two empty blocks are the end.
    tar.sink.zeros(2 * BLOCK)?;
    tar.sink.pad(RECORD)
}

struct Tar<'a> {
    sink: &'a mut Sink,
    format: Format,
    extras: Extras,
    /// By device and inode number: the first name of a file that has others, and how many those are.
    links: HashMap<(u64, u64), (BString, u64)>,
    records: Records,
    /// The member's name; kept for its allocation.
    name: BString,
}

impl Tar<'_> {
    fn member(&mut self, member: &Member<'_>) -> Result<()> {
        let stat = member.filesystem.stat(member.node)?;
        let xattrs = match self.format {
            Format::Gnu => Vec::new(),
            Format::Pax => member.filesystem.xattrs(member.node)?,
        };
        let header = |tar: &mut Self, kind, link: &BStr, size| tar.header(kind, link, &stat, size, &xattrs);
        let none = BStr::new("");
        let kind = match stat.file_type() {
            FileType::Directory => {
                if !self.name.ends_with(b"/") {
                    self.name.push(b'/');
                }
                return header(self, DIRECTORY, none, 0);
            }
            FileType::Regular => REGULAR,
            FileType::Symlink => SYMLINK,
            FileType::CharDevice => CHAR_DEVICE,
            FileType::BlockDevice => BLOCK_DEVICE,
            FileType::Fifo => FIFO,
            // There is no way to write these down.
            FileType::Socket | FileType::Unknown => return Ok(()),
        };
        if stat.nlink > 1 {
            let key = (member.device, stat.ino);
            if let Some((first, left)) = self.links.get_mut(&key) {
                let first = match *left {
                    // It has no more names, so it needs no more memory.
                    1 => self.links.remove(&key).map(|(first, _)| first).unwrap_or_default(),
                    _ => {
                        *left -= 1;
                        first.clone()
                    }
                };
                return header(self, HARD_LINK, first.as_ref(), 0);
            }
            self.links.insert(key, (self.name.clone(), stat.nlink - 1));
        }
        match kind {
            REGULAR => {
                let file = member.filesystem.open(member.node)?;
                header(self, REGULAR, none, file.len())?;
                self.sink.copy(&file)?;
                self.sink.pad(BLOCK)
            }
            SYMLINK => header(self, SYMLINK, member.filesystem.read_link(member.node)?.as_ref(), 0),
            kind => header(self, kind, none, 0),
        }
    }

    /// Writes the header of a member, and before it the headers that say what has no room in it.
    fn header(&mut self, kind: u8, link_name: &BStr, stat: &Stat, size: u64, xattrs: &[Xattr]) -> Result<()> {
        match self.format {
            Format::Gnu => {
                for (kind, text) in [(LONG_LINK, link_name), (LONG_NAME, self.name.as_ref())] {
                    if text.len() > NAME_LENGTH {
                        long_text(self.sink, kind, text)?;
                    }
                }
            }
            Format::Pax => self.extended(link_name, stat, size, xattrs)?,
        }
        let mut header = Header::new(self.format, self.name.as_ref(), kind);
        header.mode(stat.mode).owner(stat.uid, stat.gid).size(size).mtime(stat.mtime.seconds).link_name(link_name);
        if matches!(kind, CHAR_DEVICE | BLOCK_DEVICE) {
            let (major, minor) = split_device(stat.rdev);
            header.device(major, minor);
        } else if self.format == Format::Pax {
            header.device(0, 0);
        }
        self.sink.put(header.finish())
    }

    fn extended(&mut self, link_name: &BStr, stat: &Stat, size: u64, xattrs: &[Xattr]) -> Result<()> {
        self.records.clear();
        self.records.describe(self.name.as_ref(), link_name, stat, size);
        self.records.extras(self.extras, xattrs)?;
        let records = self.records.as_bytes();
        let mtime = stat.mtime.seconds.clamp(0, i64::try_from(MAX_SIZE).unwrap_or(i64::MAX));
        let mut header = Header::new(Format::Pax, name_of_extended(self.name.as_ref()).as_ref(), EXTENDED);
        header.mode(0o644).owner(0, 0).size(records.len() as u64).mtime(mtime);
        self.sink.put(header.finish())?;
        self.sink.put(records)?;
        self.sink.pad(BLOCK)
    }
}

/// GNU's way to write a name that is too long: a member of its own before, with the name and a NUL as its contents.
fn long_text(sink: &mut Sink, kind: u8, text: &BStr) -> Result<()> {
    let mut header = Header::new(Format::Gnu, "././@LongLink".into(), kind);
    header.mode(0o644).owner(0, 0).size(text.len() as u64 + 1).mtime(0);
    sink.put(header.finish())?;
    sink.put(text)?;
    sink.zeros(1)?;
    sink.pad(BLOCK)
}

/// `./a/b` → `./a/PaxHeaders/b`: what a tar that doesn't know extended headers would unpack them as.
fn name_of_extended(name: &BStr) -> BString {
    let trimmed = name.trim_end_with(|byte| byte == '/');
    let (directory, base) = match trimmed.rfind_byte(b'/') {
        Some(slash) => (&trimmed[..slash], &trimmed[slash + 1..]),
        None => (&b"."[..], trimmed),
    };
    [directory, b"/PaxHeaders/", base].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_headers_are_named_as_gnu_tar_names_them() {
        for (name, expected) in [("./", "./PaxHeaders/."), ("./a", "./PaxHeaders/a"), ("./a/b/", "./a/PaxHeaders/b")] {
            assert_eq!(name_of_extended(name.into()), expected);
        }
    }
}

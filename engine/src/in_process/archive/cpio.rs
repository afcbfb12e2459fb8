//! Cpio archives in the "new ASCII" formats (SVR4), as GNU cpio writes them.

use std::collections::HashMap;

use bstr::{BStr, BString};
use glassbox_filesystems::{FileType, Stat};
use glassbox_io::{Errno, Error, ReadAt, Result, ResultExt};

use super::ahead::Sink;
use super::{Member, OwnedMember, split_device};
use crate::vfs::{Located, Step, Vfs};

/// Names and contents are padded to multiples of this.
const ALIGNMENT: u64 = 4;
/// The archive is padded to a multiple of this.
const BLOCK: u64 = 512;
/// The name of the member that ends an archive.
const TRAILER: &str = "TRAILER!!!";
/// Read at a time, for a checksum.
const PIECE: usize = 256 << 10;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `newc`: without checksums.
    NewAscii,
    /// `crc`: with the sum of each file's bytes.
    Checksums,
}

/// Writes the directory `start` and all below it.
pub fn write(vfs: &Vfs, start: &Located, format: Format, sink: &mut Sink) -> Result<()> {
    let mut cpio = Cpio { sink, format, deferred: HashMap::new(), met: 0 };
    let root = Member { filesystem: &start.filesystem, device: start.device_number, node: start.node };
    cpio.member(".".into(), &root)?;
    vfs.walk(start, &mut |visit| {
        let member = Member { filesystem: visit.filesystem, device: visit.device_number, node: visit.node };
        cpio.member(visit.path, &member).at_path(visit.path)?;
        Ok(Step::On)
    })?;
    cpio.remaining_links()?;
    cpio.header(TRAILER.into(), &Stat { nlink: 1, ..Stat::default() }, 0, 0, 0)?;
    cpio.sink.pad(BLOCK)
}

struct Cpio<'a> {
    sink: &'a mut Sink,
    format: Format,
    /// Files with several names, by device and inode number: the contents come with the last name.
    deferred: HashMap<(u64, u64), Vec<Deferred>>,
    /// How many names were deferred.
    met: u64,
}

/// A name that waits for the file's last one.
struct Deferred {
    /// Its place among all of them.
    place: u64,
    name: BString,
    member: OwnedMember,
    stat: Stat,
}

impl Cpio<'_> {
    fn member(&mut self, name: &BStr, member: &Member<'_>) -> Result<()> {
        let stat = member.filesystem.stat(member.node)?;
        match stat.file_type() {
            FileType::Regular if stat.nlink > 1 => {
                let links = self.deferred.entry((member.device, stat.ino)).or_default();
                if links.len() as u64 + 1 < stat.nlink {
                    links.push(Deferred { place: self.met, name: name.to_owned(), member: member.to_owned(), stat });
                    self.met += 1;
                    return Ok(());
                }
                let links = self.deferred.remove(&(member.device, stat.ino)).unwrap_or_default();
                for link in links.iter().rev() {
                    self.header(link.name.as_ref(), &link.stat, link.member.device, 0, 0)?;
                }
                self.file(name, member, &stat)
            }
            FileType::Regular => self.file(name, member, &stat),
            FileType::Symlink => {
                let target = member.filesystem.read_link(member.node)?;
                self.header(name, &stat, member.device, target.len() as u64, 0)?;
                self.sink.put(&target)?;
                self.sink.pad(ALIGNMENT)
            }
            FileType::Unknown => Ok(()),
            _ => self.header(name, &stat, member.device, 0, 0),
        }
    }

    /// Names of files that have others outside of what is archived: the last written has the contents.
    fn remaining_links(&mut self) -> Result<()> {
        let mut left: Vec<Deferred> = self.deferred.drain().flat_map(|(_, links)| links).collect();
        left.sort_unstable_by_key(|link| link.place);
        let mut counts: HashMap<(u64, u64), u64> = HashMap::new();
        left.iter().for_each(|link| *counts.entry((link.member.device, link.stat.ino)).or_default() += 1);
        for link in left.iter().rev() {
            let count = counts.entry((link.member.device, link.stat.ino)).or_default();
            *count -= 1;
            match *count {
                0 => self.file(link.name.as_ref(), &link.member.borrow(), &link.stat).at_path(&link.name)?,
                _ => self.header(link.name.as_ref(), &link.stat, link.member.device, 0, 0)?,
            }
        }
        Ok(())
    }

    fn file(&mut self, name: &BStr, member: &Member<'_>, stat: &Stat) -> Result<()> {
        let file = member.filesystem.open(member.node)?;
        let sum = match self.format {
            Format::NewAscii => 0,
            Format::Checksums => byte_sum(&file)?,
        };
        self.header(name, stat, member.device, file.len(), sum)?;
        self.sink.copy(&file)?;
        self.sink.pad(ALIGNMENT)
    }

    /// Thirteen numbers of eight hexadecimal digits after the magic, then the name. Numbers that are too large lose
    /// their upper bits, as with GNU cpio; but a size must be right.
    fn header(&mut self, name: &BStr, stat: &Stat, device: u64, size: u64, sum: u32) -> Result<()> {
        let size = u32::try_from(size).map_err(|_| Error::os_with(Errno::EFBIG, "cpio: a file of 4 GiB or more"))?;
        let magic = match self.format {
            Format::NewAscii => "070701",
            Format::Checksums => "070702",
        };
        let (major, minor) = split_device(device);
        let (rdev_major, rdev_minor) = split_device(stat.rdev);
        let numbers = [
            stat.ino as u32,
            stat.mode,
            stat.uid,
            stat.gid,
            stat.nlink as u32,
            stat.mtime.seconds as u32,
            size,
            major,
            minor,
            rdev_major,
            rdev_minor,
            name.len() as u32 + 1,
            sum,
        ];
        let mut header = String::with_capacity(magic.len() + 8 * numbers.len());
        header.push_str(magic);
        numbers.iter().for_each(|number| header.push_str(&format!("{number:08X}")));
        self.sink.put(header.as_bytes())?;
        self.sink.put(name)?;
        self.sink.zeros(1)?;
        self.sink.pad(ALIGNMENT)
    }
}

/// The checksum of the `crc` format, which is none: all bytes added up.
fn byte_sum(file: &dyn ReadAt) -> Result<u32> {
    let mut buf = vec![0; PIECE.min(usize::try_from(file.len()).unwrap_or(PIECE))];
    let (mut sum, mut offset) = (0_u32, 0);
    while offset < file.len() {
        let count = file.read_at(&mut buf, offset)?;
        if count == 0 {
            break;
        }
        sum = buf[..count].iter().fold(sum, |sum, byte| sum.wrapping_add(u32::from(*byte)));
        offset += count as u64;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_added_up() {
        assert_eq!(byte_sum(&b"abc\n".to_vec()).unwrap(), 304);
        assert_eq!(byte_sum(&vec![255; PIECE * 2 + 1]).unwrap(), 255 * (PIECE as u32 * 2 + 1));
        assert_eq!(byte_sum(&Vec::new()).unwrap(), 0);
    }
}

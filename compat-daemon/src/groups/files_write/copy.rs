//! Bytes copied between files and devices.

use std::fs::File;
use std::os::unix::fs::FileExt;

use bstr::BStr;
use glassbox_engine::Job;
use glassbox_io::{Error, Result, ResultExt};
use rustix::fs::{Mode, OFlags, SeekFrom};

use super::{NEW_FILE, PIECE, WRITE, not_negative};
use crate::kernel_tree::os;
use crate::sysroot;

/// What a sparse copy leaves out: zeros of this length, at multiples of it. That of most filesystems' blocks.
const HOLE: usize = 4096;

/// Which bytes, and where to.
#[derive(Default)]
pub struct Range {
    /// Where they begin in the source.
    pub from: u64,
    /// Where they go in the destination.
    pub to: u64,
    /// How many they are; without, up to the source's end.
    pub size: Option<u64>,
    /// Whether zeros are left out.
    pub sparse: bool,
}

impl Range {
    /// The range that a call's options describe.
    pub fn new(from: Option<i64>, to: Option<i64>, size: Option<i64>, sparse: Option<bool>) -> Result<Self> {
        Ok(Range {
            from: not_negative(from.unwrap_or(0), "srcoffset")?,
            to: not_negative(to.unwrap_or(0), "destoffset")?,
            size: size.map(|size| not_negative(size, "size")).transpose()?,
            sparse: sparse.unwrap_or(false),
        })
    }
}

/// What becomes of what the destination holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A file's contents are replaced by the copy.
    Replaced,
    /// The copy goes behind a file's contents, whatever the offset.
    Appended,
}

impl Destination {
    /// A file.
    pub fn file(append: Option<bool>) -> Self {
        if append.unwrap_or(false) { Destination::Appended } else { Destination::Replaced }
    }

    /// A device, which has no end to append to.
    pub fn device(append: Option<bool>) -> Result<Self> {
        match Self::file(append) {
            Destination::Appended => Err(Error::usage("nothing can be appended to a device")),
            replaced => Ok(replaced),
        }
    }
}

/// Copies a range of `source` to `destination`; both are devices or files of the guest.
pub fn run(job: &mut Job, source: &BStr, destination: &BStr, range: &Range, mode: Destination) -> Result<()> {
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK;
    let from = sysroot::open_device_or_file(source, flags, Mode::empty())?;
    let flags = match mode {
        Destination::Replaced => OFlags::TRUNC,
        // Not O_APPEND, with which the kernel ignores where a sparse copy goes on.
        Destination::Appended => OFlags::empty(),
    };
    let to = sysroot::open_device_or_file(destination, WRITE | OFlags::CREATE | flags, NEW_FILE)?;
    let start = match mode {
        Destination::Replaced => range.to,
        Destination::Appended => end(&to).at_path(destination)?,
    };
    let mut copy = Copy { job, from: &from, to: &to, source, destination, sparse: range.sparse };
    let count = copy.run(range.from, start, range.size)?;
    if let Some(size) = range.size.filter(|size| *size > count) {
        return Err(Error::usage(format!("input too short by {} bytes", size - count)).at_path(source));
    }
    Ok(())
}

fn end(file: &File) -> Result<u64> {
    rustix::fs::seek(file, SeekFrom::End(0)).map_err(os)
}

struct Copy<'a> {
    job: &'a mut Job,
    from: &'a File,
    to: &'a File,
    source: &'a BStr,
    destination: &'a BStr,
    sparse: bool,
}

impl Copy<'_> {
    /// Copies up to `size` bytes, or all there are. The number of bytes that there were.
    fn run(&mut self, from: u64, to: u64, size: Option<u64>) -> Result<u64> {
        let total = size.unwrap_or(end(self.from).unwrap_or(0).saturating_sub(from));
        let mut buf = vec![0; PIECE];
        let mut done = 0;
        loop {
            self.job.at(done, total)?;
            let rest = size.map_or(u64::MAX, |size| size - done);
            let piece = usize::try_from(rest).map_or(PIECE, |rest| rest.min(PIECE));
            let count = self.read(&mut buf[..piece], from.saturating_add(done))?;
            if count == 0 {
                break;
            }
            self.write(&buf[..count], to.saturating_add(done))?;
            done += count as u64;
        }
        if self.sparse {
            self.extend(to.saturating_add(done))?;
        }
        self.job.done(total);
        Ok(done)
    }

    fn read(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        self.from.read_at(buf, offset).map_err(Error::from).at_path(self.source).during("read")
    }

    fn write(&self, bytes: &[u8], offset: u64) -> Result<()> {
        let write = |bytes: &[u8], offset| {
            self.to.write_all_at(bytes, offset).map_err(Error::from).at_path(self.destination).during("write")
        };
        if !self.sparse {
            return write(bytes, offset);
        }
        data_runs(bytes).try_for_each(|(start, run)| write(run, offset + start as u64))
    }

    /// A file whose last bytes were left out gets its length all the same.
    fn extend(&self, length: u64) -> Result<()> {
        let stat = rustix::fs::fstat(self.to).map_err(os).at_path(self.destination)?;
        let is_file = rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::RegularFile;
        if is_file && (stat.st_size as u64) < length {
            rustix::fs::ftruncate(self.to, length).map_err(os).at_path(self.destination)?;
        }
        Ok(())
    }
}

/// What of `bytes` isn't zero, in whole blocks, with where it begins.
fn data_runs(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let is_zero = |block: &[u8]| block.iter().all(|byte| *byte == 0);
    let mut blocks = bytes.chunks(HOLE).enumerate().filter(move |(_, block)| !is_zero(block)).peekable();
    std::iter::from_fn(move || {
        let (first, block) = blocks.next()?;
        let (mut next, mut length) = (first + 1, block.len());
        while let Some((_, block)) = blocks.next_if(|(number, _)| *number == next) {
            next += 1;
            length += block.len();
        }
        let start = first * HOLE;
        Some((start, &bytes[start..start + length]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_data_lie_between_blocks_of_zeros() {
        let mut bytes = vec![0; HOLE * 6 + 10];
        bytes[HOLE + 5] = 1;
        bytes[HOLE * 3 - 1] = 1;
        bytes[HOLE * 6 + 9] = 1;
        let runs: Vec<(usize, usize)> = data_runs(&bytes).map(|(start, run)| (start, run.len())).collect();
        assert_eq!(runs, [(HOLE, HOLE * 2), (HOLE * 6, 10)]);
        assert_eq!(data_runs(&[0; 100]).count(), 0);
    }

    #[test]
    fn negative_numbers_are_named() {
        let message = |range: Result<Range>| range.err().map(|error| error.to_string());
        assert_eq!(message(Range::new(Some(-1), None, None, None)).unwrap(), "srcoffset is negative");
        assert_eq!(message(Range::new(None, None, Some(-1), None)).unwrap(), "size is negative");
        assert!(Destination::device(Some(true)).is_err());
    }
}

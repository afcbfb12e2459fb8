//! The group `initrd`: files in initial RAM disks.
//!
//! An initrd is what Linux accepts (Documentation/driver-api/early-userspace/buffer-format.rst): cpio archives one
//! after another, the first ones plain (a processor's microcode), a later one often compressed.

mod cpio_member;
mod decompress;

use std::io::BufRead;
use std::ops::ControlFlow;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::Initrd;
use glassbox_filesystems::FileType;
use glassbox_io::{Errno, Error, Input, ReadAt, Result};

use super::InProcess;

use cpio_member::{Header, MAGICS};

pub(super) use decompress::decompress;

/// Members of all archives together. Real ones have some thousands.
const MAX_MEMBERS: usize = 1 << 20;
/// Contents that are returned: they are held in memory.
const MAX_CONTENT: u64 = 256 << 20;
/// Zeros between archives, and padding of the file to blocks, end at a multiple of this.
const ALIGNMENT: u64 = 4;

/// A member: its name, its header, and its contents, of which the visitor reads what it wants.
pub(super) struct Member<'a> {
    pub name: &'a BStr,
    pub header: &'a Header,
    pub contents: &'a mut dyn BufRead,
}

pub(super) type Visitor<'a> = dyn FnMut(&mut Member<'_>) -> Result<ControlFlow<()>> + 'a;

/// Shows `visit` every member of every archive in `source`.
pub(super) fn members(source: &dyn ReadAt, visit: &mut Visitor<'_>) -> Result<()> {
    let mut left = MAX_MEMBERS;
    let mut input = Input::new(source);
    loop {
        if archives(&mut input, &mut left, visit)?.is_break() || !skip_zeros(&mut input)? {
            return Ok(());
        }
        // No archive as it is: then a compressed one.
        let Some(mut decompressed) = decompress(&mut input)? else {
            return match left == MAX_MEMBERS {
                true => Err(Error::usage("not an initrd: neither a cpio archive nor a compressed one")),
                // The kernel, too, takes what it has found before.
                false => Ok(()),
            };
        };
        let met = left;
        if archives(&mut decompressed, &mut left, visit)?.is_break() {
            return Ok(());
        }
        if met == left {
            return Err(Error::usage("not an initrd: what is compressed is no cpio archive"));
        }
        // So that what follows the compressed data is found.
        std::io::copy(&mut decompressed, &mut std::io::sink())?;
    }
}

/// Shows the members of archives that follow one another, until something else follows.
fn archives(input: &mut dyn BufRead, left: &mut usize, visit: &mut Visitor<'_>) -> Result<ControlFlow<()>> {
    while skip_zeros(input)? && is_archive(input)? {
        while let Some((header, name)) = Header::read(input)? {
            *left = left.checked_sub(1).ok_or_else(|| Error::corrupt("an initrd has too many members"))?;
            let mut contents = std::io::Read::take(&mut *input, header.size);
            let mut member = Member { name: name.as_ref(), header: &header, contents: &mut contents };
            if visit(&mut member)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let unread = contents.limit();
            cpio_member::skip(input, unread + header.size.next_multiple_of(ALIGNMENT) - header.size)?;
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Whether anything but zeros follows.
fn skip_zeros(input: &mut dyn BufRead) -> Result<bool> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        let zeros = buffer.iter().take_while(|byte| **byte == 0).count();
        let found = zeros < buffer.len();
        input.consume(zeros);
        if found {
            return Ok(true);
        }
    }
}

/// Whether a cpio header follows. A decompressor may show less of it than the magic; what is no header is then found
/// out when it is read.
fn is_archive(input: &mut dyn BufRead) -> Result<bool> {
    let buffer = input.fill_buf()?;
    Ok(MAGICS.iter().any(|magic| buffer.starts_with(&magic[..magic.len().min(buffer.len())])))
}

/// Whether a file begins as a cpio archive.
pub(super) fn is_cpio(beginning: &[u8]) -> bool {
    MAGICS.iter().any(|magic| beginning.starts_with(magic))
}

impl Initrd for InProcess {
    fn initrd_list(&mut self, path: &BStr) -> Result<Vec<BString>> {
        self.with_file(path, |file| {
            let mut names = Vec::new();
            members(file, &mut |member| {
                names.push(member.name.to_owned());
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(names)
        })
    }

    fn initrd_cat(&mut self, initrdpath: &BStr, filename: &BStr) -> Result<Vec<u8>> {
        let wanted = plain(filename);
        let mut found: Option<Vec<u8>> = None;
        // Of a file with several names, only the last has the contents.
        let mut linked = None;
        self.with_file(initrdpath, |file| {
            members(file, &mut |member| {
                let header = member.header;
                let is_wanted = plain(member.name) == wanted;
                if !is_wanted && linked != Some(header.identity) {
                    return Ok(ControlFlow::Continue(()));
                }
                match FileType::from_mode(header.mode) {
                    FileType::Regular => {}
                    FileType::Directory => return Err(Error::os(Errno::EISDIR)),
                    _ => return Err(Error::usage("not a regular file")),
                }
                if header.size > MAX_CONTENT {
                    return Err(Error::os(Errno::EFBIG));
                }
                let mut contents = Vec::new();
                std::io::Read::read_to_end(member.contents, &mut contents)?;
                if contents.len() as u64 != header.size {
                    return Err(Error::corrupt("an initrd ends within a file"));
                }
                linked = (contents.is_empty() && header.nlink > 1).then_some(header.identity);
                found = Some(contents);
                // A later archive replaces the files of those before: only the end shows which is the last.
                Ok(ControlFlow::Continue(()))
            })
        })?;
        found.ok_or_else(|| {
            let message = format!("{initrdpath}:{filename}: {}", Errno::ENOENT.message());
            Error::os_with(Errno::ENOENT, message).during("open")
        })
    }
}

/// `./etc/passwd`, `/etc/passwd` and `etc/passwd` are the same.
pub(super) fn plain(name: &BStr) -> &BStr {
    let name = name.strip_prefix(b".").filter(|rest| rest.starts_with(b"/")).unwrap_or(name);
    name.trim_start_with(|byte| byte == '/').as_bstr()
}

#[cfg(test)]
mod tests;

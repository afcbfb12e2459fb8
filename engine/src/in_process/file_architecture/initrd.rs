//! The machine that an initial RAM disk is for: that of the programs in it.

use std::io::Read;
use std::ops::ControlFlow;

use bstr::{BStr, ByteSlice};
use glassbox_filesystems::FileType;
use glassbox_io::{ReadAt, Result};

use super::{BEGINNING, elf};
use crate::in_process::initrd;

/// Where an initrd has the programs of its own, the directory in `/usr` too.
const DIRECTORIES: [&[u8]; 2] = [b"bin", b"sbin"];
/// Programs that initrds have one or more of, all of them for the machine that is started. Other files may be for
/// other processors: firmware is often in ELF.
const PROGRAMS: [&[u8]; 10] =
    [b"ls", b"rm", b"modprobe", b"sh", b"bash", b"dash", b"nash", b"busybox", b"kmod", b"mount"];

/// The architecture of the first program that has one; `None` if none has.
pub fn architecture(source: &dyn ReadAt) -> Result<Option<&'static str>> {
    let mut found = None;
    initrd::members(source, &mut |member| {
        if FileType::from_mode(member.header.mode) != FileType::Regular || !is_program(member.name) {
            return Ok(ControlFlow::Continue(()));
        }
        let mut beginning = Vec::new();
        member.contents.take(BEGINNING as u64).read_to_end(&mut beginning)?;
        found = elf::architecture(&beginning);
        Ok(if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}

fn is_program(path: &BStr) -> bool {
    let path = initrd::plain(path);
    let path = path.strip_prefix(b"usr/").unwrap_or(path);
    let mut names = path.splitn_str(2, "/");
    let directory = names.next().is_some_and(|name| DIRECTORIES.contains(&name));
    directory && names.next().is_some_and(|name| PROGRAMS.contains(&name))
}

//! Which processor architecture a file is for: programs, libraries, kernels, modules and initial RAM disks.
//!
//! libguestfs asks file(1); here the headers are read. More is told than libguestfs tells: kernels for x86 and ARM,
//! initrds behind a processor's microcode, what zstd and LZ4 compressed, and the machine of a PE file, which
//! libguestfs takes for x86 whatever it is.

mod contents;
mod elf;
mod initrd;
mod linux_image;
mod pe;

use bstr::BStr;
use glassbox_filesystems::FileType;
use glassbox_io::{Error, ReadAt, Result, ResultExt};

use super::initrd::is_cpio;
use crate::vfs::Located;

/// As much of a file as tells its kind: the longest header is that of Linux for x86.
const BEGINNING: usize = 1024;

/// The architecture that the contents of a file are for, in libguestfs's words (`x86_64`, `aarch64` …); `None` if they
/// are for none, or for one that has no name here.
pub(crate) fn of_contents(file: &dyn ReadAt) -> Result<Option<&'static str>> {
    let mut beginning = [0; BEGINNING];
    let length = file.read_at(&mut beginning, 0)?;
    let beginning = &beginning[..length];
    if beginning.starts_with(elf::MAGIC) {
        return Ok(elf::architecture(beginning));
    }
    if is_cpio(beginning) {
        return initrd::architecture(file);
    }
    // Kernels with an EFI stub are programs of EFI, too.
    if let Some(architecture) = linux_image::architecture(beginning, file)? {
        return Ok(Some(architecture));
    }
    if beginning.starts_with(pe::DOS_MAGIC) {
        return pe::architecture(beginning, file);
    }
    contents::architecture(file)
}

/// The architecture that a file is for; an error if none can be told, with the path as the caller gave it.
pub(crate) fn of_file(file: &Located, path: &BStr) -> Result<&'static str> {
    let found = match file.file_type()? {
        FileType::Regular => {
            let contents = file.filesystem.open(file.node).at_path(path)?;
            match of_contents(&contents) {
                Ok(found) => found,
                // Not for a machine, whatever it is.
                Err(error) if error.is_unsupported() => return Err(error.at_path(path)),
                Err(error) => return Err(unknown(path).caused_by(error)),
            }
        }
        _ => None,
    };
    found.ok_or_else(|| unknown(path))
}

fn unknown(path: &BStr) -> Error {
    Error::usage(format!("unknown architecture: {path}"))
}

#[cfg(test)]
mod tests;

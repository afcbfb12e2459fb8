//! Zeros over what a device or the free space of a filesystem holds.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use glassbox_engine::Job;
use glassbox_io::Result;
use rustix::fs::{AtFlags, Mode, OFlags};

use super::blockdev;
use crate::kernel_tree::os;

/// Read and written at a time.
const PIECE: usize = 256 << 10;
/// What is zero already is left alone in units of this many bytes, so that a sparse image stays sparse.
const BLOCK: usize = 4096;
/// As much as a device has.
pub const EVERYTHING: u64 = u64::MAX;
/// The file that takes the free space, while it has a name.
const FILLER: &str = ".glassbox-zero-free-space";

/// Makes the first `length` bytes of a device zero.
pub fn erase(device: &File, length: u64, job: &mut Job) -> Result<()> {
    let end = blockdev::length(device)?.min(length);
    let zeros = vec![0; BLOCK];
    let mut piece = vec![0; PIECE];
    let mut offset = 0;
    while offset < end {
        job.at(offset, end)?;
        let count = usize::try_from(end - offset).unwrap_or(PIECE).min(PIECE);
        device.read_exact_at(&mut piece[..count], offset)?;
        for (index, block) in piece[..count].chunks(BLOCK).enumerate() {
            if block.iter().any(|byte| *byte != 0) {
                device.write_all_at(&zeros[..block.len()], offset + (index * BLOCK) as u64)?;
            }
        }
        offset += count as u64;
    }
    device.sync_all()?;
    job.done(end);
    Ok(())
}

/// Makes all free blocks of the filesystem that a directory is in zero, by a file that takes them and is gone in the end.
pub fn fill(directory: OwnedFd, job: &mut Job) -> Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = rustix::fs::openat(&directory, FILLER, flags, Mode::from_raw_mode(0o600)).map_err(os)?;
    // Without a name it can't be left behind, whatever happens.
    rustix::fs::unlinkat(&directory, FILLER, AtFlags::empty()).map_err(os)?;
    let mut file = File::from(file);
    let found = rustix::fs::fstatvfs(&directory).map_err(os)?;
    let free = found.f_bfree.saturating_mul(found.f_frsize);
    let zeros = vec![0; PIECE];
    let mut written = 0;
    loop {
        job.at(written, free.max(written))?;
        match file.write(&zeros) {
            Ok(count) => written += count as u64,
            Err(error) if error.kind() == ErrorKind::StorageFull => break,
            Err(error) => return Err(error.into()),
        }
    }
    // The last blocks are still on their way; that there is no room for more was to be.
    let synced = file.sync_all();
    job.done(free.max(written));
    match synced {
        Err(error) if error.kind() != ErrorKind::StorageFull => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn job() -> Job {
        Job::new(Arc::default(), Arc::default(), 1, 1)
    }

    #[test]
    fn only_what_holds_something_is_written() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(4 * PIECE as u64 + 5).unwrap();
        file.write_all_at(b"at the beginning", 10).unwrap();
        file.write_all_at(b"at the end", 4 * PIECE as u64 - 5).unwrap();
        erase(&file, 8192, &mut job()).unwrap();
        let mut contents = vec![1; 4 * PIECE + 5];
        file.read_exact_at(&mut contents, 0).unwrap();
        assert_eq!((contents[10], &contents[4 * PIECE - 5..]), (0, &b"at the end"[..]));
        erase(&file, EVERYTHING, &mut job()).unwrap();
        file.read_exact_at(&mut contents, 0).unwrap();
        assert!(contents.iter().all(|byte| *byte == 0));
        let blocks = std::os::unix::fs::MetadataExt::blocks(&file.metadata().unwrap());
        assert!(blocks * 512 <= 4 * BLOCK as u64, "{blocks} blocks for what was a hole");
    }
}

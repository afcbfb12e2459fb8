//! Files and directories of a given size, for tests.

use std::fs::File;
use std::io::Write;

use bstr::{BStr, ByteSlice};
use glassbox_engine::Job;
use glassbox_io::{Result, ResultExt};
use rustix::fs::OFlags;

use super::{NEW_FILE, PIECE, WRITE};
use crate::sysroot;

/// Writes `length` bytes: `pattern`, which isn't empty, again and again.
pub fn repeat(job: &mut Job, mut file: &File, pattern: &[u8], length: u64) -> Result<()> {
    // Whole patterns, so that one piece follows on the other.
    let piece = pattern.repeat((PIECE / pattern.len()).max(1));
    let mut done = 0;
    while done < length {
        job.at(done, length)?;
        let count = usize::try_from(length - done).map_or(piece.len(), |rest| rest.min(piece.len()));
        file.write_all(&piece[..count])?;
        done += count as u64;
    }
    job.done(length);
    Ok(())
}

/// Makes `count` empty files, named by number with at least eight digits.
pub fn directory(path: &BStr, count: i32) -> Result<()> {
    for number in 0..count {
        let separator = if path.ends_with(b"/") { "" } else { "/" };
        let file = [path.as_bytes(), separator.as_bytes(), format!("{number:08}").as_bytes()].concat();
        sysroot::open(file.as_bstr(), WRITE | OFlags::CREATE, NEW_FILE).during("create")?;
    }
    Ok(())
}

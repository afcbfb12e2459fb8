//! Copies a disk image to a raw file, holes as holes: what `qemu-img convert -O raw` does.
//!
//! ```text
//! cargo run --release --example convert -- disk.qcow2 disk.raw
//! ```

use std::fs::File;
use std::os::unix::fs::FileExt;

use glassbox_formats::{OpenOptions, open};
use glassbox_io::{Error, ExtentKind, Extents, ReadAt, Result};

/// Large enough that the calls cost nothing, small enough for the processor's cache.
const STEP: usize = 1 << 20;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [from, to] = &arguments[..] else { return Err(Error::usage("usage: convert IMAGE RAW")) };
    let disk = open(from, &OpenOptions::new())?;
    let copy = File::create(to)?;
    copy.set_len(disk.len())?;
    let mut buf = vec![0; STEP];
    for extent in Extents::new(&disk, 0) {
        let (mut at, extent) = extent?;
        let end = at + extent.length;
        while extent.kind == ExtentKind::Data && at < end {
            let length = STEP.min((end - at) as usize);
            disk.read_exact_at(&mut buf[..length], at)?;
            copy.write_all_at(&buf[..length], at)?;
            at += length as u64;
        }
    }
    Ok(())
}

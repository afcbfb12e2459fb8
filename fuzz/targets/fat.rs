//! FAT12, FAT16 and FAT32.
#![no_main]

use glassbox_filesystems::fat::Fat;
use glassbox_fuzz::{image, walk};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(filesystem) = Fat::open(image(bytes)) {
        walk(&filesystem);
    }
});

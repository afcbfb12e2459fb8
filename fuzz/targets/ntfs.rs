//! NTFS.
#![no_main]

use glassbox_filesystems::ntfs::Ntfs;
use glassbox_fuzz::{image, walk};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(filesystem) = Ntfs::open(image(bytes)) {
        walk(&filesystem);
    }
});

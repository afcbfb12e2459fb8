//! ext2, ext3 and ext4, with their journal.
#![no_main]

use glassbox_filesystems::ext::Ext;
use glassbox_fuzz::{image, walk};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(filesystem) = Ext::open(image(bytes)) {
        walk(&filesystem);
    }
});

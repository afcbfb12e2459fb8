//! Recognising what a volume holds.
#![no_main]

use glassbox_filesystems::detect::detect;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = detect(&bytes.to_vec());
});

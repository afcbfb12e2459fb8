//! An RPM header by itself.
#![no_main]

use glassbox_packages::rpm::read_header;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(package) = read_header(bytes) {
        let text = package.name.len() + package.description.map_or(0, |text| text.len());
        assert!(text <= bytes.len(), "more text than there was");
    }
});

//! An RPM database in a Berkeley DB hash.
#![no_main]

use glassbox_fuzz::rpm_packages;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| rpm_packages(bytes, None));

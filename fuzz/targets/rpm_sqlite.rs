//! An RPM database in SQLite, and after it its write-ahead log, from where the log's magic number stands last.
#![no_main]

use glassbox_fuzz::rpm_packages;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let log = bytes.windows(3).rposition(|magic| magic == [0x37, 0x7f, 0x06]);
    let (database, log) = bytes.split_at(log.unwrap_or(bytes.len()));
    rpm_packages(database, None);
    rpm_packages(database, Some(log));
});

//! systemd's journal: one file, and the same file merged with a part of it.
#![no_main]

use glassbox_fuzz::image;
use glassbox_journal::{Direction, Journal, JournalFile};
use libfuzzer_sys::fuzz_target;

/// Entries that are read: a list of them may be long on purpose, and that is no finding.
const MAX_ENTRIES: usize = 500;

fuzz_target!(|bytes: &[u8]| {
    let files = [bytes, &bytes[..bytes.len() / 2], bytes].map(|bytes| JournalFile::open(image(bytes)));
    let mut journal = Journal::new(files.into_iter().flatten());
    for direction in [Direction::Forward, Direction::Backward] {
        for _ in 0..MAX_ENTRIES {
            if !journal.step(direction).expect("memory holds it") {
                break;
            }
            let fields = journal.fields(4096).expect("memory holds it");
            fields.for_each(|field| assert!(field.is_ok()));
        }
    }
});

//! systemd's journal: the files against journalctl, the calls against real libguestfs.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bstr::{BString, ByteSlice};
use glassbox_api::structs::Xattr;
use glassbox_api::{Drives, Journal as _, Launching, Mounting};
use glassbox_engine::Handle;
use glassbox_formats::{Format, OpenOptions};
use glassbox_io::{Result, Source};
use glassbox_journal::{Direction, Journal, JournalFile};
use glassbox_tests::bad_input::{Damaged, Rng, bounded};
use glassbox_tests::fixture;
use glassbox_tests::manifest::hex;
use sha2::{Digest, Sha256};

fn source(path: &Path) -> Source {
    let options = OpenOptions::new().format(Format::Raw);
    Arc::new(glassbox_formats::open(path, &options).unwrap_or_else(|error| panic!("{error}")))
}

/// An entry in the form of `journalctl -o export`, without the lines that it makes up (`__CURSOR`, `__SEQNUM` …).
fn exported(journal: &Journal) -> Vec<u8> {
    let entry = journal.current().unwrap();
    let mut out =
        format!("__REALTIME_TIMESTAMP={}\n__MONOTONIC_TIMESTAMP={}\n", entry.realtime, entry.monotonic).into_bytes();
    for field in journal.fields(0).unwrap() {
        let field = field.unwrap();
        let (name, value) = field.split_once_str("=").unwrap();
        match value.iter().all(|byte| (32..127).contains(byte) || *byte == b'\t') {
            true => out.extend_from_slice(&field),
            false => {
                out.extend_from_slice(name);
                out.push(b'\n');
                out.extend_from_slice(&(value.len() as u64).to_le_bytes());
                out.extend_from_slice(value);
            }
        }
        out.push(b'\n');
    }
    out
}

/// journalctl's entries, without the same lines. `_BOOT_ID` comes first there, wherever the entry has it.
fn entries_of_journalctl(mut export: &[u8]) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    let mut entry = Vec::new();
    while let Some(end) = export.find_byte(b'\n') {
        let line = &export[..end];
        let mut length = end + 1;
        if line.is_empty() {
            entries.push(std::mem::take(&mut entry));
        } else if line.starts_with(b"__CURSOR=") || line.starts_with(b"__SEQNUM") {
        } else {
            if !line.contains(&b'=') {
                let (value, _) = export[length..].split_first_chunk().unwrap();
                length += 8 + u64::from_le_bytes(*value) as usize + 1;
            }
            entry.extend_from_slice(&export[..length]);
        }
        export = &export[length..];
    }
    entries
}

/// The lines of an entry in any order: journalctl moves one of them to the front.
fn sorted(entry: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = entry.split(|byte| *byte == b'\n').collect();
    lines.sort();
    lines
}

#[test]
fn every_form_is_read_as_journalctl_reads_it() {
    let folder = fixture("journal");
    for directory in ["regular-none", "regular-zstd", "regular-xz", "regular-lz4", "compact-none", "compact-zstd"]
        .into_iter()
        .chain(["compact-xz", "compact-lz4", "long"])
    {
        let file = JournalFile::open(source(&folder.join("journals").join(directory).join("system.journal"))).unwrap();
        let mut journal = Journal::new([file]);
        let expected = entries_of_journalctl(&fs::read(folder.join(format!("{directory}.export"))).unwrap());
        assert_eq!(expected.len(), if directory == "long" { 3000 } else { 40 }, "{directory}");
        for (number, expected) in expected.iter().enumerate() {
            assert!(journal.step(Direction::Forward).unwrap(), "{directory}: no entry {number}");
            let ours = exported(&journal);
            assert!(sorted(&ours) == sorted(expected), "{directory}: entry {number}:\n{}", ours.as_bstr());
        }
        assert!(!journal.step(Direction::Forward).unwrap(), "{directory}: more entries");
    }
}

fn shown(fields: &[Xattr]) -> String {
    let field = |field: &Xattr| {
        let digest = hex(&Sha256::digest(&field.attrval));
        format!("{}={}:{}", field.attrname, field.attrval.len(), &digest[..16])
    };
    fields.iter().map(field).collect::<Vec<_>>().join(" ")
}

fn answer<T>(result: Result<T>, show: impl Fn(T) -> String) -> String {
    result.map_or_else(|error| format!("! {error}"), show)
}

fn call(g: &mut Handle, name: &str, argument: &str) -> String {
    let done = |()| "ok".to_owned();
    let flag = |value: bool| i32::from(value).to_string();
    let number = |value: i64| value.to_string();
    match name {
        "journal_open" => answer(g.journal_open(argument.into()), done),
        "journal_close" => answer(g.journal_close(), done),
        "journal_next" => answer(g.journal_next(), flag),
        "journal_skip" => answer(g.journal_skip(argument.parse().unwrap()), number),
        "journal_get" => answer(g.journal_get(), |fields| shown(&fields)),
        "journal_get_realtime_usec" => answer(g.journal_get_realtime_usec(), number),
        "journal_get_data_threshold" => answer(g.journal_get_data_threshold(), number),
        "journal_set_data_threshold" => answer(g.journal_set_data_threshold(argument.parse().unwrap()), done),
        other => panic!("{other}"),
    }
}

/// All calls of the group in one session: every form and threshold, merged files, damaged ones, and each error.
#[test]
fn calls_answer_as_libguestfs_does() {
    let folder = fixture("journal");
    let mut g = Handle::new().unwrap();
    g.add_drive_ro(folder.join("disk.raw").to_str().unwrap().into()).unwrap();
    g.launch().unwrap();
    g.mount_ro("/dev/sda".into(), "/".into()).unwrap();
    let calls = fs::read_to_string(folder.join("calls.tsv")).unwrap();
    let mut differences = Vec::new();
    for (number, line) in calls.lines().enumerate() {
        let fields: Vec<&str> = line.split('\t').collect();
        let (argument, oracle) = if fields.len() == 3 { (fields[1], fields[2]) } else { ("", fields[1]) };
        let ours = call(&mut g, fields[0], argument);
        let same = match (oracle.strip_prefix("! "), ours.strip_prefix("! ")) {
            // An error within a stream comes as this one there.
            (Some(oracle), Some(_)) if oracle.contains("cancelled by daemon") => true,
            (Some(oracle), Some(ours)) => oracle.ends_with(ours),
            _ => ours == oracle,
        };
        if !same {
            differences.push(format!("line {}: {} {argument}\n  ours {ours}\n  real {oracle}", number + 1, fields[0]));
        }
    }
    assert!(calls.lines().count() > 700);
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn damaged_files_are_answered_in_bounded_time() {
    let folder = fixture("journal").join("journals");
    let mut rng = Rng(0x10c5);
    for name in ["regular-zstd", "compact-xz", "compact-lz4", "regular-none"] {
        let path = folder.join(name).join("system.journal");
        let file = source(&path);
        // Objects begin behind the two hash tables: 3.7 MB of zeros.
        let used = used(&path);
        for round in 0..60 {
            let mut damaged = Damaged::new(file.clone()).scramble(&mut rng, &[(0, 272), used, used, used]);
            if round == 0 {
                damaged = damaged.truncate(used.0 + rng.below(used.1));
            }
            bounded(&format!("{name}, round {round}"), Duration::from_secs(5), move || {
                let Ok(file) = JournalFile::open(Arc::new(damaged)) else { return };
                let mut journal = Journal::new([file]);
                while journal.step(Direction::Forward).expect("memory holds it") {
                    journal.fields(0).expect("memory holds it").for_each(|field| assert!(field.is_ok()));
                }
                assert!(journal.current().is_none() || !journal.step(Direction::Forward).unwrap());
            });
        }
    }
}

/// Where the objects of a file are: from the first entry's data to the last object.
fn used(path: &Path) -> (u64, u64) {
    use std::os::unix::fs::FileExt;
    let file = File::open(path).unwrap();
    let number = |offset| {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, offset).unwrap();
        u64::from_le_bytes(bytes)
    };
    let (tables, last) = (number(104) + number(112), number(136));
    (tables, last + 200 - tables)
}

#[test]
fn entries_before_a_broken_list_are_read() {
    let file = JournalFile::open(source(&fixture("journal").join("journals/chain/system.journal"))).unwrap();
    let mut journal = Journal::new([file]);
    let mut read = 0;
    while journal.step(Direction::Forward).unwrap() {
        read += 1;
        assert_eq!(journal.current().unwrap().seqnum, read);
    }
    assert!((1..20).contains(&read), "{read} entries");
}

#[test]
fn merging_needs_no_names() {
    // The same file twice is one journal.
    let folder = fixture("journal").join("journals/regular-none");
    let open = || JournalFile::open(source(&folder.join("system.journal"))).unwrap();
    let mut journal = Journal::new([open(), open()]);
    let mut messages: Vec<BString> = Vec::new();
    while journal.step(Direction::Forward).unwrap() {
        messages.push(journal.current().unwrap().seqnum.to_string().into());
    }
    assert_eq!(messages.len(), 40);
    while journal.step(Direction::Backward).unwrap() {
        messages.pop();
    }
    assert_eq!(messages.len(), 1);
}

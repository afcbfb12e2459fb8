//! Recognition of volumes, against blkid.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bstr::BString;
use glassbox_filesystems::detect::{Signature, detect};
use glassbox_formats::{Format, OpenOptions};
use glassbox_io::{ReadAt, Source};
use glassbox_tests::bad_input::{Damaged, Rng, bounded};
use glassbox_tests::fixture;

fn open(path: &Path) -> Source {
    glassbox_formats::open(path, &OpenOptions::new().format(Format::Raw))
        .map(Arc::new)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// blkid's values, in the order of `oracle.tsv`.
fn columns(signature: Option<Signature>) -> Vec<BString> {
    let Some(found) = signature else { return vec![BString::default(); 7] };
    vec![
        found.kind.into(),
        found.usage.name().into(),
        found.label,
        found.uuid,
        found.version,
        found.secondary_kind.unwrap_or_default().into(),
        found.block_size.map(|size| size.to_string()).unwrap_or_default().into(),
    ]
}

fn oracle(folder: &Path) -> Vec<(String, Vec<BString>)> {
    let unhex = |hex: &str| -> BString {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect::<Vec<_>>().into()
    };
    let table = std::fs::read_to_string(folder.join("oracle.tsv")).unwrap();
    table
        .lines()
        .map(|line| {
            let mut fields = line.split('\t');
            (fields.next().unwrap().to_owned(), fields.map(unhex).collect())
        })
        .collect()
}

#[test]
fn every_volume_is_recognised_as_blkid_does() {
    let folder = fixture("detect");
    let oracle = oracle(&folder);
    assert!(oracle.len() > 120, "only {} volumes", oracle.len());
    let recognised = oracle.iter().filter(|(_, expected)| !expected[0].is_empty()).count();
    assert!(recognised > 110, "blkid recognises only {recognised}");
    let differences: Vec<String> = oracle
        .iter()
        .filter_map(|(name, expected)| {
            let ours = columns(detect(&open(&folder.join(name))).unwrap());
            (ours != *expected).then(|| format!("{name}:\n  ours  {ours:?}\n  blkid {expected:?}"))
        })
        .collect();
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn damaged_headers_are_answered_in_bounded_time() {
    // Where headers stand: the start, the copies around 64 KiB and 256 KiB, the end.
    let folder = fixture("detect");
    let mut rng = Rng(0xde7ec7);
    let mut damaged = 0;
    for (name, _) in oracle(&folder) {
        let source = open(&folder.join(&name));
        let length = source.len();
        let areas =
            [(0, length.min(4096)), (0, length.min(70 << 10)), (length - length.min(64 << 10), length.min(64 << 10))];
        for round in 0..8 {
            let mut image = Damaged::new(source.clone()).scramble(&mut rng, &areas);
            if round == 0 {
                image = image.truncate(rng.below(length));
            }
            bounded(&format!("{name}, round {round}"), Duration::from_secs(5), move || {
                // Memory holds it: only an error of the host would be one.
                detect(&image).expect("a damaged header is no error");
            });
            damaged += 1;
        }
    }
    assert!(damaged >= 1000, "only {damaged} damaged volumes");
}

//! ext2, ext3 and ext4 gone bad: whatever is damaged, each question is answered or refused, in bounded time and memory.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bstr::{BString, ByteSlice};
use glassbox_filesystems::Filesystem;
use glassbox_filesystems::ext::Ext;
use glassbox_formats::{Format, OpenOptions};
use glassbox_io::{Result, Source};
use glassbox_tests::bad_input::{Damaged, Rng, bounded};
use glassbox_tests::fixture;

/// Damaged copies of each image.
const ROUNDS: u64 = 1200;
/// Files that are asked about in each: more than any of the images has.
const MAX_FILES: usize = 2000;
const LIMIT: Duration = Duration::from_secs(20);
/// The whole test's memory, with the images' pages that are held for speed.
const MAX_RESIDENT_KIB: u64 = 400 << 10;

/// Asks everything about every file that can be found, and says how many that were.
fn ask_everything(source: Source) -> Result<usize> {
    let ext = Ext::open(source)?;
    let _ = ext.statvfs();
    let _ = ext.superblock().tune2fs_list();
    let mut seen = HashSet::from([ext.root()]);
    let mut waiting = vec![ext.root()];
    let mut buf = vec![0; 64 << 10];
    while let Some(node) = waiting.pop() {
        let _ = ext.stat(node);
        let _ = ext.flags(node);
        let _ = ext.read_link(node);
        for xattr in ext.xattrs(node).unwrap_or_default() {
            let _ = ext.xattr(node, xattr.name.as_bstr());
        }
        let mut names: Vec<BString> = Vec::new();
        let _ = ext.read_dir(node, &mut |entry| {
            if seen.len() < MAX_FILES && seen.insert(entry.node) {
                waiting.push(entry.node);
            }
            names.push(entry.name.to_owned());
            if names.len() < MAX_FILES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        for name in names.iter().step_by(40) {
            let _ = ext.lookup(node, name.as_bstr());
        }
        let _ = ext.lookup(node, b"not there".as_bstr());
        if let Ok(file) = ext.open(node) {
            for offset in [0, 1000, 65_536, 300_000, 70 << 20, file.len().saturating_sub(10), u64::MAX - 5] {
                let _ = file.read_at(&mut buf, offset);
                let _ = file.extent_at(offset);
            }
        }
    }
    Ok(seen.len())
}

fn resident_peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("Linux tells the peak");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

#[test]
fn damaged_images_are_answered_or_refused() {
    let folder = fixture("ext-small");
    for (number, name) in ["extents", "maps", "journal", "journal3", "fast"].into_iter().enumerate() {
        let options = OpenOptions::new().format(Format::Raw);
        let image = folder.join(format!("{name}.img"));
        // In memory: a thousand walks should cost no system calls.
        let file = glassbox_formats::open(&image, &options).expect("the image opens").into_source();
        let mut bytes = vec![0; usize::try_from(file.len()).unwrap()];
        file.read_exact_at(&mut bytes, 0).expect("it can be read");
        let source: Source = Arc::new(bytes);
        let whole = ask_everything(source.clone()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(whole > 15, "{name}: only {whole} files");

        // Bytes that are not zero are where the structures are; damage there meets a reader.
        let mut used: Vec<(u64, u64)> = Vec::new();
        let mut chunk = [0; 512];
        for offset in (0..source.len()).step_by(512) {
            source.read_exact_at(&mut chunk, offset).unwrap();
            if chunk.iter().any(|byte| *byte != 0) {
                used.push((offset, 512));
            }
        }
        let mut rng = Rng(0xe4 + number as u64);
        let mut opened = 0;
        for round in 0..ROUNDS {
            let damaged = Damaged::new(source.clone());
            let damaged = match round % 8 {
                0 => damaged.truncate(rng.below(source.len())),
                1 => damaged.scramble(&mut rng, &[(1024, 1024)]),
                2 => damaged.scramble(&mut rng, &[(0, 64 << 10)]),
                _ => damaged.scramble(&mut rng, &used),
            };
            let what = format!("{name}, round {round}");
            let answer = bounded(&what, LIMIT, move || ask_everything(Arc::new(damaged)));
            opened += usize::from(answer.is_ok());
        }
        // Most damage is to one of many files; a reader that refused everything would prove nothing.
        assert!(opened as u64 > ROUNDS / 3, "{name}: only {opened} of {ROUNDS} damaged images opened");
    }
    let peak = resident_peak_kib();
    assert!(peak < MAX_RESIDENT_KIB, "{peak} KiB of memory were in use at once");
}

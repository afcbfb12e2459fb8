//! Damaged disk images: an error or data, in bounded time and memory, and what qemu-img reads too is the same.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use glassbox_formats::qcow2::{NamedFiles, Qcow2};
use glassbox_formats::{OpenOptions, open};
use glassbox_io::{ErrorKind, Extents, ReadAt, Result, Source};
use glassbox_tests::bad_input::{Damaged, Rng, bounded};
use glassbox_tests::{fixture, fixtures::scratch};

/// Of each kind of image one; those with a backing file get zeros for it.
const IMAGES: [&str; 10] = [
    "v3.qcow2",
    "v2.qcow2",
    "cluster-512.qcow2",
    "deflate-4096.qcow2",
    "zstd-16384.qcow2",
    "extended-16k.qcow2",
    "written-extended-zstd.qcow2",
    "written-over-compat-1-1.qcow2",
    "snapshots.qcow2",
    "larger.qcow2",
];

/// Mutations of each image.
const ROUNDS: u64 = 200;

/// A disk of more than this (a damaged header can say any size) is read at its ends only.
const MAX_READ: u64 = 32 << 20;

/// Opening and reading 8 MiB takes milliseconds; this is for a machine that does other things too.
const LIMIT: Duration = Duration::from_secs(20);

fn be64(image: &dyn ReadAt, offset: u64) -> u64 {
    let mut bytes = [0; 8];
    let _ = image.read_at(&mut bytes, offset);
    u64::from_be_bytes(bytes)
}

/// Where it hurts: the header, its extensions, the L1 table, the L2 tables.
fn metadata(image: &dyn ReadAt) -> Vec<(u64, u64)> {
    let l1 = be64(image, 40);
    let entries = be64(image, 32) & 0xffff_ffff;
    let mut areas = vec![(0, 112), (0, 112), (104, 400), (l1, entries * 8)];
    for index in 0..entries {
        let l2 = be64(image, l1 + index * 8) & 0x00ff_ffff_ffff_fe00;
        if l2 != 0 {
            areas.push((l2, 512));
        }
    }
    areas
}

/// Asks everything there is to ask.
fn exercise(image: Source) -> Result<Option<Vec<u8>>> {
    let disk = Qcow2::open(image, |header| {
        let zeros = || Arc::new(vec![0u8; 4 << 20]) as Source;
        Ok(NamedFiles {
            data_file: header.data_file.as_ref().map(|_| zeros()),
            backing_file: header.backing_file.as_ref().map(|_| zeros()),
        })
    })?;
    let _ = disk.snapshots();
    let mut at = 0;
    for extent in Extents::new(&disk, 0).take(20_000) {
        let Ok((offset, extent)) = extent else { break };
        assert!(offset == at && extent.length > 0, "extents have gaps at {offset}");
        at += extent.length;
        assert!(at <= disk.len(), "extents go past the end");
    }
    let mut buf = vec![0; 100_000];
    for offset in [0, 65_000, disk.len() / 2, disk.len().saturating_sub(50_000)] {
        let _ = disk.read_at(&mut buf, offset);
    }
    if disk.len() > MAX_READ {
        return Ok(None);
    }
    let mut bytes = vec![0; disk.len() as usize];
    disk.read_exact_at(&mut bytes, 0)?;
    Ok(Some(bytes))
}

fn peak_memory_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn damaged_images_are_errors_or_data_in_bounded_time_and_memory() {
    let folder = fixture("formats");
    let (mut errors, mut data) = (0, 0);
    for name in IMAGES {
        let image: Source = Arc::new(fs::read(folder.join(name)).unwrap());
        let areas = metadata(&image);
        for seed in 0..ROUNDS {
            let mut rng = Rng(seed);
            let mut damaged = Damaged::new(image.clone());
            if seed % 8 == 0 {
                damaged = damaged.truncate(rng.below(image.len()));
            } else {
                damaged = damaged.scramble(&mut rng, &areas);
            }
            let what = format!("{name}, seed {seed}");
            match bounded(&what, LIMIT, move || exercise(Arc::new(damaged))) {
                Ok(_) => data += 1,
                Err(error) => {
                    errors += 1;
                    let kind = error.kind();
                    assert!(matches!(kind, ErrorKind::Corrupt | ErrorKind::Unsupported), "{what}: {error:?}");
                }
            }
        }
    }
    // Both happen, or the damage is none or total.
    assert!(errors > 300 && data > 300, "{errors} errors, {data} times data");
    // The image and what is read of it, 32 MiB each, tables, and the test's own.
    assert!(peak_memory_kib() < 300 << 10, "{} KiB were in use", peak_memory_kib());
}

#[test]
fn where_qemu_img_reads_a_damaged_image_we_read_the_same_or_refuse() {
    let folder = fixture("formats");
    let scratch = scratch("formats-bad-input");
    let (damaged, theirs) = (scratch.join("damaged.qcow2"), scratch.join("disk.raw"));
    let (mut agreed, mut refused) = (0, 0);
    for name in ["v2.qcow2", "cluster-512.qcow2", "deflate-4096.qcow2", "zstd-16384.qcow2", "extended-16k.qcow2"] {
        let image = fs::read(folder.join(name)).unwrap();
        let source: Source = Arc::new(image.clone());
        let areas = metadata(&source);
        for seed in 1000..1030 {
            let copy = Damaged::new(source.clone()).scramble(&mut Rng(seed), &areas);
            let mut bytes = vec![0; image.len()];
            copy.read_exact_at(&mut bytes, 0).unwrap();
            fs::write(&damaged, &bytes).unwrap();
            let Ok(ours) = open(&damaged, &OpenOptions::new().format(glassbox_formats::Format::Qcow2)) else {
                refused += 1;
                continue;
            };
            if ours.len() > MAX_READ || !converts(&damaged, &theirs) {
                continue;
            }
            let theirs = fs::read(&theirs).unwrap();
            assert_eq!(ours.len(), theirs.len() as u64, "{name}, seed {seed}");
            // Cluster by cluster: one that is refused says nothing about the next.
            for (index, expected) in theirs.chunks(4096).enumerate() {
                let mut buf = vec![0; expected.len()];
                match ours.read_exact_at(&mut buf, index as u64 * 4096) {
                    Ok(()) => assert!(buf == expected, "{name}, seed {seed}: other data in block {index}"),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt, "{name}, seed {seed}: {error}"),
                }
            }
            agreed += 1;
        }
    }
    assert!(agreed > 40 && refused > 10, "{agreed} times the same, {refused} times refused");
}

fn converts(image: &Path, to: &Path) -> bool {
    let output = Command::new("timeout")
        .args(["20", "qemu-img", "convert", "-t", "unsafe", "-f", "qcow2", "-O", "raw"])
        .args([image, to])
        .output()
        .unwrap();
    output.status.success()
}

//! The parsers on small images that this makes with Debian's tools: `cargo bench -p glassbox-benches`.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use glassbox_filesystems::detect::detect;
use glassbox_filesystems::ext::Ext;
use glassbox_filesystems::fat::Fat;
use glassbox_filesystems::ntfs::Ntfs;
use glassbox_filesystems::{FileType, Filesystem};
use glassbox_formats::{OpenOptions, open};
use glassbox_io::{ReadAt, Source};
use glassbox_partitions::PartitionTable;

const MIB: u64 = 1 << 20;
/// Directories and files in each of the made filesystems.
const DIRECTORIES: usize = 20;
const FILES: usize = 50;

/// Runs a shell script in `folder`.
fn make(folder: &Path, script: &str) {
    let script = format!("set -e; export PATH=$PATH:/sbin:/usr/sbin; {script}");
    let output = Command::new("bash").args(["-c", &script]).current_dir(folder).output().expect("bash runs");
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
}

fn source(path: PathBuf) -> Source {
    open(path, &OpenOptions::new()).expect("an image that was just made opens").into_source()
}

/// Every node with its metadata; returns their number.
fn walk(filesystem: &dyn Filesystem) -> usize {
    let mut waiting = vec![filesystem.root()];
    let mut seen = 0;
    while let Some(node) = waiting.pop() {
        seen += 1;
        let stat = filesystem.stat(node).expect("a good image has good inodes");
        if stat.file_type() == FileType::Directory {
            let visited = filesystem.read_dir(node, &mut |entry| {
                waiting.push(entry.node);
                ControlFlow::Continue(())
            });
            visited.expect("a good image has good directories");
        }
    }
    seen
}

/// All of `source`, in pieces of 1 MiB.
fn read(source: &dyn ReadAt, buf: &mut [u8]) -> u64 {
    let mut offset = 0;
    loop {
        let count = source.read_at(buf, offset).expect("a good image reads") as u64;
        if count == 0 {
            return offset;
        }
        offset += count;
    }
}

fn formats(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    make(folder.path(), "openssl rand 33554432 > data 2>/dev/null || head -c 33554432 /dev/urandom > data");
    make(folder.path(), "head -c 33554432 < <(while :; do cat /etc/services /etc/passwd; done) > text");
    make(folder.path(), "qemu-img convert -O qcow2 data plain.qcow2; qemu-img convert -O qcow2 -c text zlib.qcow2");
    make(folder.path(), "qemu-img convert -O qcow2 -c -o compression_type=zstd text zstd.qcow2");
    make(folder.path(), "qemu-img convert -O qcow2 -o cluster_size=512 data small-clusters.qcow2");
    let mut group = criterion.benchmark_group("read a disk");
    group.throughput(Throughput::Bytes(32 * MIB)).sample_size(10);
    let mut buf = vec![0; MIB as usize];
    for name in ["data", "plain.qcow2", "small-clusters.qcow2", "zlib.qcow2", "zstd.qcow2"] {
        let path = folder.path().join(name);
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| assert_eq!(read(&source(path.clone()), &mut buf), 32 * MIB));
        });
    }
    group.finish();
}

fn volumes(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    make(
        folder.path(),
        "truncate -s 64M gpt; for n in 1 2 3 4 5 6 7 8; do echo size=4096; done | sfdisk -q -X gpt gpt",
    );
    make(
        folder.path(),
        "truncate -s 64M mbr; printf 'size=4096\\ntype=5\\nsize=4096\\nsize=4096\\n' | sfdisk -q -X dos mbr",
    );
    let mut group = criterion.benchmark_group("read a partition table");
    for name in ["gpt", "mbr"] {
        let disk = source(folder.path().join(name));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| black_box(PartitionTable::read(&disk, None).expect("a good table reads")).is_some());
        });
    }
    group.finish();
}

fn filesystems(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    make(
        folder.path(),
        &format!(
            "for d in $(seq {DIRECTORIES}); do mkdir -p tree/directory-$d; for f in $(seq {FILES}); do \
             head -c $((f * 100)) /etc/services > tree/directory-$d/a-file-with-a-long-name-$f; done; done; \
             head -c 8388608 /dev/urandom > tree/large; \
             truncate -s 64M ext4 fat ntfs; mke2fs -q -F -t ext4 -d tree ext4; mkfs.vfat $PWD/fat; \
             mcopy -s -i fat tree/* ::; mkntfs -q -F -f ntfs 2>&1; \
             for f in tree/large tree/directory-*/*; do ntfscp -q -f ntfs $f $(echo ${{f#tree/}} | tr / -); done"
        ),
    );
    let volume = |name: &str| source(folder.path().join(name));
    let ext = Ext::open(volume("ext4")).expect("it was just made");
    let fat = Fat::open(volume("fat")).expect("it was just made");
    let ntfs = Ntfs::open(volume("ntfs")).expect("it was just made");
    let all: [(&str, &dyn Filesystem); 3] = [("ext4", &ext), ("fat", &fat), ("ntfs", &ntfs)];

    let mut group = criterion.benchmark_group("walk a tree with its metadata");
    for (name, filesystem) in all {
        group.throughput(Throughput::Elements(walk(filesystem) as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| bencher.iter(|| walk(filesystem)));
    }
    group.finish();

    let mut group = criterion.benchmark_group("read a large file");
    group.throughput(Throughput::Bytes(8 * MIB)).sample_size(20);
    let mut buf = vec![0; MIB as usize];
    for (name, filesystem) in all {
        let root = filesystem.root();
        let node = filesystem.lookup(root, "large".into()).expect("the root reads").expect("it was copied there");
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| {
                let file = filesystem.open(node).expect("a file opens");
                assert_eq!(read(&file, &mut buf), 8 * MIB);
            });
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("recognise");
    for (name, _) in all {
        let volume = volume(name);
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| assert!(detect(&volume).expect("it reads").is_some()));
        });
    }
    group.finish();
}

criterion_group!(benches, formats, volumes, filesystems);
criterion_main!(benches);

//! FAT, against Linux's vfat driver in libguestfs's appliance.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bstr::{BString, ByteSlice};
use glassbox_filesystems::detect::detect;
use glassbox_filesystems::fat::Fat;
use glassbox_filesystems::{FileType, Filesystem, NodeId};
use glassbox_formats::{Format, OpenOptions};
use glassbox_io::{ReadAt, Source};
use glassbox_tests::bad_input::{Damaged, Rng, bounded};
use glassbox_tests::{corpus, fixture};
use sha2::{Digest, Sha256};

fn source(path: &Path) -> Source {
    let options = OpenOptions::new().format(Format::Raw);
    Arc::new(glassbox_formats::open(path, &options).unwrap_or_else(|error| panic!("{error}")))
}

fn images(folder: &Path) -> Vec<PathBuf> {
    let mut images: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    images.retain(|path| path.extension().is_some_and(|extension| extension == "img"));
    images.sort();
    images
}

/// The entries of a directory, in its order.
fn list(fat: &Fat, node: NodeId) -> Vec<(BString, NodeId, FileType)> {
    let mut entries = Vec::new();
    fat.read_dir(node, &mut |entry| {
        entries.push((entry.name.to_owned(), entry.node, entry.file_type));
        ControlFlow::Continue(())
    })
    .unwrap();
    entries
}

/// Every file below `node`, by its path: "" for the root, then "/name".
fn tree(fat: &Fat, path: BString, node: NodeId, found: &mut BTreeMap<BString, NodeId>) {
    if fat.stat(node).unwrap().file_type() == FileType::Directory {
        for (name, child, _) in list(fat, node) {
            tree(fat, [path.as_bytes(), b"/", &name].concat().into(), child, found);
        }
    }
    assert!(found.insert(path.clone(), node).is_none(), "{path} is listed twice");
}

fn contents(fat: &Fat, node: NodeId) -> Vec<u8> {
    let file = fat.open(node).unwrap();
    let mut bytes = vec![0; file.len() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

#[test]
fn every_file_is_as_linux_shows_it() {
    let folder = fixture("fat");
    let images = images(&folder);
    assert!(images.len() >= 9, "only {} images", images.len());
    for image in images {
        let read = |extension| std::fs::read(image.with_extension(extension)).unwrap();
        let fat = Fat::open(source(&image)).unwrap();
        let mut found = BTreeMap::new();
        tree(&fat, BString::default(), fat.root(), &mut found);

        let expected: BTreeMap<BString, BString> = read("stat")
            .lines()
            .map(|line| {
                let at = line.find("/sysroot").expect("find prints paths");
                (line[at + 8..].into(), line[..at].trim_end_with(|c| c == ':').into())
            })
            .collect();
        let ours: BTreeMap<BString, BString> = found
            .iter()
            .map(|(path, node)| {
                let stat = fat.stat(*node).unwrap();
                assert_eq!(stat.ino, node.0);
                let mut line = format!("{:x}:{}:{}:{}:{}", stat.mode, stat.uid, stat.gid, stat.nlink, stat.size);
                write!(line, ":{}:{}", stat.blocks, stat.blksize).unwrap();
                for time in [stat.atime, stat.mtime, stat.ctime] {
                    write!(line, ":{}.{:09}", time.seconds, time.nanoseconds).unwrap();
                }
                (path.clone(), line.into())
            })
            .collect();
        assert_same(&image, &ours, &expected);

        let expected: BTreeMap<BString, BString> = read("sums")
            .lines()
            .map(|line| (line.split_once_str("  .").unwrap().1.into(), line[..64].into()))
            .collect();
        let ours = found
            .iter()
            .filter(|(_, node)| fat.stat(**node).unwrap().file_type() == FileType::Regular)
            .map(|(path, node)| {
                let digest = Sha256::digest(contents(&fat, *node));
                (path.clone(), digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
            })
            .collect();
        assert_same(&image, &ours, &expected);

        // ls -1UR: a directory's path, a colon, its names, an empty line.
        for section in read("order").split_str("\n\n") {
            let mut lines = section.trim_end().lines();
            let path = lines.next().unwrap().trim_end_with(|c| c == ':');
            let node = found[path.strip_prefix(b"/sysroot").unwrap().as_bstr()];
            let names: Vec<BString> = list(&fat, node).into_iter().map(|(name, ..)| name).collect();
            let shown: Vec<BString> = names.iter().filter(|name| !name.starts_with(b".")).cloned().collect();
            assert_eq!(shown, lines.map(BString::from).collect::<Vec<_>>(), "{}: {}", image.display(), path.as_bstr());
        }

        let statvfs = fat.statvfs().unwrap();
        let text = String::from_utf8(read("statvfs")).unwrap();
        let theirs: BTreeMap<&str, u64> = text
            .lines()
            .map(|line| line.split_once(": ").unwrap())
            .map(|(key, value)| (key, value.parse().unwrap()))
            .collect();
        for (key, value) in [
            ("bsize", statvfs.bsize),
            ("frsize", statvfs.frsize),
            ("blocks", statvfs.blocks),
            ("bfree", statvfs.bfree),
            ("bavail", statvfs.bavail),
            ("files", statvfs.files),
            ("ffree", statvfs.ffree),
            ("favail", statvfs.favail),
            ("namemax", statvfs.namemax),
        ] {
            assert_eq!(value, theirs[key], "{}: {key}", image.display());
        }

        let signature = detect(&source(&image)).unwrap().expect("blkid's rules recognise it");
        assert_eq!((fat.label(), fat.uuid(), fat.kind()), (signature.label, signature.uuid, signature.kind));
    }
}

fn assert_same(image: &Path, ours: &BTreeMap<BString, BString>, linux: &BTreeMap<BString, BString>) {
    let mut differences = Vec::new();
    for path in ours.keys().chain(linux.keys()) {
        if ours.get(path) != linux.get(path) {
            differences.push(format!("{path}\n  ours  {:?}\n  linux {:?}", ours.get(path), linux.get(path)));
        }
    }
    differences.dedup();
    assert!(differences.is_empty(), "{}: {} differ:\n{}", image.display(), differences.len(), differences.join("\n"));
}

#[test]
fn names_lead_where_they_do_in_linux() {
    let folder = fixture("fat");
    let fat = Fat::open(source(&folder.join("linux.img"))).unwrap();
    let table = std::fs::read(folder.join("lookup.tsv")).unwrap();
    let mut asked = 0;
    for line in table.lines() {
        let (path, exists) = line.split_once_str("\t").unwrap();
        let mut node = Some(fat.root());
        for name in path.split_str("/").filter(|name| !name.is_empty()) {
            node = node.and_then(|node| fat.lookup(node, name.as_bstr()).unwrap());
        }
        assert_eq!(node.is_some(), exists == b"true", "{}", path.as_bstr());
        asked += 1;
    }
    assert!(asked >= 15, "only {asked} names");
}

#[test]
fn pieces_of_a_file_equal_the_whole() {
    let fat = Fat::open(source(&fixture("fat").join("fat32.img"))).unwrap();
    let directory = fat.lookup(fat.root(), b"frag".into()).unwrap().unwrap();
    let node = fat.lookup(directory, b"FRAGMENTED".into()).unwrap().unwrap();
    let whole = contents(&fat, node);
    let file = fat.open(node).unwrap();
    let mut rng = Rng(7);
    for _ in 0..500 {
        let offset = rng.below(whole.len() as u64 + 100) as usize;
        let mut buf = vec![0; rng.below(5000) as usize];
        let count = file.read_at(&mut buf, offset as u64).unwrap();
        let expected = &whole[offset.min(whole.len())..(offset + buf.len()).min(whole.len())];
        assert_eq!(&buf[..count], expected, "at {offset}");
    }
}

#[test]
fn volumes_of_another_project_are_read() {
    for (name, label) in [("fat12", "Test!"), ("fat16", "Test!")] {
        let Some(image) = corpus(&format!("fat/{name}.raw")) else { return };
        let fat = Fat::open(source(&image)).unwrap();
        assert_eq!(fat.label(), label, "{name}");
        let mut found = BTreeMap::new();
        tree(&fat, BString::default(), fat.root(), &mut found);
        // rust-fatfs's own tests expect these.
        assert_eq!(contents(&fat, found["/short.txt".as_bytes().as_bstr()]), b"Rust is cool!\n");
        assert_eq!(contents(&fat, found["/very/long/path/test.txt".as_bytes().as_bstr()]), b"Rust is cool!\n");
        assert_eq!(contents(&fat, found["/long.txt".as_bytes().as_bstr()]), b"Rust is cool!\n".repeat(1000));
        assert!(found.contains_key("/very-long-dir-name/very-long-file-name.txt".as_bytes().as_bstr()));
    }
}

/// Looks at everything that a damaged volume shows; errors are fine, other things aren't.
fn exercise(source: Source) {
    let Ok(fat) = Fat::open(source) else { return };
    let _ = (fat.label(), fat.uuid(), fat.statvfs());
    let mut waiting = vec![(fat.root(), 0)];
    let mut visited = 0;
    while let Some((node, depth)) = waiting.pop() {
        visited += 1;
        // Damage can make a directory its own descendant; telling that is the work of who walks.
        if visited > 400 {
            break;
        }
        let _ = fat.stat(node);
        let _ = fat.lookup(node, b"names".into());
        let _ = fat.read_dir(node, &mut |entry| {
            if depth < 20 && waiting.len() < 1000 {
                waiting.push((entry.node, depth + 1));
            }
            ControlFlow::Continue(())
        });
        if let Ok(file) = fat.open(node) {
            let _ = file.extent_at(0);
            let mut buf = [0; 4096];
            for offset in [0, file.len() / 2, file.len().saturating_sub(1)] {
                let _ = file.read_at(&mut buf, offset);
            }
        }
    }
}

#[test]
fn damaged_volumes_neither_panic_nor_hang() {
    let folder = fixture("fat");
    let mut rng = Rng(0xfa7);
    for name in ["fat12-floppy", "fat16", "fat32-4k", "patched"] {
        let source = source(&folder.join(format!("{name}.img")));
        // The boot sector's fields; FATs and root directory.
        let areas = [(11, 80), (0, 64 << 10), (512, 1 << 20)];
        for round in 0..260 {
            let areas = &areas[rng.below(3) as usize..];
            let mut image = Damaged::new(source.clone()).scramble(&mut rng, areas);
            if round % 20 == 0 {
                image = image.truncate(rng.below(source.len()));
            }
            bounded(&format!("{name}, round {round}"), Duration::from_secs(20), move || exercise(Arc::new(image)));
        }
    }
}

//! ext2, ext3 and ext4 against the kernel and e2fsprogs: every variant, every file, every field.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

use bstr::{BStr, BString, ByteSlice};
use glassbox_filesystems::ext::{Ext, Superblock};
use glassbox_filesystems::{Filesystem, NodeId};
use glassbox_formats::{Format, OpenOptions};
use glassbox_io::{Errno, Source};
use glassbox_tests::manifest;
use glassbox_tests::{corpus, fixture, glassbox};

fn source(image: &Path) -> Source {
    let options = OpenOptions::new().format(Format::Raw);
    glassbox_formats::open(image, &options).expect("the image opens").into_source()
}

fn open(image: &Path) -> Ext {
    Ext::open(source(image)).unwrap_or_else(|error| panic!("{}: {error:?}", image.display()))
}

fn names(filesystem: &dyn Filesystem, directory: NodeId) -> Vec<BString> {
    let mut names = Vec::new();
    filesystem
        .read_dir(directory, &mut |entry| {
            names.push(entry.name.to_owned());
            ControlFlow::Continue(())
        })
        .expect("a directory can be listed");
    names
}

/// The node at a path of plain names.
fn find(filesystem: &dyn Filesystem, path: &BStr) -> NodeId {
    path.split_str("/").filter(|name| !name.is_empty()).fold(filesystem.root(), |node, name| {
        let found = filesystem.lookup(node, name.as_bstr()).expect("lookup works");
        found.unwrap_or_else(|| panic!("{path}: {} is not found", name.as_bstr()))
    })
}

fn path_of_fact(field: &str) -> BString {
    if field == "-" { BString::default() } else { manifest::unhex(field) }
}

/// Compares the order of listings, statvfs, flags and generations with what the kernel showed.
fn assert_facts(name: &str, ext: &Ext, file: &Path) {
    let text = fs::read_to_string(file).expect("the fixture has facts");
    assert!(text.lines().count() >= 2, "{name}: facts are missing");
    for line in text.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        match fields[0] {
            "statvfs" => {
                let vfs = ext.statvfs().expect("statvfs works");
                let ours = [
                    vfs.bsize,
                    vfs.frsize,
                    vfs.blocks,
                    vfs.bfree,
                    vfs.bavail,
                    vfs.files,
                    vfs.ffree,
                    vfs.favail,
                    vfs.fsid,
                    vfs.namemax,
                ];
                let theirs: Vec<u64> = fields[1..].iter().map(|field| field.parse().expect("a number")).collect();
                assert_eq!(ours.as_slice(), theirs, "{name}: statvfs");
            }
            "order" => {
                let path = path_of_fact(fields[1]);
                let ours = names(ext, find(ext, path.as_bstr()));
                let theirs: Vec<BString> = fields[2..].iter().map(|field| manifest::unhex(field)).collect();
                assert_eq!(ours.len(), theirs.len(), "{name}: entries of /{path}");
                for (place, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
                    assert_eq!(ours, theirs, "{name}: order of /{path} at {place}");
                }
            }
            "flags" => {
                let path = path_of_fact(fields[1]);
                let node = find(ext, path.as_bstr());
                let ours = (ext.flags(node).expect("flags"), ext.generation(node).expect("generation"));
                assert_eq!(ours, (fields[2].parse().unwrap(), fields[3].parse().unwrap()), "{name}: flags of /{path}");
            }
            other => panic!("{name}: unknown fact {other}"),
        }
    }
}

/// Looks every path of the manifest up, name by name, and some names that aren't there.
fn assert_lookups(name: &str, ext: &Ext, oracle: &manifest::Manifest) {
    let ino = manifest::COLUMNS.iter().position(|column| *column == "ino").expect("a column");
    let mut nodes = std::collections::HashMap::from([(BString::default(), ext.root())]);
    // Parents come before their children in the order of paths.
    for (path, columns) in oracle.iter().filter(|(path, _)| !path.is_empty()) {
        let (parent, child) = match path.rfind_byte(b'/') {
            Some(slash) => (path[..slash].as_bstr(), path[slash + 1..].as_bstr()),
            None => (b"".as_bstr(), path.as_bstr()),
        };
        let directory = nodes[parent];
        let found = ext.lookup(directory, child).unwrap_or_else(|error| panic!("{name}: {path}: {error:?}"));
        let found = found.unwrap_or_else(|| panic!("{name}: {path} is not found"));
        assert_eq!(found.0.to_string(), columns[ino], "{name}: {path}");
        if columns[0] == "d" {
            nodes.insert(path.clone(), found);
            let absent = ext.lookup(found, b"a name that is not there".as_bstr()).expect("lookup works");
            assert_eq!(absent, None, "{name}: {path}");
        } else {
            let error = ext.lookup(found, b"x".as_bstr()).expect_err("it is no directory");
            assert_eq!(error.errno(), Errno::ENOTDIR);
        }
    }
}

/// All images of the fixture that have a manifest, without those that need their own comparison.
fn variants(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut variants: Vec<_> = fs::read_dir(folder)
        .expect("the fixture is there")
        .map(|entry| entry.expect("a folder can be read").path())
        .filter(|path| path.extension() == Some("facts".as_ref()))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path.with_extension("")))
        .collect();
    variants.sort();
    variants
}

#[test]
fn every_variant_equals_the_kernels_view() {
    let folder = fixture("ext");
    let variants = variants(&folder);
    assert!(variants.len() >= 28, "only {} variants", variants.len());
    for (name, stem) in variants {
        let ext = open(&stem.with_extension("img"));
        let oracle = manifest::read(&stem.with_extension("tsv"));
        manifest::assert_same(&name, &manifest::of(&ext), &oracle, &[]);
        assert_facts(&name, &ext, &stem.with_extension("facts"));
        assert_lookups(&name, &ext, &oracle);
    }
}

#[test]
fn crashed_guests_read_as_linux_would_mount_them() {
    let folder = fixture("ext-dirty");
    let variants = variants(&folder);
    assert!(variants.len() >= 13, "only {} variants", variants.len());
    for (name, stem) in variants {
        let ext = open(&stem.with_extension("img"));
        let mut ours = manifest::of(&ext);
        let mut oracle = manifest::read(&stem.with_extension("tsv"));
        if name == "fastcommit" {
            // Names that the kernel adds and removes in its replay give the directory the time of the replay.
            for columns in ours.values_mut().chain(oracle.values_mut()).filter(|columns| columns[0] == "d") {
                columns[9..11].fill("-".into());
            }
        }
        manifest::assert_same(&name, &ours, &oracle, &[]);
        assert_facts(&name, &ext, &stem.with_extension("facts"));
        assert_lookups(&name, &ext, &oracle);
    }
}

#[test]
fn blocks_of_64k_equal_the_tree_they_were_made_of() {
    let folder = fixture("ext");
    let ext = open(&folder.join("blocks64k.img"));
    assert_eq!(ext.superblock().block_size(), 65536);
    let mut ours = manifest::of(&ext);
    let mut oracle = manifest::read(&folder.join("blocks64k.tsv"));
    ours.retain(|path, _| !path.starts_with(b"lost+found"));
    for columns in ours.values_mut().chain(oracle.values_mut()) {
        if columns[0] == "d" {
            // A directory's size is the filesystem's own; mke2fs copies times without nanoseconds.
            columns[5] = "-".into();
        }
    }
    // The tree's root had no lost+found.
    let links: u32 = ours[b"".as_bstr()][4].parse().unwrap();
    ours.get_mut(b"".as_bstr()).unwrap()[4] = (links - 1).to_string();
    manifest::assert_same("blocks64k", &ours, &oracle, &["ino", "blocks", "atime", "mtime", "ctime"]);
}

#[test]
fn a_tree_of_three_levels_is_listed_in_order_and_searched() {
    let folder = fixture("ext");
    let ext = open(&folder.join("deeptree.img"));
    let directory = find(&ext, b"d".as_bstr());
    let oracle = fs::read(folder.join("deeptree.order")).expect("the fixture has it");
    let ours = names(&ext, directory);
    assert_eq!(ours.len(), 50001);
    assert!(ours.iter().map(|name| name.as_bstr()).eq(oracle.lines().map(|line| line.as_bstr())));
    let first = ext.lookup(directory, b"first".as_bstr()).unwrap().unwrap();
    for name in ours.iter().step_by(97) {
        assert_eq!(ext.lookup(directory, name.as_bstr()).unwrap(), Some(first));
    }
    assert_eq!(ext.stat(first).unwrap().nlink, 50001);
}

#[test]
fn names_are_found_without_case() {
    let folder = fixture("ext");
    let ext = open(&folder.join("casefold.img"));
    let directory = find(&ext, b"folded".as_bstr());
    let all = names(&ext, directory);
    assert_eq!(all.len(), 307, "{all:?}");
    let same = [
        ("README.Txt", "readme.tXT"),
        ("Ünïcödé", "U\u{308}NI\u{308}CO\u{308}DE\u{301}"),
        ("日本語のファイル名", "日本語のファイル名"),
        ("ΩΜΈΓΑ", "ωμέγα"),
        ("STRASSE", "stRaße"),
        ("ﬁle", "FILE"),
        ("Ångström", "\u{212b}NGSTRO\u{308}M"),
        ("Some-Name-17", "SOME-name-17"),
    ];
    for (stored, asked) in same {
        let stored = ext.lookup(directory, stored.into()).unwrap();
        assert!(stored.is_some());
        assert_eq!(ext.lookup(directory, asked.into()).unwrap(), stored, "{asked}");
    }
    assert_eq!(ext.lookup(directory, "readme".into()).unwrap(), None);
    // The root isn't folded.
    assert!(ext.lookup(ext.root(), "folded".into()).unwrap().is_some());
    assert_eq!(ext.lookup(ext.root(), "FOLDED".into()).unwrap(), None);
}

#[test]
fn encrypted_files_have_a_stat_and_nothing_else() {
    let ext = open(&fixture("ext").join("encrypted.img"));
    let node = |name: &str| ext.lookup(ext.root(), name.into()).unwrap().unwrap();
    assert_eq!(ext.stat(node("secret")).unwrap().mode & 0o170000, 0o040000);
    let refused = [
        ext.lookup(node("secret"), "x".into()).err(),
        ext.read_dir(node("secret"), &mut |_| ControlFlow::Continue(())).err(),
        ext.open(node("file")).err(),
        ext.read_link(node("link")).err(),
    ];
    for error in refused {
        let error = error.expect("it can't be read without a key");
        assert!(error.is_unsupported() && error.message().contains("encrypted"), "{error:?}");
    }
}

#[test]
fn trees_are_listed_past_directories_that_cannot_be_read() {
    let image = fixture("ext").join("encrypted.img");
    let list = |option: &str| {
        let mut ls = Command::new(glassbox());
        let output = ls.args(["ls", option, "-m", "/dev/sda", "-a"]).arg(&image).arg("/").output().unwrap();
        assert!(!output.status.success(), "not all was listed");
        assert!(String::from_utf8_lossy(&output.stderr).contains("encrypted"), "{output:?}");
        let last = |line: &str| line.rsplit(' ').next().unwrap_or_default().to_owned();
        let mut names: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(last).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(list("-R"), ["file", "link", "lost+found", "secret"]);
    // Where the link leads can't be told, so it isn't in the list.
    assert_eq!(list("-lR"), ["/", "/file", "/lost+found", "/secret"]);
}

#[test]
fn images_of_other_projects_open() {
    for name in ["test_disk1", "test_disk_ext2", "test_disk_ext3", "test_disk_4k_block_journal"] {
        let Some(image) = corpus(&format!("ext/{name}.raw")) else { continue };
        let ext = open(&image);
        let mut waiting = vec![ext.root()];
        let mut count = 0;
        while let Some(node) = waiting.pop() {
            count += 1;
            let listed = ext.read_dir(node, &mut |entry| {
                waiting.push(entry.node);
                ControlFlow::Continue(())
            });
            match listed {
                Err(error) if error.errno() == Errno::ENOTDIR || error.is_unsupported() => {}
                other => other.unwrap_or_else(|error| panic!("{name}: {error:?}")),
            }
            if let Ok(file) = ext.open(node) {
                manifest::sha256(&file).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            }
        }
        assert!(count >= 5, "{name}: {count} files");
    }
}

#[test]
fn superblocks_are_described_as_tune2fs_does() {
    let folder = fixture("ext");
    let mut compared = 0;
    for entry in fs::read_dir(&folder).expect("the fixture is there") {
        let path = entry.expect("a folder can be read").path();
        if path.extension() != Some("tune2fs".as_ref()) {
            continue;
        }
        let superblock = Superblock::read(&source(&path.with_extension("img"))).expect("it has a superblock");
        let ours: BTreeMap<String, String> = superblock
            .tune2fs_list()
            .expect("a superblock has all fields")
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        let text = fs::read_to_string(&path).expect("it is text");
        let theirs: BTreeMap<String, String> = text.lines().skip(1).map(as_libguestfs_shows).collect();
        assert_eq!(ours, theirs, "{}", path.display());
        compared += 1;
    }
    assert!(compared >= 30, "only {compared} superblocks");
}

/// A line of tune2fs as libguestfs returns it from its appliance, where no user is known.
fn as_libguestfs_shows(line: &str) -> (String, String) {
    let (key, value) = line.split_once(':').expect("a line has a key");
    let value = value.trim_start();
    let value = match value {
        "<none>" | "(none)" | "<not available>" => String::new(),
        _ if key.starts_with("Reserved blocks ") => {
            let (number, kind) = value.split_once(" (").expect("a name follows");
            format!("{number} ({} unknown)", kind.split(' ').next().expect("a kind"))
        }
        _ => value.to_owned(),
    };
    (key.to_owned(), value)
}

//! NTFS against ntfs-3g, mounted as libguestfs mounts it.

use std::collections::HashSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bstr::{BStr, BString, ByteSlice};
use glassbox_filesystems::ntfs::Ntfs;
use glassbox_filesystems::{FileType, Filesystem, NodeId};
use glassbox_formats::{Format, OpenOptions};
use glassbox_io::{Errno, Error, ErrorKind, ExtentKind, Extents, Result, Source};
use glassbox_tests::bad_input::{Damaged, Rng, bounded};
use glassbox_tests::manifest::{self, Manifest, hex};
use glassbox_tests::{corpus, fixture, glassbox};

/// Fixtures with a manifest and facts.
const IMAGES: [&str; 12] = [
    "default",
    "cluster512",
    "cluster1k",
    "cluster64k",
    "cluster2m",
    "sector4k",
    "wsl",
    "fragmented",
    "fragmented-mft",
    "many",
    "reserved",
    "encrypted",
];

fn source(path: &Path) -> Source {
    glassbox_formats::open(path, &OpenOptions::new().format(Format::Raw)).unwrap().into_source()
}

/// Opens an image as it is shown below the mount point that the oracle had.
fn open(path: &Path) -> Ntfs {
    let mount_point = fs::read(path.with_file_name("mount-point")).unwrap();
    let mut ntfs = Ntfs::open(source(path)).unwrap();
    ntfs.mounted_at(mount_point.as_bstr());
    ntfs
}

fn image(name: &str) -> PathBuf {
    fixture("ntfs").join(format!("{name}.img"))
}

/// The node at a path of plain names.
fn find(ntfs: &Ntfs, path: &BStr) -> Result<Option<NodeId>> {
    let mut node = Some(ntfs.root());
    for name in path.split_str("/").filter(|name| !name.is_empty()) {
        let Some(dir) = node else { return Ok(None) };
        node = ntfs.lookup(dir, name.as_bstr())?;
    }
    Ok(node)
}

fn existing(ntfs: &Ntfs, path: &BStr) -> NodeId {
    find(ntfs, path).unwrap().unwrap_or_else(|| panic!("{path} is not found"))
}

/// The manifest; an encrypted file has in place of a digest what ntfs-3g answers.
fn manifest_of(ntfs: &Ntfs) -> Manifest {
    let mut manifest = manifest::of(ntfs);
    for columns in manifest.values_mut() {
        if columns[12] == format!("error:{}", Errno::EOPNOTSUPP.0) {
            columns[12] = format!("error:{}", Errno::EACCES.0);
        }
    }
    manifest
}

#[test]
fn every_file_is_as_ntfs_3g_shows_it() {
    for name in IMAGES {
        let oracle = manifest::read(&image(name).with_extension("tsv"));
        manifest::assert_same(name, &manifest_of(&open(&image(name))), &oracle, &[]);
    }
}

#[test]
fn listings_lookups_and_properties_are_as_ntfs_3g_shows_them() {
    for name in IMAGES {
        let ntfs = open(&image(name));
        let facts = fs::read_to_string(image(name).with_extension("facts")).unwrap();
        assert!(facts.lines().count() >= 10, "{name}: facts are missing");
        for line in facts.lines() {
            let fields: Vec<&str> = line.split(' ').collect();
            let path = if matches!(fields[..], ["statvfs", ..] | [_, "-", ..]) {
                BString::default()
            } else {
                unhex(fields[1])
            };
            let ours = match fields[0] {
                "statvfs" => statvfs(&ntfs),
                "order" => listing(&ntfs, fields[1], path.as_bstr()),
                "lookup" => {
                    let found = find(&ntfs, path.as_bstr()).unwrap_or_else(|error| panic!("{name}: {path}: {error:?}"));
                    format!("lookup {} {}", fields[1], found.map_or("-".into(), |node| node.0.to_string()))
                }
                "xattr" => property(&ntfs, fields[1], path.as_bstr(), fields[2]),
                other => panic!("{name}: {other} is no fact"),
            };
            assert_eq!(ours, line, "{name}: {path}");
        }
    }
}

fn statvfs(ntfs: &Ntfs) -> String {
    let vfs = ntfs.statvfs().unwrap();
    let numbers = [
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
    format!("statvfs {}", numbers.map(|number| number.to_string()).join(" "))
}

fn listing(ntfs: &Ntfs, hex_path: &str, path: &BStr) -> String {
    let mut letters = String::new();
    let mut names = String::new();
    ntfs.read_dir(existing(ntfs, path), &mut |entry| {
        letters.push(match entry.file_type {
            FileType::Regular => 'r',
            FileType::Directory => 'd',
            FileType::Symlink => 'l',
            _ => 'o',
        });
        names.push(' ');
        names.push_str(&hex(entry.name));
        ControlFlow::Continue(())
    })
    .unwrap();
    format!("order {hex_path} {letters}{names}")
}

fn property(ntfs: &Ntfs, hex_path: &str, path: &BStr, key: &str) -> String {
    let value = ntfs.xattr(existing(ntfs, path), key.into()).unwrap_or_else(|error| panic!("{path}: {key}: {error:?}"));
    let value = match value {
        None => "-".into(),
        Some(value) if value.is_empty() => "empty".into(),
        Some(value) => hex(&value),
    };
    format!("xattr {hex_path} {key} {value}")
}

/// What the fixtures are for: that they have it is worth a test, because it depends on how ntfs-3g allocates.
#[test]
fn fixtures_have_what_they_are_made_for() {
    let dump = |name: &str, of: [&str; 2]| {
        let output = Command::new("ntfsinfo").args(["-f", "-v"]).args(of).arg(image(name)).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let records = |dump: &str, kind: &str| dump.matches(&format!("Dumping attribute {kind} ")).count();
    assert!(records(&dump("fragmented-mft", ["-i", "0"]), "$DATA") > 2, "the MFT has an attribute list");
    assert!(records(&dump("fragmented", ["-F", "fragmented"]), "$DATA") > 1);
    let fragmented = dump("fragmented", ["-F", "fragmented"]);
    let list = fragmented.split("Dumping attribute $ATTRIBUTE_LIST").nth(1).unwrap();
    assert!(list.lines().take(3).any(|line| line.contains("Resident:") && line.contains("No")), "{list}");
    let directory = dump("default", ["-F", "lists/directory"]);
    assert_eq!((records(&directory, "$ATTRIBUTE_LIST"), records(&directory, "$INDEX_ALLOCATION")), (1, 1));
    assert!(records(&dump("default", ["-F", "lists/linked"]), "$FILE_NAME") > 400);
}

#[test]
fn names_are_found_without_regard_to_case() {
    let ntfs = open(&image("default"));
    let names = existing(&ntfs, "names".into());
    for (name, stored) in [
        ("UPPER.txt", "UPPER.TXT"),
        ("mixed.CASE", "Mixed.Case"),
        ("ÜNÏCÖDÉ", "ünïcödé"),
        ("ωμέγα", "Ωμέγα"),
        ("日本語のファイル名", "日本語のファイル名"),
    ] {
        let (node, found) = ntfs.lookup_ignoring_case(names, name.into()).unwrap().unwrap();
        assert_eq!(found, stored);
        assert_eq!(ntfs.lookup(names, stored.into()).unwrap(), Some(node));
    }
    assert!(ntfs.lookup_ignoring_case(names, "nothing".into()).unwrap().is_none());
    // Of names that differ in case alone, the one that collates first.
    let (_, found) = ntfs.lookup_ignoring_case(ntfs.root(), "foo".into()).unwrap().unwrap();
    assert_eq!(found, "Foo");
}

#[test]
fn label_and_serial_number_are_what_blkid_prints() {
    let ntfs = open(&image("default"));
    assert_eq!(ntfs.label(), "Überschrift 日本");
    let blkid = Command::new("blkid").args(["-p", "-o", "value", "-s", "UUID"]).arg(image("default")).output().unwrap();
    assert_eq!(ntfs.uuid(), blkid.stdout.trim_ascii_end());
    assert_eq!(open(&image("many")).label(), "");
}

#[test]
fn errors_are_those_of_linux() {
    let ntfs = open(&image("default"));
    let errno = |error: Error| error.errno();
    let file = existing(&ntfs, "sizes/s100".into());
    let directory = existing(&ntfs, "sizes".into());
    let junction = existing(&ntfs, "reparse/j-directory".into());
    assert_eq!(ntfs.open(directory).err().map(errno), Some(Errno::EISDIR));
    assert_eq!(ntfs.open(junction).err().map(errno), Some(Errno::EINVAL));
    assert_eq!(ntfs.read_link(file).err().map(errno), Some(Errno::EINVAL));
    for not_a_directory in [file, junction] {
        assert_eq!(ntfs.lookup(not_a_directory, "x".into()).err().map(errno), Some(Errno::ENOTDIR));
        let listing = ntfs.read_dir(not_a_directory, &mut |_| ControlFlow::Continue(()));
        assert_eq!(listing.err().map(errno), Some(Errno::ENOTDIR));
    }
    assert_eq!(ntfs.stat(NodeId(1 << 40)).err().map(errno), Some(Errno::ENOENT));
    assert_eq!(ntfs.stat(NodeId(u64::MAX)).err().map(errno), Some(Errno::ENOENT));
}

/// ntfs-3g puts the path of its mount before an absolute target; here that is a path inside the guest.
#[test]
fn absolute_links_lead_where_they_are_mounted() {
    let fish = |mount_point: &str| {
        let mut fish = Command::new(glassbox());
        fish.args(["fish", "--ro", "-a"]).arg(image("default")).args(["run", ":"]);
        if mount_point != "/" {
            fish.args(["mkmountpoint", mount_point, ":"]);
        }
        let path = |name: &str| format!("{}/reparse/{name}", mount_point.trim_end_matches('/'));
        fish.args(["mount-ro", "/dev/sda", mount_point, ":", "readlink", &path("j-directory"), ":"]);
        fish.args(["ls", &path("j-directory"), ":", "readlink", &path("s-relative")]);
        let output = fish.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let at_root = fish("/");
    let (target, rest) = at_root.split_once('\n').unwrap();
    assert_eq!(target, "/reparse/Sub");
    assert!(rest.starts_with("Deep\nx\n"), "{rest}");
    assert_eq!(fish("/data"), format!("/data{at_root}"));
}

#[test]
fn a_listing_ends_where_it_is_told_to() {
    let ntfs = open(&image("many"));
    let mut count = 0;
    let many = existing(&ntfs, "many".into());
    ntfs.read_dir(many, &mut |_| {
        count += 1;
        if count == 7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert_eq!(count, 7);
}

/// Reads at many offsets and lengths must equal the whole, and holes must read as zeros.
#[test]
fn reads_at_any_place_agree_with_the_whole_file() {
    let mut rng = Rng(3);
    for (name, path) in [
        ("default", "sparse"),
        ("default", "compressed/mixed"),
        ("default", "compressed/holes"),
        ("default", "compressed/patched"),
        ("cluster512", "compressed/holes"),
        ("default", "sizes/s600"),
        ("default", "lists/streams"),
        ("fragmented", "fragmented"),
        ("reserved", "reserved"),
        ("wof", "xpress-4096-mixed"),
        ("wof", "lzx-32768-mixed"),
    ] {
        let ntfs = open(&image(name));
        let file = ntfs.open(existing(&ntfs, path.into())).unwrap();
        let mut whole = vec![0xaa; file.len() as usize];
        assert_eq!(file.read_at(&mut whole, 0).unwrap(), whole.len());
        for _ in 0..300 {
            let offset = rng.below(file.len() + 10);
            let mut buf = vec![0x55; rng.below(200_000) as usize];
            let count = file.read_at(&mut buf, offset).unwrap();
            let start = whole.len().min(offset as usize);
            let end = whole.len().min(start + buf.len());
            assert!(buf[..count] == whole[start..end], "{name}: {path}: {} bytes at {offset}", buf.len());
        }
        let mut expected = 0;
        for extent in Extents::new(&*file, 0) {
            let (offset, extent) = extent.unwrap();
            assert_eq!(offset, expected, "{name}: {path}: extents follow each other");
            expected += extent.length;
            if extent.kind == ExtentKind::Hole {
                let bytes = &whole[offset as usize..expected as usize];
                assert!(bytes.iter().all(|byte| *byte == 0), "{name}: {path}: a hole at {offset} has data");
            }
        }
        assert_eq!(expected, file.len(), "{name}: {path}: extents cover the file");
    }
}

#[test]
fn holes_are_told() {
    let held = |name: &str, path: &str| {
        let ntfs = open(&image(name));
        let file = ntfs.open(existing(&ntfs, path.into())).unwrap();
        let extents: Vec<_> = Extents::new(&*file, 0).map(|extent| extent.unwrap().1).collect();
        extents.iter().filter(|extent| extent.kind == ExtentKind::Data).map(|extent| extent.length).sum::<u64>()
    };
    // Three pieces of 10,000 bytes in 64 MiB; ntfs-3g allocates in units of 16 clusters.
    assert!((30_000..=3 * 131_072).contains(&held("default", "sparse")), "{}", held("default", "sparse"));
    // Three pieces of 150,000 bytes in 9 MB, compressed.
    assert!((450_000..=4 * 196_608).contains(&held("default", "compressed/holes")));
    // 5000 bytes were written of what was reserved.
    assert_eq!(held("reserved", "reserved"), 5000);
}

#[test]
fn wof_compressed_files_have_their_true_contents() {
    let ntfs = open(&image("wof"));
    let facts = fs::read_to_string(image("wof").with_extension("facts")).unwrap();
    assert!(facts.lines().count() >= 24, "WIM archives compressed too little:\n{facts}");
    for algorithm in ["xpress-4096", "lzx-32768", "xpress-8192", "xpress-16384"] {
        assert!(facts.contains(algorithm), "{algorithm} is missing");
    }
    for line in facts.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let node = existing(&ntfs, fields[1].into());
        let stat = ntfs.stat(node).unwrap();
        assert_eq!((stat.file_type(), stat.size.to_string().as_str()), (FileType::Regular, fields[2]));
        assert_eq!(manifest::sha256(&*ntfs.open(node).unwrap()).unwrap(), fields[3], "{}", fields[1]);
    }
    for (name, feature) in [("archive", "WIM"), ("future", "9")] {
        let error = ntfs.open(existing(&ntfs, name.into())).err().unwrap();
        assert!(error.is_unsupported() && error.message().contains(feature), "{error:?}");
    }
}

#[test]
fn encrypted_files_are_unsupported_and_never_ciphertext() {
    let ntfs = open(&image("encrypted"));
    let error = ntfs.open(existing(&ntfs, "encrypted/secret".into())).err().unwrap();
    assert!(error.is_unsupported() && error.message().contains("EFS"), "{error:?}");
}

#[test]
fn streams_of_any_length_can_be_opened() {
    let ntfs = open(&image("default"));
    let node = existing(&ntfs, "streams/two".into());
    assert_eq!(ntfs.stream_names(node).unwrap(), ["big", "stream1"]);
    let big = ntfs.open_stream(node, "big".into()).unwrap().unwrap();
    let mut bytes = vec![0; 70_000];
    assert_eq!(big.read_at(&mut bytes, 0).unwrap(), 60_000);
    assert!(bytes[..60_000].iter().all(|byte| *byte == b'Z'));
    assert!(ntfs.open_stream(node, "missing".into()).unwrap().is_none());

    // WOF's stream is longer than an extended attribute may be.
    let ntfs = open(&image("wof"));
    let node = existing(&ntfs, "xpress-4096-mixed".into());
    assert_eq!(ntfs.xattrs(node).unwrap_err().errno(), Errno::E2BIG);
    assert!(ntfs.open_stream(node, "WofCompressedData".into()).unwrap().unwrap().len() > 65536);
}

#[test]
fn absolute_links_begin_at_the_mount_point() {
    let link = |ntfs: &Ntfs, path: &str| ntfs.read_link(existing(ntfs, path.into())).unwrap();
    let mut ntfs = Ntfs::open(source(&image("default"))).unwrap();
    assert_eq!(link(&ntfs, "reparse/j-directory"), "/reparse/Sub");
    assert_eq!(link(&ntfs, "reparse/s-relative"), "Target.txt");
    ntfs.mounted_at("/sysroot/mnt".into());
    assert_eq!(link(&ntfs, "reparse/j-directory"), "/sysroot/mnt/reparse/Sub");
    assert_eq!(link(&ntfs, "reparse/j-missing"), "/sysroot/mnt/.NTFS-3G/C:/gone");
    assert_eq!(ntfs.stat(existing(&ntfs, "reparse/j-directory".into())).unwrap().size, 24);
}

/// A volume made by Windows: no oracle's mount is kept for it, but ntfscat and ntfsls read it as well.
#[test]
fn a_volume_of_another_project() {
    let Some(image) = corpus("ntfs/testfs1.raw") else { return };
    let ntfs = Ntfs::open(source(&image)).unwrap();
    let ours = manifest::of(&ntfs);
    let files = ours.iter().filter(|(_, columns)| columns[0] == "f");
    let mut count = 0;
    for (path, columns) in files {
        let oracle =
            Command::new("ntfscat").arg("--force").arg(&image).arg(path.to_os_str().unwrap()).output().unwrap();
        assert!(oracle.status.success(), "{path}");
        assert_eq!(columns[12], manifest::sha256(&oracle.stdout).unwrap(), "{path}");
        count += 1;
    }
    assert!(count >= 4, "{count} files");
}

/// Asks everything of some files, with a limit on what a huge size can make us read.
fn exercise(source: Source, mut rng: Rng) -> Result<()> {
    let ntfs = Ntfs::open(source)?;
    let _ = ntfs.statvfs();
    let mut waiting = vec![ntfs.root()];
    let mut seen = HashSet::new();
    let mut buf = vec![0; 1 << 20];
    while !waiting.is_empty() && seen.len() < 200 {
        let node = waiting.swap_remove(rng.below(waiting.len() as u64) as usize);
        // Damage can tie directories into a loop.
        if !seen.insert(node) {
            continue;
        }
        let _ = ntfs.stat(node);
        let _ = ntfs.xattrs(node);
        for name in ["acl", "dos_name", "object_id", "reparse_data", "ea"] {
            let _ = ntfs.xattr(node, format!("system.ntfs_{name}").as_str().into());
        }
        let _ = ntfs.read_link(node);
        if let Ok(file) = ntfs.open(node) {
            let length = file.len();
            for offset in [0, length / 2, length.saturating_sub(5000)] {
                let _ = file.read_at(&mut buf, offset);
            }
            let _ = Extents::new(&*file, 0).take(1000).count();
        }
        let mut last = None;
        let _ = ntfs.read_dir(node, &mut |entry| {
            last = Some(entry.name.to_owned());
            waiting.push(entry.node);
            ControlFlow::Continue(())
        });
        if let Some(name) = last {
            let _ = ntfs.lookup(node, name.as_bstr());
            let _ = ntfs.lookup_ignoring_case(node, name.as_bstr());
        }
    }
    Ok(())
}

/// Where the boot sector, file records and index blocks of an image are.
fn metadata_areas(image: &[u8]) -> Vec<(u64, u64)> {
    let magics: [&[u8]; 2] = [b"FILE", b"INDX"];
    let blocks = (0..image.len()).step_by(1024).filter(|at| magics.contains(&&image[*at..*at + 4]));
    let mut areas: Vec<_> = blocks.map(|at| (at as u64, 1024)).collect();
    assert!(areas.len() > 100);
    // Every one as often as the others, and the boot sector now and then.
    areas.extend(std::iter::repeat_n((0, 84), areas.len() / 8));
    areas
}

#[test]
fn damaged_images_neither_panic_nor_hang() {
    let bytes = Arc::new(fs::read(image("cluster1k")).unwrap());
    let areas = metadata_areas(&bytes);
    let whole: Source = bytes;
    let mut opened = 0;
    for seed in 0..1000 {
        let mut rng = Rng(seed);
        let mut damaged = Damaged::new(whole.clone());
        for _ in 0..=rng.below(12) {
            damaged = damaged.scramble(&mut rng, &areas);
        }
        if seed % 10 == 0 {
            damaged = damaged.truncate(rng.below(whole.len()));
        }
        let result =
            bounded(&format!("seed {seed}"), Duration::from_secs(60), move || exercise(Arc::new(damaged), rng));
        match result {
            Ok(()) => opened += 1,
            Err(error) => assert_ne!(error.kind(), ErrorKind::Usage, "seed {seed}: {error:?}"),
        }
    }
    assert!(opened > 300, "only {opened} of the damaged images opened");
}

fn unhex(text: &str) -> BString {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect::<Vec<u8>>().into()
}

//! Disk images against qemu-img: contents, sizes, formats and holes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use glassbox_formats::qcow2::{BackingFile, Empty, Plan, Qcow2, create};
use glassbox_formats::{
    Disk, Format, Gate, OpenOptions, Role, disk_format, disk_has_backing_file, disk_virtual_size, open,
};
use glassbox_io::{Errno, ErrorKind, ExtentKind, Extents, ReadAt, Source};
use glassbox_tests::bad_input::Rng;
use glassbox_tests::{corpus, fixture, fixtures::scratch};
use sha2::{Digest, Sha256};

/// A line of the fixture's list.
struct Image {
    name: String,
    path: PathBuf,
    format: Format,
    size: u64,
    /// `None` if the format is only recognised.
    sha256: Option<String>,
}

fn images() -> Vec<Image> {
    let folder = fixture("formats");
    let list = fs::read_to_string(folder.join("images.tsv")).unwrap();
    let images: Vec<Image> = list
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [name, format, size, sha256] = fields[..] else { panic!("{line}") };
            Image {
                name: name.into(),
                path: folder.join(name),
                format: Format::from_name(format).unwrap(),
                size: size.parse().unwrap(),
                sha256: (sha256 != "-").then(|| sha256.into()),
            }
        })
        .collect();
    assert!(images.len() > 70, "the fixture's list is short: {}", images.len());
    images
}

fn readable() -> impl Iterator<Item = (Image, String)> {
    images().into_iter().filter_map(|mut image| image.sha256.take().map(|sha256| (image, sha256)))
}

fn opened(path: &Path) -> Disk {
    open(path, &OpenOptions::new()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The whole disk, in reads of `step` bytes.
fn contents(disk: &dyn ReadAt, step: usize) -> Vec<u8> {
    let mut bytes = vec![0xaa; disk.len() as usize];
    let mut at = 0;
    for part in bytes.chunks_mut(step) {
        assert_eq!(disk.read_at(part, at).unwrap(), part.len(), "at {at}");
        at += part.len() as u64;
    }
    assert_eq!(disk.read_at(&mut [0; 10], at).unwrap(), 0);
    bytes
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn run(folder: &Path, command: &str) {
    let status = Command::new("bash").args(["-euc", command]).current_dir(folder).status().unwrap();
    assert!(status.success(), "{command}");
}

#[test]
fn images_read_as_qemu_img_converts_them() {
    for (image, expected) in readable() {
        let name = &image.name;
        let disk = opened(&image.path);
        assert_eq!((disk.format(), disk.len()), (image.format, image.size), "{name}");
        let bytes = contents(&disk, 1 << 20);
        assert_eq!(sha256(&bytes), expected, "{name}");
        assert!(contents(&disk, 37_001) == bytes, "{name}: small reads differ");
        assert!(contents(&disk, 1 << 30) == bytes, "{name}: one large read differs");
        let mut rng = Rng(1);
        for _ in 0..500 {
            let offset = rng.below(image.size + 1);
            let length = [1, 511, 4096, 70_000][rng.below(4) as usize];
            let mut buf = vec![0xaa; rng.below(length) as usize];
            let count = disk.read_at(&mut buf, offset).unwrap();
            let end = (offset + buf.len() as u64).min(image.size);
            assert!(buf[..count] == bytes[offset as usize..end as usize], "{name}: {length} bytes at {offset}");
        }
    }
}

#[test]
fn host_image_questions_are_answered_as_qemu_img_info_does() {
    for image in images() {
        let name = &image.name;
        assert_eq!(disk_format(&image.path).unwrap(), image.format, "{name}");
        if matches!(image.format, Format::Raw | Format::Qcow2) {
            assert_eq!(disk_virtual_size(&image.path).unwrap(), image.size, "{name}");
            let info =
                Command::new("qemu-img").args(["info", "-U", "--output=json"]).arg(&image.path).output().unwrap();
            let has_backing_file = String::from_utf8_lossy(&info.stdout).contains("\"backing-filename\"");
            assert_eq!(disk_has_backing_file(&image.path).unwrap(), has_backing_file, "{name}");
        }
    }
}

#[test]
fn formats_and_features_that_are_not_read_are_unsupported_by_name() {
    let mut seen = 0;
    for image in images().into_iter().filter(|image| image.sha256.is_none()) {
        let error = open(&image.path, &OpenOptions::new()).err().unwrap();
        let feature = match image.name.as_str() {
            "aes.qcow2" => "qcow2: AES encryption".into(),
            "luks.qcow2" => "qcow2: LUKS encryption".into(),
            _ => format!("\"{}\"", image.format),
        };
        assert!(error.is_unsupported(), "{}: {error}", image.name);
        assert!(error.message().contains(&feature), "{}: {error}", image.name);
        assert!(error.to_string().contains(&image.name), "{error}");
        seen += 1;
    }
    assert!(seen >= 12);
}

/// Where the disk reads as zeros without being stored, by offset; neighbours are joined.
fn holes(extents: impl Iterator<Item = (u64, u64, bool)>) -> Vec<(u64, u64)> {
    let mut holes: Vec<(u64, u64)> = Vec::new();
    for (start, length, _) in extents.filter(|(_, _, is_hole)| *is_hole) {
        match holes.last_mut() {
            Some((_, end)) if *end == start => *end += length,
            _ => holes.push((start, start + length)),
        }
    }
    holes
}

/// A number or a truth value of an object of `qemu-img map --output=json`.
fn member<'a>(object: &'a str, name: &str) -> &'a str {
    let (_, rest) = object.split_once(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name} in {object}"));
    rest.split([',', '}']).next().unwrap().trim()
}

#[test]
fn holes_are_where_qemu_img_maps_zeros() {
    for (image, _) in readable() {
        let map = fs::read_to_string(image.path.with_file_name(format!("{}.map", image.name))).unwrap();
        let theirs = holes(map.split('{').skip(1).map(|object| {
            let number = |name| member(object, name).parse::<u64>().unwrap();
            (number("start"), number("length"), member(object, "zero") == "true")
        }));
        let disk = opened(&image.path);
        let mut at = 0;
        let ours = holes(Extents::new(&disk, 0).map(|extent| {
            let (offset, extent) = extent.unwrap();
            assert_eq!(offset, at, "{}", image.name);
            at += extent.length;
            (offset, extent.length, extent.kind == ExtentKind::Hole)
        }));
        assert_eq!(at, image.size, "{}: extents end early", image.name);
        // We may know more: qemu-img doesn't ask the file below about clusters that are allocated and never written.
        let missed: Vec<_> =
            theirs.iter().filter(|(start, end)| !ours.iter().any(|(from, to)| from <= start && end <= to)).collect();
        assert!(missed.is_empty(), "{}: {missed:?} are no holes, only {ours:?}", image.name);
    }
}

#[test]
fn extents_from_anywhere_agree_with_the_bytes() {
    for (image, _) in readable().filter(|(image, _)| image.size > 0) {
        let disk = opened(&image.path);
        let bytes = contents(&disk, 1 << 20);
        let mut rng = Rng(2);
        for _ in 0..200 {
            let offset = rng.below(image.size);
            let extent = disk.extent_at(offset).unwrap();
            let end = offset + extent.length;
            assert!(extent.length > 0 && end <= image.size, "{}: {extent:?} at {offset}", image.name);
            if extent.kind == ExtentKind::Hole {
                assert!(bytes[offset as usize..end as usize].iter().all(|byte| *byte == 0), "{}", image.name);
            }
        }
    }
}

#[test]
fn threads_read_one_disk_at_once() {
    for name in ["deflate-4096.qcow2", "zstd-2097152.qcow2", "written-extended-zstd.qcow2", "larger-again.qcow2"] {
        let disk = Arc::new(opened(&fixture("formats").join(name)));
        let bytes = Arc::new(contents(&disk, 1 << 20));
        let threads: Vec<_> = (0..8)
            .map(|seed| {
                let (disk, bytes) = (disk.clone(), bytes.clone());
                std::thread::spawn(move || {
                    let mut rng = Rng(seed);
                    for _ in 0..200 {
                        let offset = rng.below(disk.len() - 10_000);
                        let mut buf = vec![0; rng.below(10_000) as usize];
                        disk.read_exact_at(&mut buf, offset).unwrap();
                        assert!(bytes[offset as usize..][..buf.len()] == buf);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}

#[test]
fn the_corpus_image_is_read() {
    let Some(path) = corpus("formats/ext2.qcow2") else { return };
    let disk = opened(&path);
    let converted = scratch("corpus-qcow2").join("disk.raw");
    let status = Command::new("qemu-img").args(["convert", "-O", "raw"]).arg(&path).arg(&converted).status().unwrap();
    assert!(status.success());
    assert!(contents(&disk, 1 << 20) == fs::read(converted).unwrap());
    // An ext2 volume: its magic number.
    let mut magic = [0; 2];
    disk.read_exact_at(&mut magic, 1024 + 56).unwrap();
    assert_eq!(magic, [0x53, 0xef]);
}

#[test]
fn snapshots_are_listed() {
    let file = File::open(fixture("formats").join("snapshots.qcow2")).unwrap();
    let mut bytes = vec![0; file.metadata().unwrap().len() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    let image = Qcow2::open(Arc::new(bytes), |_| Ok(Default::default())).unwrap();
    let snapshots = image.snapshots().unwrap();
    let names: Vec<_> = snapshots.iter().map(|snapshot| (snapshot.id.to_string(), snapshot.name.to_string())).collect();
    assert_eq!(names, [("1".into(), "first".into()), ("2".into(), "second one".to_string())]);
    assert!(snapshots.iter().all(|snapshot| snapshot.virtual_size == Some(image.len()) && snapshot.seconds > 0));
}

#[test]
fn an_explicit_format_is_not_probed() {
    let folder = fixture("formats");
    // A qcow2 image with a backing file, as a guest could write it into its raw disk.
    let raw = OpenOptions::new().format(Format::Raw).gate(Gate::Ask(Arc::new(|reference| panic!("{reference:?}"))));
    let disk = open(folder.join("larger.qcow2"), &raw).unwrap();
    let mut magic = [0; 4];
    disk.read_exact_at(&mut magic, 0).unwrap();
    assert_eq!(&magic, b"QFI\xfb");
    assert_eq!(disk.len(), fs::metadata(folder.join("larger.qcow2")).unwrap().len());

    let error = open(folder.join("source.raw"), &OpenOptions::new().format(Format::Qcow2)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corrupt);

    // The same one level down: the overlay says "raw", so the base isn't looked into.
    let scratch = scratch("explicit-format");
    fs::copy(folder.join("larger.qcow2"), scratch.join("guest.img")).unwrap();
    run(&scratch, "qemu-img create -q -f qcow2 -b guest.img -F raw overlay.qcow2");
    let asked = OpenOptions::new().gate(Gate::Ask(Arc::new(|reference| reference.path.ends_with("guest.img"))));
    let overlay = open(scratch.join("overlay.qcow2"), &asked).unwrap();
    overlay.read_exact_at(&mut magic, 0).unwrap();
    assert_eq!(&magic, b"QFI\xfb");
}

#[test]
fn the_gate_decides_which_named_files_are_opened() {
    let folder = fixture("formats");
    for name in ["larger.qcow2", "datafile.qcow2", "smaller.qcow2"] {
        let error = open(folder.join(name), &OpenOptions::new().gate(Gate::Closed)).err().unwrap();
        assert_eq!((error.kind(), error.errno()), (ErrorKind::Os, Errno::EACCES), "{error}");
    }
    let standalone = open(folder.join("v3.qcow2"), &OpenOptions::new().gate(Gate::Closed)).unwrap();
    assert_eq!(standalone.len(), opened(&folder.join("v3.qcow2")).len());

    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = asked.clone();
    let gate = Gate::Ask(Arc::new(move |reference| {
        log.lock().unwrap().push((reference.role, reference.path.to_owned(), reference.format));
        !reference.path.ends_with("base/compressed.qcow2")
    }));
    let error = open(folder.join("smaller.qcow2"), &OpenOptions::new().gate(gate)).err().unwrap();
    assert!(error.path().unwrap().ends_with(b"base/compressed.qcow2"), "{error}");
    assert_eq!(
        *asked.lock().unwrap(),
        [
            (Role::BackingFile, folder.join("larger.qcow2"), Some(Format::Qcow2)),
            (Role::BackingFile, folder.join("base/compressed.qcow2"), Some(Format::Qcow2)),
        ]
    );
    let unsaid = Gate::Ask(Arc::new(|reference| reference.format.is_some()));
    assert!(open(folder.join("unsaid.qcow2"), &OpenOptions::new().gate(unsaid)).is_err());
}

#[test]
fn named_files_are_found_from_anywhere() {
    let scratch = scratch("named-files");
    let source = fixture("formats").join("source.raw");
    let expected = contents(&opened(&source), 1 << 20);
    let source = source.to_str().unwrap();
    run(
        &scratch,
        &format!(
            r#"
            mkdir -p images/deep; ln -s images/deep link
            cp {source} images/base.raw
            qemu-img create -q -f qcow2 -b ../base.raw -F raw images/deep/relative.qcow2
            qemu-img create -q -f qcow2 -b "file:$PWD/images/base.raw" -F raw file.qcow2
            qemu-img create -q -f qcow2 -b 'json:{{"driver":"raw","file":{{"driver":"file","filename":"'$PWD'/images/base.raw"}}}}' -F raw json.qcow2
            qemu-img convert -O qcow2 -o data_file=$PWD/images/absolute.data {source} absolute-data.qcow2
            (head -c 4096 /dev/zero; cat {source}; head -c 1000 /dev/zero) > images/offset.raw
            qemu-img create -q -f qcow2 -b 'json:{{"driver":"raw","offset":4096,"size":8390144,"file.driver":"file","file.filename":"'$PWD'/images/offset.raw"}}' -F raw offset.qcow2
            "#
        ),
    );
    for name in [
        "images/deep/relative.qcow2",
        "link/relative.qcow2",
        "file.qcow2",
        "json.qcow2",
        "absolute-data.qcow2",
        "offset.qcow2",
    ] {
        assert!(contents(&opened(&scratch.join(name)), 1 << 20) == expected, "{name}");
    }
    fs::remove_file(scratch.join("images/base.raw")).unwrap();
    let error = open(scratch.join("link/relative.qcow2"), &OpenOptions::new()).err().unwrap();
    assert_eq!((error.kind(), error.errno()), (ErrorKind::Io, Errno::ENOENT));
    assert!(error.path().unwrap().ends_with(b"link/../base.raw"), "{error}");
    // Questions about the image itself don't need it.
    assert!(disk_has_backing_file(scratch.join("link/relative.qcow2")).unwrap());
    assert_eq!(disk_virtual_size(scratch.join("link/relative.qcow2")).unwrap(), expected.len() as u64);
}

#[test]
fn loops_and_endless_chains_are_corrupt() {
    let scratch = scratch("chains");
    run(
        &scratch,
        "qemu-img create -q -u -f qcow2 -b b.qcow2 -F qcow2 a.qcow2 1M
         qemu-img create -q -u -f qcow2 -b a.qcow2 -F qcow2 b.qcow2 1M
         qemu-img create -q -f qcow2 self.qcow2 1M && qemu-img rebase -u -b self.qcow2 -F qcow2 self.qcow2
         qemu-img create -q -u -f qcow2 -b n-0001.qcow2 -F qcow2 n-0000.qcow2 1M",
    );
    for name in ["a.qcow2", "self.qcow2"] {
        let error = open(scratch.join(name), &OpenOptions::new()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.message().contains("loop"), "{error}");
    }
    // A chain of 300 images, each naming the next one, by the first one's bytes.
    let first = fs::read(scratch.join("n-0000.qcow2")).unwrap();
    let name = first.windows(12).position(|bytes| bytes == b"n-0001.qcow2").unwrap();
    let backing_offset = 8..16;
    for number in 1..300 {
        let mut bytes = first.clone();
        bytes[name..name + 12].copy_from_slice(format!("n-{:04}.qcow2", number + 1).as_bytes());
        if number == 299 {
            bytes[backing_offset.clone()].fill(0);
        }
        fs::write(scratch.join(format!("n-{number:04}.qcow2")), bytes).unwrap();
    }
    let error = open(scratch.join("n-0000.qcow2"), &OpenOptions::new()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    let disk = opened(&scratch.join("n-0110.qcow2"));
    assert!(contents(&disk, 1 << 20).iter().all(|byte| *byte == 0));
    assert_eq!(Extents::new(&disk, 0).count(), 1);
}

#[test]
fn what_was_cut_off_is_corrupt_and_not_zeros() {
    let path = fixture("formats").join("v3.qcow2");
    let whole = fs::read(&path).unwrap();
    let intact = contents(&opened(&path), 1 << 20);
    let cut: Source = Arc::new(whole[..whole.len() / 2].to_vec());
    let disk = Qcow2::open(cut, |_| Ok(Default::default())).unwrap();
    let mut kinds = BTreeMap::new();
    for (index, expected) in intact.chunks(65536).enumerate() {
        let mut buf = vec![0; expected.len()];
        match disk.read_at(&mut buf, index as u64 * 65536) {
            Ok(_) => assert!(buf == expected, "wrong data in cluster {index}"),
            Err(error) => *kinds.entry(format!("{:?}", error.kind())).or_insert(0) += 1,
        }
    }
    assert!(kinds.len() == 1 && kinds["Corrupt"] > 10, "{kinds:?}");
}

#[test]
fn an_enormous_empty_disk_costs_nothing() {
    let scratch = scratch("enormous");
    run(
        &scratch,
        "qemu-img create -q -f qcow2 64t.qcow2 64T
         qemu-img create -q -f qcow2 -o cluster_size=2M 1e.qcow2 1E
         qemu-img create -q -f qcow2 -b 64t.qcow2 -F qcow2 over.qcow2
         qemu-io -c 'write -P 7 63T 4k' 64t.qcow2 > /dev/null
         truncate -s 15T sparse.raw",
    );
    let start = std::time::Instant::now();
    for (name, size, data) in [
        ("64t.qcow2", 64 << 40, 65536),
        ("over.qcow2", 64 << 40, 65536),
        ("1e.qcow2", 1 << 60, 0),
        ("sparse.raw", 15 << 40, 0),
    ] {
        let disk = opened(&scratch.join(name));
        assert_eq!(disk.len(), size, "{name}");
        let stored: u64 = Extents::new(&disk, 0)
            .map(|extent| extent.unwrap().1)
            .filter(|extent| extent.kind == ExtentKind::Data)
            .map(|extent| extent.length)
            .sum();
        // Of a cluster that was written in part, the rest may be a hole of the file.
        assert!(stored <= data && (stored > 0) == (data > 0), "{name}: {stored} of {data}");
    }
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn block_devices_are_disks() {
    let scratch = scratch("block-devices");
    let folder = fixture("formats");
    for name in ["source.raw", "deflate.qcow2"] {
        fs::copy(folder.join(name), scratch.join(name)).unwrap();
        let file = scratch.join(name);
        // A loop device has whole sectors.
        run(&scratch, &format!("truncate -s %512 {name}"));
        let losetup = Command::new("losetup").args(["--find", "--show", "-r"]).arg(&file).output().unwrap();
        let device = String::from_utf8(losetup.stdout).unwrap();
        let device = device.trim();
        assert!(device.starts_with("/dev/loop"), "{device}: {}", String::from_utf8_lossy(&losetup.stderr));
        let disk = open(device, &OpenOptions::new());
        let bytes = disk.as_ref().map(|disk| (disk.format(), contents(disk, 1 << 20)));
        let expected = opened(&file);
        run(&scratch, &format!("losetup -d {device}"));
        let (format, bytes) = bytes.unwrap();
        assert_eq!(format, expected.format());
        assert!(bytes == contents(&expected, 1 << 20), "{name}");
    }
}

/// What qemu-img says of an image, but for its name and the room that it takes.
fn info(image: &Path) -> String {
    let output = Command::new("qemu-img").arg("info").arg(image).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter(|line| {
        !["image:", "disk size:", "file length:", "filename:"].iter().any(|word| line.trim_start().starts_with(word))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn empty_images_are_those_that_qemu_img_creates() {
    let folder = scratch("qcow2-create");
    let run = |command: &mut Command| assert!(command.current_dir(&folder).status().unwrap().success(), "{command:?}");
    fs::write(folder.join("base.raw"), vec![7; 5 << 20]).unwrap();
    let base = || Some(BackingFile { name: "base.raw".into(), format: Some("raw".into()) });
    let cases = [
        (10 << 30, false, 65536, None),
        (1_000_001, false, 4096, None),
        (0, false, 2 << 20, None),
        (10 << 30, false, 512, None),
        (37 << 40, true, 65536, None),
        (5 << 20, true, 65536, base()),
        (20 << 20, false, 65536, base()),
    ];
    for (virtual_size, is_old, cluster_size, backing) in cases {
        let plan = Plan { virtual_size, is_old, cluster_size, backing };
        let Empty { head, length } = create(&plan).unwrap();
        let ours = folder.join("ours.qcow2");
        fs::write(&ours, head).unwrap();
        fs::OpenOptions::new().write(true).open(&ours).unwrap().set_len(length).unwrap();
        let compat = if is_old { "0.10" } else { "1.1" };
        let mut qemu_img = Command::new("qemu-img");
        qemu_img.args(["create", "-q", "-f", "qcow2", "-o", &format!("compat={compat},cluster_size={cluster_size}")]);
        if plan.backing.is_some() {
            qemu_img.args(["-b", "base.raw", "-F", "raw"]);
        }
        run(qemu_img.args(["theirs.qcow2", &virtual_size.to_string()]));
        assert_eq!(info(&ours), info(&folder.join("theirs.qcow2")), "{plan:?}");
        if virtual_size > 0 {
            run(Command::new("qemu-io").args(["-c", "write -q -P 1 0 512", "ours.qcow2"]));
        }
        run(Command::new("qemu-img").args(["check", "-q", "ours.qcow2"]));
    }
}

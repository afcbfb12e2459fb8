//! `vfs_minimum_size` against the programs that libguestfs asks: resize2fs and ntfsresize.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use glassbox_filesystems::ext::Ext;
use glassbox_filesystems::ntfs::Ntfs;
use glassbox_formats::{Format, OpenOptions};
use glassbox_io::Source;
use glassbox_tests::bad_input::Rng;
use glassbox_tests::fixture;
use glassbox_tests::fixtures::scratch;

fn source(path: &Path) -> Source {
    glassbox_formats::open(path, &OpenOptions::new().format(Format::Raw)).expect("the image opens").into_source()
}

fn images(name: &str) -> Vec<PathBuf> {
    let folder = fs::read_dir(fixture(name)).expect("the fixture is there");
    let paths = folder.map(|entry| entry.expect("a folder can be read").path());
    let mut images: Vec<PathBuf> = paths.filter(|path| path.extension() == Some("img".as_ref())).collect();
    images.sort();
    images
}

/// What a program prints, whether or not it is content.
fn printed(program: &str, arguments: &[&str], image: &Path) -> String {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let output = Command::new(program).args(arguments).arg(image).env("PATH", path).output().expect("it runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The number that follows `words` in `text`.
fn number_after(words: &str, text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(words)?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// What resize2fs says, in bytes.
fn resize2fs(image: &Path) -> u64 {
    let text = printed("resize2fs", &["-P", "-f"], image);
    let blocks = number_after("Estimated minimum size of the filesystem: ", &text);
    let blocks = blocks.unwrap_or_else(|| panic!("{}: {text}", image.display()));
    let superblock = printed("dumpe2fs", &["-h"], image);
    let block_size = superblock.lines().find_map(|line| line.strip_prefix("Block size:")).expect("it has a block size");
    blocks * block_size.trim().parse::<u64>().expect("a number")
}

fn assert_as_resize2fs(image: &Path, what: &str) {
    let ours = Ext::minimum_size(source(image)).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    assert_eq!(ours, resize2fs(image), "{what}");
}

/// Every variant; those of crashed guests are counted as they lie.
#[test]
fn of_ext_fixtures_as_resize2fs_estimates() {
    for name in ["ext", "ext-dirty", "ext-small"] {
        for image in images(name) {
            assert_as_resize2fs(&image, &image.display().to_string());
        }
    }
}

/// Arguments of mke2fs beside those of all, a size, and how many blocks and inodes of a group are free, in percent.
const GEOMETRIES: [(&str, &str, u64); 16] = [
    ("-t ext2 -b 1024 -g 1024", "20M", 70),
    ("-t ext3 -b 2048", "90M", 40),
    ("-O ^flex_bg -b 1024 -g 2048", "33M", 55),
    ("-O meta_bg,^resize_inode -G 4 -b 1024 -g 1024", "40M", 20),
    ("-O meta_bg,^resize_inode,^flex_bg -b 1024 -g 2048", "77M", 65),
    ("-O ^sparse_super,^resize_inode -G 8 -b 1024 -g 1024", "31M", 50),
    ("-O sparse_super2,^resize_inode -G 2 -b 4096 -g 4096", "200M", 88),
    ("-G 2 -b 2048 -g 16384 -I 128 -N 1000", "400M", 8),
    ("-G 4 -b 2048 -g 2048", "52M", 60),
    ("-G 32 -b 1024 -g 1024 -N 781 -I 128", "12M", 60),
    ("-G 64 -b 1024 -g 2048 -N 7765", "30M", 93),
    ("-G 32 -b 4096 -O ^has_journal", "69M", 100),
    ("-G 128 -b 4096 -g 4096 -N 212 -O ^has_journal,^extent,^64bit", "13M", 100),
    ("-G 16 -b 1024 -g 8192 -N 1330 -O ^64bit", "21M", 30),
    ("-O bigalloc -C 16384 -b 1024", "90M", 60),
    ("-O bigalloc,^resize_inode -C 65536 -b 4096 -N 1000", "900M", 35),
];

/// Filesystems of all shapes, filled in their descriptors alone: their estimate comes from nothing else.
#[test]
fn of_any_geometry_as_resize2fs_estimates() {
    let folder = scratch("minimum-size");
    let mut rng = Rng(7);
    for (options, size, free) in GEOMETRIES {
        let image = folder.join("image");
        let file = File::create(&image).expect("the folder is writable");
        // Descriptors without checksums can be changed one by one.
        let features = "-q -F -E nodiscard,lazy_itable_init=1 -O ^metadata_csum,^uninit_bg";
        let mut arguments: Vec<&str> = features.split(' ').chain(options.split(' ')).collect();
        if !options.contains("-t ") {
            arguments.extend(["-t", "ext4"]);
        }
        let path = image.display().to_string();
        arguments.extend([path.as_str(), size]);
        drop(file);
        printed("mke2fs", &arguments[..arguments.len() - 1], Path::new(size));
        fill(&image, free, &mut rng);
        assert_as_resize2fs(&image, &format!("{options} {size} {free} %"));
    }
}

/// Takes blocks and inodes of each group, so that at most `free` percent of what was free stays so.
fn fill(image: &Path, free: u64, rng: &mut Rng) {
    let groups = printed("dumpe2fs", &[], image);
    let (mut script, mut group, mut blocks_left, mut inodes_left) = (String::new(), 0, 0, 0);
    for line in groups.lines().filter(|line| line.contains(" free inodes, ")) {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let keep = |count: u64, percent: u64| count * percent / 100;
        let blocks = keep(numbers[0], rng.below(free + 1));
        let inodes = keep(numbers[1], 50 + rng.below(51));
        writeln!(script, "set_bg {group} free_blocks_count {blocks}\nset_bg {group} free_inodes_count {inodes}")
            .unwrap();
        (group, blocks_left, inodes_left) = (group + 1, blocks_left + blocks, inodes_left + inodes);
    }
    assert!(group > 0, "{groups}");
    writeln!(script, "ssv free_blocks_count {blocks_left}\nssv free_inodes_count {inodes_left}").unwrap();
    let mut debugfs = Command::new("/usr/sbin/debugfs");
    let mut debugfs = debugfs.args(["-w", "-f", "-"]).arg(image).stdin(Stdio::piped()).stdout(Stdio::null());
    debugfs = debugfs.stderr(Stdio::null());
    let mut child = debugfs.spawn().expect("debugfs runs");
    child.stdin.take().expect("it reads").write_all(script.as_bytes()).expect("it listens");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn of_ntfs_as_ntfsresize_tells() {
    for image in images("ntfs") {
        let text = printed("ntfsresize", &["--info", "--force", "--force", "--no-action"], &image);
        let theirs = number_after("You might resize at ", &text);
        let ours = Ntfs::open(source(&image)).and_then(|ntfs| ntfs.minimum_size());
        assert_eq!(ours.ok(), theirs, "{}: {text}", image.display());
    }
}

/// ntfsresize refuses it, and libguestfs then answers with the length of the device.
#[test]
fn of_a_full_ntfs_volume_that_of_its_device() {
    let folder = scratch("minimum-size-full");
    let (image, contents) = (folder.join("image"), folder.join("contents"));
    let file = File::create(&image).expect("the folder is writable");
    file.set_len(8 << 20).expect("it grows");
    printed("mkntfs", &["-q", "-F", "-f"], &image);
    fs::write(&contents, vec![b'x'; 8 << 20]).expect("the folder is writable");
    for megabytes in [4 << 20, 1 << 20, 256 << 10, 64 << 10, 16 << 10, 4 << 10] {
        fs::write(&contents, vec![b'x'; megabytes]).expect("the folder is writable");
        for copy in 0..4 {
            let (contents, name) = (contents.display().to_string(), format!("{megabytes}-{copy}"));
            let image = image.display().to_string();
            printed("ntfscp", &["-q", "-f", &image, &contents], Path::new(&name));
        }
    }
    let text = printed("ntfsresize", &["--info", "--force", "--force", "--no-action"], &image);
    assert_eq!(number_after("You might resize at ", &text), None, "the volume isn't full: {text}");
    let ours = Ntfs::open(source(&image)).and_then(|ntfs| ntfs.minimum_size()).expect("it can be told");
    assert_eq!(ours, 8 << 20);
}

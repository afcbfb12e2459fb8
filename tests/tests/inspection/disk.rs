//! Disks of small filesystems, made without mounting anything.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Bytes of each partition, and of what precedes the first.
const PARTITION: u64 = 1 << 20;
/// Sectors of them.
const SECTORS: u64 = PARTITION / 512;

/// What a partition holds.
#[derive(Debug)]
pub enum Content<'a> {
    /// Files by path: see [`write_tree`].
    Ext2(&'a [(&'a str, &'a str)]),
    Fat(&'a [(&'a str, &'a str)]),
    Swap,
    Luks,
}

/// A partition to be made.
#[derive(Debug)]
pub struct Partition<'a> {
    pub content: Content<'a>,
    /// Of the filesystem; empty for none.
    pub label: &'a str,
    /// Of the filesystem; empty for any. FAT's is `CAFE-0001`.
    pub uuid: &'a str,
    /// Of the partition, as is its name below.
    pub part_uuid: &'a str,
    pub part_name: &'a str,
}

impl<'a> Partition<'a> {
    /// A filesystem that nothing names but its place.
    pub const fn of(content: Content<'a>) -> Self {
        Partition { content, label: "", uuid: "", part_uuid: "", part_name: "" }
    }
}

/// Makes a disk with a GPT of these partitions.
pub fn make(folder: &Path, name: &str, partitions: &[Partition<'_>]) -> PathBuf {
    let path = folder.join(format!("{name}.raw"));
    let disk = File::create(&path).expect("the folder is writable");
    disk.set_len(PARTITION * (partitions.len() as u64 + 2)).expect("a file can be as large");
    write_table(&path, partitions);
    for (index, partition) in partitions.iter().enumerate() {
        let bytes = partition.bytes(&folder.join(format!("{name}-part")));
        disk.write_all_at(&bytes, PARTITION * (index as u64 + 1)).expect("the file is writable");
    }
    path
}

fn write_table(disk: &Path, partitions: &[Partition<'_>]) {
    let mut table = String::from("label: gpt\n");
    for (index, partition) in partitions.iter().enumerate() {
        let start = SECTORS * (index as u64 + 1);
        write!(table, "start={start}, size={SECTORS}, type=linux").expect("a string takes text");
        let fields = [("uuid", partition.part_uuid), ("name", partition.part_name)];
        for (field, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            write!(table, ", {field}=\"{value}\"").expect("a string takes text");
        }
        table.push('\n');
    }
    let mut sfdisk = Command::new("sfdisk").arg("-q").arg(disk).stdin(Stdio::piped()).spawn().expect("sfdisk starts");
    sfdisk.stdin.take().expect("it was piped").write_all(table.as_bytes()).expect("sfdisk reads its script");
    assert!(sfdisk.wait().expect("sfdisk ends").success(), "{table}");
}

impl Partition<'_> {
    fn bytes(&self, scratch: &Path) -> Vec<u8> {
        let (image, tree) = (scratch.with_extension("img"), scratch.with_extension("tree"));
        File::create(&image).and_then(|file| file.set_len(PARTITION)).expect("the folder is writable");
        let command = match &self.content {
            Content::Ext2(files) => {
                write_tree(&tree, files);
                let mut command = tool("mke2fs -q -F -t ext2 -b 1024 -m 0 -N 128");
                command.arg("-d").arg(&tree).args(["-L", self.label]);
                command.args(["-U", if self.uuid.is_empty() { "random" } else { self.uuid }]);
                command
            }
            Content::Swap => {
                let mut command = tool("mkswap -q");
                command.args(["-L", self.label, "-U", self.uuid]);
                command
            }
            Content::Fat(_) => {
                let mut command = tool("mkfs.vfat -F 12");
                let serial = self.uuid.replace('-', "");
                command.args(["-n", self.label, "-i", if serial.is_empty() { "CAFE0000" } else { &serial }]);
                command
            }
            // A header is all that is looked at: LUKS 1, with the magic number and the version.
            Content::Luks => {
                fs::write(&image, b"LUKS\xba\xbe\0\x01").expect("the folder is writable");
                tool("truncate -s 1M")
            }
        };
        run(command, &image);
        if let Content::Fat(files) = &self.content {
            write_tree(&tree, files);
            for entry in fs::read_dir(&tree).expect("it was just made") {
                let mut copy = tool("mcopy -s -Q");
                copy.arg("-i").arg(&image).arg(entry.expect("it was just made").path());
                run(copy, Path::new("::"));
            }
        }
        let _ = fs::remove_dir_all(&tree);
        fs::read(&image).expect("it was just made")
    }
}

fn tool(line: &str) -> Command {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().expect("a line has a word"));
    command.args(words).env("LC_ALL", "C.UTF-8").stdout(Stdio::null());
    command
}

fn run(mut command: Command, last: &Path) {
    let status = command.arg(last).status().expect("the packages of tests/packages.txt are installed");
    assert!(status.success(), "{command:?}");
}

/// Writes files below `root`. A path that ends in `/` is a directory; contents that begin with `-> ` are a link's target,
/// `copy of PATH` is a file of the host, and `BYTES of NUL` a sparse file of that length.
fn write_tree(root: &Path, files: &[(&str, &str)]) {
    fs::create_dir_all(root).expect("the folder is writable");
    for (path, contents) in files {
        let at = root.join(path);
        if path.ends_with('/') {
            fs::create_dir_all(&at).expect("the folder is writable");
            continue;
        }
        fs::create_dir_all(at.parent().expect("it is below the root")).expect("the folder is writable");
        if let Some(target) = contents.strip_prefix("-> ") {
            symlink(target, &at).expect("the folder takes links");
        } else if let Some(original) = contents.strip_prefix("copy of ") {
            fs::copy(original, &at).expect("the host has it");
        } else if let Some(length) = contents.strip_suffix(" of NUL") {
            let file = File::create(&at).expect("the folder is writable");
            file.set_len(length.parse().expect("a length")).expect("a file can be as large");
        } else {
            fs::write(&at, contents).expect("the folder is writable");
        }
    }
}

//! Whole disks gone bad, through the whole program: whatever is changed in a disk's structures, or cut off of it, `glassbox`
//! answers or fails, in bounded time and memory, and never by a signal or a panic.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use bstr::ByteSlice;
use glassbox_tests::bad_input::Rng;
use glassbox_tests::fixtures::scratch;
use glassbox_tests::{fixture, glassbox};

/// Address space that the program may use: metadata is cached within bounds, whatever an image claims.
const MEMORY: &str = "--as=1073741824";
/// Seconds of processor time for all calls on one image. They take well under one on a good image.
const SECONDS: &str = "--cpu=60";

/// Sectors are counted in 512 bytes.
const SECTOR: u64 = 512;

#[test]
fn gpt_ext4_ntfs_fat() {
    // Both tables, and the first structures of the ESP, the root and the NTFS volume.
    let areas =
        [(0, 34), (1_310_687, 33), (4096, 400), (86016, 64), (86016 + 64, 12_000), (905_216, 8), (905_240, 300)];
    survives("guest.raw", &[], &areas, &["/dev/sda2", "/dev/sda3", "/dev/sda4", "/dev/sda6"], 60);
}

#[test]
fn logical_partitions() {
    let areas =
        [(0, 1), (83_968, 1), (167_936, 4), (235_520, 4), (2048, 64), (86016, 64), (169_984, 300), (237_568, 64)];
    survives("mbr.raw", &[], &areas, &["/dev/sda1", "/dev/sda5", "/dev/sda6", "/dev/sda7"], 60);
}

#[test]
fn qcow2_tables() {
    // The header, and the level 1 and 2 tables, which qemu-img puts first.
    survives("guest.qcow2", &[], &[(0, 1), (0, 2000)], &["/dev/sda3"], 40);
    survives("tiny.qcow2", &[], &[(0, 1), (0, 700)], &["/dev/sda"], 60);
}

#[test]
fn volume_groups() {
    // The label and the metadata area of the second disk's first volume.
    survives("lvm-b.raw", &["lvm-a.raw"], &[(2048, 16), (2056, 60)], &["/dev/guestvg/root", "/dev/data-vg/my-lv"], 60);
}

#[test]
fn a_filesystem_without_a_table() {
    survives("tiny.raw", &[], &[(0, 64), (2, 2)], &["/dev/sda"], 80);
}

#[test]
fn cut_off() {
    let disks = fixture("guests");
    let here = scratch("bad-cut-off");
    for name in ["guest.raw", "guest.qcow2", "mbr.raw", "lvm-b.raw", "tiny.raw", "tiny.qcow2"] {
        let image = copy(&disks.join(name), &here);
        let mut length = fs::metadata(&image).expect("it was copied").len();
        let devices = ["/dev/sda", "/dev/sda1", "/dev/sda3", "/dev/sda4", "/dev/sda5"];
        while length > 0 {
            // Neither a power of two nor a whole sector; at the end nothing is left.
            length = length * 5 / 13;
            OpenOptions::new().write(true).open(&image).and_then(|file| file.set_len(length)).expect("it is cut");
            let work = here.join("work");
            check(&format!("{name} cut to {length} bytes"), &image, &[], &devices, &work);
        }
    }
}

/// Changes a few bytes within `areas` (first sector, sectors) of the disk `name`, `rounds` times.
fn survives(name: &str, others: &[&str], areas: &[(u64, u64)], devices: &[&str], rounds: u64) {
    let disks = fixture("guests");
    let here = scratch(&format!("bad-{name}"));
    let image = copy(&disks.join(name), &here);
    let others: Vec<PathBuf> = others.iter().map(|other| disks.join(other)).collect();
    let file = OpenOptions::new().read(true).write(true).open(&image).expect("the copy is writable");
    let length = file.metadata().expect("a file has a length").len();
    let work = here.join("work");
    for round in 0..rounds {
        let mut rng = Rng(round);
        let mut changed = Vec::new();
        for _ in 0..=rng.below(6) {
            let (first, sectors) = areas[rng.below(areas.len() as u64) as usize];
            let offset = (first * SECTOR + rng.below(sectors * SECTOR)).min(length - 1);
            let mut old = [0];
            file.read_exact_at(&mut old, offset).expect("it is within the disk");
            let new = match rng.below(4) {
                0 => old[0] ^ (1 << rng.below(8)),
                1 => 0,
                2 => 0xff,
                _ => rng.draw() as u8,
            };
            file.write_all_at(&[new], offset).expect("the copy is writable");
            changed.push((offset, old));
        }
        check(&format!("{name}, round {round}, changed at {changed:?}"), &image, &others, devices, &work);
        for (offset, old) in changed.into_iter().rev() {
            file.write_all_at(&old, offset).expect("the copy is writable");
        }
    }
}

/// Asks for all that doesn't depend on how large a file claims to be, within limits.
fn check(what: &str, image: &Path, others: &[PathBuf], devices: &[&str], work: &Path) {
    let mut script = String::new();
    for disk in [image].into_iter().chain(others.iter().map(PathBuf::as_path)) {
        script += &format!("-add-drive-ro {}\n", disk.display());
    }
    for call in ["run", "list-filesystems", "list-partitions", "part-list /dev/sda", "blkid /dev/sda"] {
        script += &format!("-{call}\n");
    }
    script += "-pvs-full\n-vgs-full\n-lvs-full\n-tune2fs-l /dev/sda\n";
    for device in devices {
        script += &format!("-vfs-label {device}\n-mount-ro {device} /\n-statvfs /\n-ll /\n-find0 / /dev/null\n");
        for path in ["/etc", "/EFI/debian", "/Windows/System32", "/srv/awkward/xattr"] {
            script += &format!("-ll {path}\n-lstatnslist {path} \"hostname small many\"\n");
        }
        for file in ["/etc/hostname", "/srv/awkward/sparse", "/words", "/UPPER.TXT", "/Windows/System32/kernel.dll"] {
            script += &format!("-getxattrs {file}\n-pread {file} 100000 0\n-pread {file} 10 30000000\n");
        }
        script += "-umount-all\n";
    }
    fs::write(work, script).expect("a scratch folder is writable");
    // Where it isn't built yet, that takes longer than any image may.
    let program = glassbox();
    let begin = Instant::now();
    let output = Command::new("prlimit")
        .args([MEMORY, SECONDS])
        .args(["timeout", "--signal=KILL", "120"])
        .arg(program)
        .args(["fish", "--ro"])
        .stdin(File::open(work).expect("it was just written"))
        .stdout(Stdio::null())
        .output()
        .expect("prlimit is part of every system");
    let errors = &output.stderr;
    let said = errors[errors.len().saturating_sub(1000)..].to_str_lossy();
    assert!(output.status.code().is_some_and(|code| code < 100), "{what}: {}: {said}", output.status);
    assert!(!errors.contains_str("panicked"), "{what}: {said}");
    assert!(!errors.contains_str("memory allocation"), "{what}: {said}");
    assert!(begin.elapsed().as_secs() < 60, "{what}: took {:?}", begin.elapsed());
}

/// A copy that keeps holes.
fn copy(image: &Path, folder: &Path) -> PathBuf {
    let to = folder.join(image.file_name().expect("an image has a name"));
    let status = Command::new("cp").arg("--sparse=always").arg(image).arg(&to).status().expect("cp runs");
    assert!(status.success(), "{} can't be copied", image.display());
    to
}

//! What goes wrong while an appliance is at work: it dies, the host is full, an image is cut off. Each ends in an error
//! that says what happened, and what a call has reported as synced is there. Skipped where there is no qemu.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use glassbox_api::options::{AddDriveOpts, MkfsOpts};
use glassbox_api::{Drives, FilesRead, FilesWrite, FilesystemCreateCheck, HandleConfig, Launching, Mounting, Syncing};
use glassbox_engine::{EventKind, Handle};
use glassbox_io::Errno;
use glassbox_tests::fixtures::scratch;
use glassbox_tests::needs::{QEMU, has_programs};
use glassbox_tests::{glassbox, handle_with_appliance};

/// A folder of a test.
fn folder(test: &str) -> Option<PathBuf> {
    has_programs(test, &[QEMU, "mke2fs"]).then(|| scratch(&format!("appliance-faults-{test}")))
}

/// A handle whose first disk is this raw image, read-write.
fn handle(image: &Path, folder: &Path) -> Handle {
    let mut handle = handle_with_appliance();
    handle.set_tmpdir(Some(folder.to_str().unwrap().into())).unwrap();
    add(&mut handle, image);
    handle
}

fn add(handle: &mut Handle, image: &Path) {
    let options = AddDriveOpts { format: Some("raw".into()), ..AddDriveOpts::default() };
    handle.add_drive(image.to_str().unwrap().into(), options).unwrap();
    handle.launch().unwrap();
}

/// An image of this size with an empty ext4.
fn ext4(path: &Path, size: u64) {
    File::create(path).unwrap().set_len(size).unwrap();
    let made = Command::new("mke2fs").args(["-q", "-F", "-t", "ext4"]).arg(path).status().unwrap();
    assert!(made.success());
}

/// Bytes that no filesystem or disk stores in less room.
struct Noise {
    state: u64,
    left: usize,
    /// Called once, when so many bytes are left.
    at: Option<(usize, Box<dyn FnOnce()>)>,
}

impl Noise {
    fn new(length: usize) -> Self {
        Noise { state: 1, left: length, at: None }
    }
}

impl Read for Noise {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Some((_, call)) = self.at.take_if(|(left, _)| self.left <= *left) {
            call();
        }
        let count = buf.len().min(self.left);
        for byte in &mut buf[..count] {
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (self.state >> 56) as u8;
        }
        self.left -= count;
        Ok(count)
    }
}

#[test]
fn a_qemu_that_is_killed_in_an_upload_leaves_what_was_synced() {
    let Some(folder) = folder("killed") else { return };
    let image = folder.join("disk.img");
    ext4(&image, 256 << 20);
    let mut g = handle(&image, &folder);
    g.mount("/dev/sda".into(), "/".into()).unwrap();
    let mut kept = Vec::new();
    Noise::new(3 << 20).read_to_end(&mut kept).unwrap();
    g.upload(&mut &kept[..], "/kept".into()).unwrap();
    g.sync().unwrap();
    let ended = Arc::new(AtomicUsize::new(0));
    let heard = ended.clone();
    g.events().add(EventKind::SubprocessQuit.info().mask(), move |_| {
        heard.fetch_add(1, Ordering::Relaxed);
    });

    let qemu = g.get_pid().unwrap().to_string();
    let mut noise = Noise::new(64 << 20);
    noise.at = Some((
        32 << 20,
        Box::new(move || assert!(Command::new("kill").args(["-KILL", &qemu]).status().unwrap().success())),
    ));
    let error = g.upload(&mut noise, "/lost".into()).unwrap_err();
    assert!(error.errno() == Errno::EPIPE && error.to_string().contains("ended unexpectedly"), "{error}");
    assert_eq!(ended.load(Ordering::Relaxed), 1);
    assert!(g.is_config().unwrap());
    let error = g.ls("/".into()).unwrap_err();
    assert!(error.to_string().contains("launch"), "{error}");
    // Nothing of it is left on the host.
    let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["disk.img"]);

    // The same handle begins anew; the journal of the guest that died is replayed in memory.
    add(&mut g, &image);
    g.mount_ro("/dev/sda".into(), "/".into()).unwrap();
    assert!(g.read_file("/kept".into()).unwrap() == kept);
    assert!(g.get_pid().is_err(), "it was read without an appliance");
    drop(g);
    let checked = Command::new("e2fsck").args(["-fy"]).arg(&image).output().unwrap();
    assert!(matches!(checked.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn a_full_host_is_an_error_and_not_a_hang() {
    let Some(folder) = folder("full") else { return };
    let small = Mount::new(&folder.join("small"), "size=40m");
    let Some(small) = small else { return };
    let image = small.0.join("disk.img");
    ext4(&image, 256 << 20);
    let mut g = handle(&image, &folder);
    g.mount("/dev/sda".into(), "/".into()).unwrap();
    g.write("/kept".into(), b"synced").unwrap();
    g.sync().unwrap();
    // The guest's memory takes it at first; the host's disk can't.
    let _ = g.upload(&mut Noise::new(64 << 20), "/large".into());
    let error = g.sync().unwrap_err();
    assert_eq!(error.errno(), Errno::EIO, "{error}");
    // Whoever unmounts instead is told as well, if the guest's kernel took it at all.
    let written = g.upload(&mut Noise::new(64 << 20), "/again".into());
    assert!(written.and(g.umount_all()).is_err());
    drop(g);

    let copy = folder.join("copy.img");
    assert!(Command::new("cp").args(["--sparse=always"]).args([&image, &copy]).status().unwrap().success());
    let mut g = handle(&copy, &folder);
    g.mount_ro("/dev/sda".into(), "/".into()).unwrap();
    assert_eq!(g.read_file("/kept".into()).unwrap(), b"synced");
}

#[test]
fn an_image_that_is_cut_off_is_told() {
    let Some(folder) = folder("cut") else { return };
    let image = folder.join("disk.img");
    File::create(&image).unwrap().set_len(256 << 20).unwrap();
    let mut g = handle(&image, &folder);
    g.mkfs("ext4".into(), "/dev/sda".into(), MkfsOpts::default()).unwrap();
    g.mount("/dev/sda".into(), "/".into()).unwrap();
    g.upload(&mut Noise::new(8 << 20), "/file".into()).unwrap();
    g.sync().unwrap();
    // Another file of the same name is none of the appliance's business.
    fs::rename(&image, folder.join("renamed.img")).unwrap();
    fs::write(&image, "short").unwrap();
    assert_eq!(g.filesize("/file".into()).unwrap(), 8 << 20);

    File::options().write(true).open(folder.join("renamed.img")).unwrap().set_len(1 << 20).unwrap();
    for error in [g.ls("/".into()).map(drop).unwrap_err(), g.sync().unwrap_err(), g.shutdown().unwrap_err()] {
        assert_eq!(error.errno(), Errno::EIO, "{error}");
        // What the guest's kernel still writes lengthens it again.
        assert!(error.to_string().contains("was cut from 268435456 to "), "{error}");
    }
}

#[test]
fn two_programs_build_the_appliance_at_once() {
    let Some(folder) = folder("twice") else { return };
    let cache = folder.join("cache");
    fs::create_dir(&cache).unwrap();
    let build = || Command::new(glassbox()).args(["appliance", "build"]).env("LIBGUESTFS_CACHEDIR", &cache).spawn();
    for mut program in [build().unwrap(), build().unwrap()] {
        assert!(program.wait().unwrap().success());
    }
    let built = |entries: fs::ReadDir| -> Vec<String> {
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains("appliance")).collect()
    };
    let user = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
    let names = built(fs::read_dir(user.unwrap_or(cache)).unwrap());
    assert_eq!(names.len(), 1, "{names:?}");
}

/// A small filesystem of its own in memory; `None`, said on stderr, where there may be none.
struct Mount(PathBuf);

impl Mount {
    fn new(path: &Path, options: &str) -> Option<Mount> {
        fs::create_dir(path).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(path).status().unwrap();
        if !mounted.success() {
            eprintln!("SKIPPED: a_full_host_is_an_error_and_not_a_hang: mounting needs root");
            return None;
        }
        Some(Mount(path.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

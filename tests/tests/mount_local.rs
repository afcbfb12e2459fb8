//! The guest's files on the host: what programs see under `mount_local` is what the kernel shows of the same image.

use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use glassbox_api::options::{MountLocalOpts, UmountLocalOpts};
use glassbox_api::{Drives, Launching, LocalMounting, Mounting};
use glassbox_engine::Handle;
use glassbox_io::{Errno, Result};
use glassbox_tests::fixtures::scratch;
use glassbox_tests::{fixture, glassbox, manifest};

/// Longer than anything here takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// Linux's flag of open(2), where fcntl.h has it for this processor and most others.
const O_PATH: i32 = 0o10000000;

/// Whether filesystems can be mounted here at all.
fn has_fuse(test: &str) -> bool {
    let here = File::options().read(true).write(true).open("/dev/fuse").is_ok();
    if !here {
        eprintln!("SKIPPED: {test}: this host has no /dev/fuse");
    }
    here
}

/// A handle with `image` as its root, and the image `below` mounted on `/a/b` of it.
fn guest(image: &Path, below: Option<&Path>) -> Handle {
    let open = || {
        let mut handle = Handle::without_environment();
        for drive in [Some(image), below].into_iter().flatten() {
            handle.add_drive_ro(drive.to_str().expect("a fixture's path").into())?;
        }
        handle.launch()?;
        handle.mount_ro("/dev/sda".into(), "/".into())?;
        if below.is_some() {
            handle.mount_ro("/dev/sdb".into(), "/a/b".into())?;
        }
        Ok(handle)
    };
    open().unwrap_or_else(|error: glassbox_io::Error| panic!("{}: {error:?}", image.display()))
}

/// A guest that is being served from another thread; unmounted when the test ends, however it does.
struct Served {
    point: PathBuf,
    thread: Option<JoinHandle<(Handle, Result<()>)>>,
}

impl Served {
    fn new(name: &str, mut handle: Handle, options: MountLocalOpts<'_>) -> Served {
        let point = scratch(&format!("mount-local-{name}"));
        handle.mount_local(point.to_str().expect("a scratch folder's path").into(), options).expect("it mounts");
        let thread = thread::spawn(move || {
            let result = handle.mount_local_run();
            (handle, result)
        });
        Served { point, thread: Some(thread) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.point.join(name)
    }

    fn umount(&self) {
        let status = Command::new("umount").arg(&self.point).status().expect("umount is part of every system");
        assert!(status.success(), "umount {}", self.point.display());
    }

    /// How serving ended.
    fn end(mut self) -> (Handle, Result<()>) {
        self.thread.take().expect("it is served until here").join().expect("serving doesn't panic")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.thread.is_some() {
            // The test has failed already: this is for those after it.
            let _ = Command::new("umount").arg("-l").arg(&self.point).status();
        }
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.read_to_end(&mut content)?;
    Ok(content)
}

#[test]
fn the_tree_equals_the_kernels() {
    if !has_fuse("the_tree_equals_the_kernels") {
        return;
    }
    let folder = fixture("ext");
    let served = Served::new("tree", guest(&folder.join("default.img"), None), MountLocalOpts::default());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/manifest.py");
    let output = Command::new("python3").arg(script).arg(&served.point).output().expect("python3 is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    served.umount();
    served.end().1.expect("unmounting is the usual end");
    let seen = scratch("mount-local-manifest").join("seen.tsv");
    fs::write(&seen, output.stdout).expect("a scratch folder is writable");
    manifest::assert_same("mount_local", &manifest::read(&seen), &manifest::read(&folder.join("default.tsv")), &[]);
}

#[test]
fn a_mount_on_a_mount_is_seen_through() {
    if !has_fuse("a_mount_on_a_mount_is_seen_through") {
        return;
    }
    let folder = fixture("ext-small");
    let (extents, indirect) = (folder.join("extents.img"), folder.join("maps.img"));
    let served = Served::new("nested", guest(&extents, Some(&indirect)), MountLocalOpts::default());
    let (outer, inner) = (served.path("a/s5000"), served.path("a/b/a/s5000"));
    let expected: Vec<u8> = (0..5000).map(|i| (i * 7 % 256) as u8).collect();
    assert!(read(&outer).unwrap() == expected && read(&inner).unwrap() == expected);
    // One name a file: numbers tell files apart across mounts, and tell the names of one file.
    let number = |path: &Path| fs::symlink_metadata(path).unwrap().ino();
    assert_ne!(number(&outer), number(&inner));
    assert_eq!(number(&served.path("a/s10")), number(&served.path("many/a-name-of-some-length-7")));
    assert_eq!(fs::read_dir(served.path("a/b/many")).unwrap().count(), 400);
    served.umount();
    served.end().1.unwrap();
}

#[test]
fn options_change_what_files_look_like_and_nothing_can_be_written() {
    if !has_fuse("options_change_what_files_look_like_and_nothing_can_be_written") {
        return;
    }
    let image = fixture("ext-small").join("extents.img");
    let options = MountLocalOpts { options: Some("uid=1234,gid=77,umask=027".into()), ..Default::default() };
    let served = Served::new("options", guest(&image, None), options);
    let file = fs::metadata(served.path("a/s100")).unwrap();
    assert_eq!((file.uid(), file.gid(), file.mode()), (1234, 77, 0o100750));
    let node = fs::metadata(served.path("node")).unwrap();
    assert!(node.file_type().is_block_device());
    assert_eq!(node.rdev(), glassbox_engine::makedev(259, 70000));
    let error = |result: std::io::Result<()>| result.expect_err("it is read-only").raw_os_error().map(Errno);
    assert_eq!(error(fs::write(served.path("new"), b"x")), Some(Errno::EROFS));
    assert_eq!(error(fs::write(served.path("a/s100"), b"x")), Some(Errno::EROFS));
    assert_eq!(error(fs::create_dir(served.path("dir"))), Some(Errno::EROFS));
    assert_eq!(error(fs::remove_file(served.path("a/s100"))), Some(Errno::EROFS));
    assert_eq!(error(File::open(served.path("absent")).map(drop)), Some(Errno::ENOENT));
    assert_eq!(error(File::open(served.path("a/s100/x")).map(drop)), Some(Errno::ENOTDIR));
    served.umount();
    let (mut handle, result) = served.end();
    result.unwrap();
    // The handle is as it was: it can be mounted again.
    assert!(handle.mount_local_run().is_err() && handle.umount_local(UmountLocalOpts::default()).is_err());
    let point = scratch("mount-local-again");
    handle.mount_local(point.to_str().unwrap().into(), MountLocalOpts::default()).unwrap();
    handle.umount_local(UmountLocalOpts::default()).unwrap();
    assert!(handle.mount_local_run().is_err());
}

#[test]
fn what_is_in_use_is_unmounted_when_it_is_free() {
    if !has_fuse("what_is_in_use_is_unmounted_when_it_is_free") {
        return;
    }
    let mut handle = guest(&fixture("ext-small").join("extents.img"), None);
    let point = scratch("mount-local-busy");
    handle.mount_local(point.to_str().unwrap().into(), MountLocalOpts::default()).unwrap();
    // Nobody serves it yet: such a file descriptor is had without asking.
    let busy = File::options().read(true).custom_flags(O_PATH).open(&point).unwrap();
    assert_eq!(handle.umount_local(UmountLocalOpts { retry: Some(false) }).unwrap_err().errno(), Errno::EBUSY);
    let user = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        drop(busy);
    });
    handle.umount_local(UmountLocalOpts { retry: Some(true) }).unwrap();
    user.join().unwrap();
    assert_eq!(fs::read_dir(&point).unwrap().count(), 0);
}

#[test]
fn user_cancel_ends_it() {
    if !has_fuse("user_cancel_ends_it") {
        return;
    }
    let handle = guest(&fixture("ext-small").join("extents.img"), None);
    let canceller = handle.canceller();
    let served = Served::new("cancel", handle, MountLocalOpts::default());
    assert!(served.path("a").is_dir());
    canceller.store(true, std::sync::atomic::Ordering::Relaxed);
    let (point, begin) = (served.point.clone(), Instant::now());
    let (_, result) = served.end();
    assert_eq!(result.unwrap_err().errno(), Errno::EINTR);
    assert!(begin.elapsed() < PATIENCE);
    assert!(!point.join("a").exists(), "it is unmounted");
}

#[test]
fn wrong_use_is_told() {
    let mut handle = Handle::without_environment();
    assert!(handle.mount_local_run().is_err());
    assert!(handle.umount_local(UmountLocalOpts::default()).is_err());
    if !has_fuse("wrong_use_is_told") {
        return;
    }
    let folder = scratch("mount-local-wrong");
    let mut mount = |name: &str, options: Option<&str>| {
        let path = folder.join(name);
        let opts = MountLocalOpts { options: options.map(Into::into), ..Default::default() };
        handle.mount_local(path.to_str().unwrap().into(), opts).map_err(|error| error.errno())
    };
    fs::create_dir_all(folder.join("full/x")).unwrap();
    fs::create_dir(folder.join("empty")).unwrap();
    fs::write(folder.join("file"), b"").unwrap();
    assert_eq!(mount("absent", None), Err(Errno::ENOENT));
    assert_eq!(mount("file", None), Err(Errno::ENOTDIR));
    assert_eq!(mount("full", None), Err(Errno::ENOTEMPTY));
    assert_eq!(mount("empty", Some("frobnicate")), Err(Errno::EINVAL));
    mount("full", Some("nonempty")).unwrap();
    assert_eq!(mount("empty", None), Err(Errno::EINVAL), "one at a time");
    // Before the launch there is nothing to serve.
    assert!(handle.mount_local_run().unwrap_err().to_string().contains("stays mounted"));
    drop(handle);
    assert!(folder.join("full/x").is_dir(), "closing the handle unmounts what nobody can serve any more");
}

/// A folder that everybody may enter, with the program and an image. Tests run as root, often below a closed folder.
fn public_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    fs::copy(glassbox(), path("glassbox")).expect("it can be copied");
    fs::copy(fixture("ext-small").join("extents.img"), path("image")).expect("it can be copied");
    fs::create_dir(path("point")).expect("a temporary folder is writable");
    for name in [".", "image", "point"] {
        fs::set_permissions(path(name), Permissions::from_mode(0o777)).expect("it is ours");
    }
    folder
}

/// What mounts `image` on `point` and serves it.
const MOUNT: &str = "./glassbox fish --ro -a image -m /dev/sda mount-local point : mount-local-run";

/// Runs a shell script in `folder`, by way of `wrapper`: its success, what it printed, its errors.
fn run(folder: &Path, wrapper: &[&str], script: &str) -> (bool, String, String) {
    let mut command = Command::new(wrapper[0]);
    let output = command.args(&wrapper[1..]).args(["sh", "-c", script]).current_dir(folder).output();
    let output = output.expect("util-linux is part of every system");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn an_ordinary_user_mounts_through_fusermount() {
    let has_helper = ["/usr/bin/fusermount3", "/usr/bin/fusermount"].iter().any(|path| Path::new(path).exists());
    if !has_fuse("an_ordinary_user_mounts_through_fusermount") || !has_helper {
        return;
    }
    let folder = public_folder();
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let script = format!(
        "{MOUNT} & for turn in $(seq 600); do [ -e point/a ] && break; sleep 0.1; done
        id -u; cat point/a/s10 | wc -c; fusermount3 -u point || fusermount -u point; wait $!"
    );
    let (success, printed, errors) = run(folder.path(), &nobody, &script);
    assert!(success, "{errors}");
    assert_eq!(printed.split_whitespace().collect::<Vec<_>>(), ["65534", "10"], "{errors}");
}

#[test]
fn a_host_without_fuse_is_told_what_it_lacks() {
    let folder = public_folder();
    // In a mount namespace of its own, so that the host keeps its devices.
    let script = format!("mount -t tmpfs none /dev && {MOUNT}");
    let (success, _, errors) = run(folder.path(), &["unshare", "--mount"], &script);
    if errors.contains("unshare") || errors.contains("mount:") {
        eprintln!("SKIPPED: a_host_without_fuse_is_told_what_it_lacks: {errors}");
        return;
    }
    assert!(!success);
    for words in ["/dev/fuse", "No such file or directory", "module 'fuse'"] {
        assert!(errors.contains(words), "{errors}");
    }
}

//! The appliance: built, saved, restored, given disks, damaged, killed. Skipped where there is no qemu.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use glassbox_api::{Blockdev, Debugging};
use glassbox_appliance::cache::Cache;
use glassbox_appliance::{Accelerator, Appliance, Drive, Options, Rung};
use glassbox_io::Errno;
use glassbox_tests::glassbox;
use glassbox_tests::needs::{QEMU, has_programs};

/// How long the guest's kernel may take to find a disk, or a process to end, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory for the tests here, with an appliance's cache; `None` without qemu.
fn scratch() -> Option<&'static Path> {
    static SCRATCH: OnceLock<Option<PathBuf>> = OnceLock::new();
    let scratch = SCRATCH.get_or_init(|| {
        if !has_programs("appliance", &[QEMU]) {
            return None;
        }
        // Hundreds of megabytes: what the last run left goes first.
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("appliance");
        if scratch.exists() {
            fs::remove_dir_all(&scratch).unwrap();
        }
        fs::create_dir_all(&scratch).unwrap();
        Some(scratch)
    });
    scratch.as_deref()
}

/// Those that all tests here share, so that one template serves them. Without KVM, which machines of tests have or not.
fn options(scratch: &Path) -> Options {
    Options {
        daemon: Some(glassbox().to_owned()),
        cache: Some(scratch.join("cache")),
        tmp: scratch.to_owned(),
        accelerator: Accelerator::Tcg,
        ..Options::default()
    }
}

fn disk(scratch: &Path, name: &str, size: u64) -> PathBuf {
    let path = scratch.join(name);
    File::create(&path).unwrap().set_len(size).unwrap();
    path
}

fn raw(path: &Path) -> Drive {
    Drive { format: Some("raw".into()), ..Drive::file(path) }
}

fn until<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = attempt() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "it took too long");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn is_running(pid: u32) -> bool {
    // A process that has ended and waits to be buried runs no more.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn disks_come_to_a_restored_appliance() {
    let Some(scratch) = scratch() else { return };
    let options = options(scratch);
    let mut first = Appliance::start(&options, &[]).unwrap();
    assert_eq!(first.rung(), Rung::Restored, "the first start makes the template");

    let path = disk(scratch, "written.img", 3 << 20);
    first.attach(&Drive { label: Some("data".into()), ..raw(&path) }).unwrap();
    let remote = first.remote();
    assert_eq!(remote.blockdev_getsize64("/dev/sda".into()).unwrap(), 3 << 20);
    let qcow2 = scratch.join("read.qcow2");
    let made = Command::new("qemu-img").args(["create", "-q", "-f", "qcow2"]).arg(&qcow2).arg("5M").status().unwrap();
    assert!(made.success());
    first.attach(&Drive { read_only: true, block_size: Some(4096), ..Drive::file(&qcow2) }).unwrap();
    let remote = first.remote();
    assert_eq!(remote.blockdev_getsize64("/dev/sdb".into()).unwrap(), 5 << 20);
    assert_eq!(remote.blockdev_getss("/dev/sdb".into()).unwrap(), 4096);
    assert_eq!(remote.blockdev_getss("/dev/sda".into()).unwrap(), 512);

    let mut second = Appliance::start(&options, &[]).unwrap();
    let error = second.attach(&raw(&path)).unwrap_err();
    assert_eq!(error.errno(), Errno::EBUSY, "{error}");
    assert!(error.to_string().contains("written.img") && error.to_string().contains("read-only"), "{error}");
    second.attach(&Drive { read_only: true, ..raw(&path) }).unwrap();
    let remote = second.remote();
    assert_eq!(remote.blockdev_getsize64("/dev/sda".into()).unwrap(), 3 << 20);
    assert_eq!(second.attach(&raw(&scratch.join("absent.img"))).unwrap_err().errno(), Errno::ENOENT);
    second.remote().ping_daemon().unwrap();

    assert!(first.shutdown().unwrap().success());
    let pid = second.pid();
    drop(second);
    assert!(!is_running(pid));
    let leftovers = fs::read_dir(scratch)
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("glassbox-overlay"));
    assert_eq!(leftovers.count(), 0);
    damage_is_mended(&options);
}

/// Whatever in the cache is damaged, the next start works.
fn damage_is_mended(options: &Options) {
    let cache = Cache::open(options).unwrap();
    let file = |name: &str| {
        let entries = cache.list().unwrap();
        entries.into_iter().map(|entry| entry.path.join(name)).find(|path| path.exists()).unwrap()
    };
    File::options().write(true).open(file("state")).unwrap().set_len(1000).unwrap();
    assert_eq!(Appliance::start(options, &[]).unwrap().rung(), Rung::Restored);
    fs::remove_file(file("root")).unwrap();
    let mut booted = Appliance::start(&Options { template: false, ..options.clone() }, &[]).unwrap();
    assert_eq!(booted.rung(), Rung::BootedPvh);
    booted.remote().ping_daemon().unwrap();
}

/// A template is only ever restored by the qemu that saved it: after an update a new one is made.
#[test]
fn a_template_of_another_qemu_is_left_alone() {
    let Some(scratch) = scratch() else { return };
    let hypervisor = scratch.join("hypervisor");
    let options = Options { hv: Some(hypervisor.clone()), cache: Some(scratch.join("updated")), ..options(scratch) };
    let templates = || {
        let entries = Cache::open(&options).unwrap().list().unwrap();
        entries.into_iter().filter(|entry| entry.path.join("state").exists()).count()
    };
    for version in 1..=2 {
        fs::write(&hypervisor, format!("#!/bin/sh\n# {version}\nexec {QEMU} \"$@\"\n")).unwrap();
        fs::set_permissions(&hypervisor, fs::Permissions::from_mode(0o755)).unwrap();
        for _ in 0..2 {
            let mut appliance = Appliance::start(&options, &[]).unwrap();
            assert_eq!(appliance.rung(), Rung::Restored);
            appliance.kill().unwrap();
        }
        assert_eq!(templates(), version);
    }
}

#[test]
fn no_qemu_outlives_a_program_that_is_killed() {
    let Some(scratch) = scratch() else { return };
    let cache = scratch.join("killed");
    fs::create_dir(&cache).unwrap();
    let mut program = Command::new(glassbox())
        .args(["appliance", "test", "--boot", "--tcg"])
        .env("LIBGUESTFS_CACHEDIR", &cache)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let children = format!("/proc/{0}/task/{0}/children", program.id());
    let qemu = until(|| {
        let children = fs::read_to_string(&children).unwrap_or_default();
        children.split_whitespace().filter_map(|pid| pid.parse().ok()).find(|pid: &u32| {
            let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            // Not the one that was asked what it can do.
            let text = String::from_utf8_lossy(&arguments).into_owned();
            text.contains("qemu") && text.contains("-kernel")
        })
    });
    program.kill().unwrap();
    program.wait().unwrap();
    until(|| (!is_running(qemu)).then_some(()));
}

#[test]
fn an_ordinary_user_needs_nothing() {
    if scratch().is_none() {
        return;
    }
    // The user may see neither the directory of tests nor the program in it.
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let program = home.path().join("glassbox");
    fs::copy(glassbox(), &program).unwrap();
    let run = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg(&program)
        .args(["appliance", "test", "--boot", "--tcg"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("XDG_CACHE_HOME", home.path().join("cache"))
        .output();
    let output = run.unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains("The appliance works."), "{printed}");
}

#[test]
fn what_is_missing_is_told_with_the_cure() {
    let Some(scratch) = scratch() else { return };
    for (variables, cure) in [
        (&[("LIBGUESTFS_HV", "/nowhere/qemu")][..], "/nowhere/qemu doesn't exist"),
        (&[("LIBGUESTFS_HV", "/bin/false")], "isn't a qemu"),
        (&[("SUPERMIN_KERNEL", "/boot/vmlinuz")], "SUPERMIN_MODULES"),
        (&[("LIBGUESTFS_CACHEDIR", "/proc/none")], "LIBGUESTFS_CACHEDIR"),
        (&[("TMPDIR", "/nowhere")], "TMPDIR"),
    ] {
        let output = Command::new(glassbox())
            .args(["appliance", "test", "--tcg"])
            .env("LIBGUESTFS_CACHEDIR", scratch.join("cache"))
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains(cure), "{variables:?}: {told}");
    }
}

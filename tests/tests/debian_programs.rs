//! Programs written for libguestfs, as Debian ships them, over our library: each prints, writes and ends as over the real one.
//!
//! A program is a line of shell, run in a folder with the disks of the fixture `guests`: once with the installed library (an
//! appliance is booted; what it did is kept beside the disks), once with ours in `LD_LIBRARY_PATH`. Standard output, the exit
//! status and the files that were written must be the same; messages as `glassbox_tests::messages` says, line by line.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use bstr::ByteSlice;
use glassbox_tests::fixtures::scratch;
use glassbox_tests::messages::is_same_error;
use glassbox_tests::written::{Written, written};
use glassbox_tests::{fixture, has_programs, library, oracle};
use sha2::{Digest, Sha256};

/// The disks of the fixture, as programs name them.
const DISKS: [&str; 7] = ["guest.raw", "guest.qcow2", "mbr.raw", "lvm-a.raw", "lvm-b.raw", "tiny.raw", "tiny.qcow2"];

/// The disk of another fixture, whose guest has few files.
const SMALL: (&str, &str) = ("small.raw", "inspect");

/// The scripts in `tests/programs`: what programs in other languages ask.
const SCRIPTS: [&str; 3] = ["calls.fish", "calls.pl", "calls.py"];

/// How often the oracle is asked where it answers otherwise. Its kernel names several disks in the order in which they happen
/// to be found, and some answers (`st_dev`, the devices of physical volumes) come through as that run of it had them.
const ATTEMPTS: usize = 3;
/// Appliances that boot at a time.
const ORACLES: usize = 2;
/// No program takes longer, however busy the machine is; seconds.
const LIMIT: &str = "900";
/// Its number is the same for all processors.
const SIGKILL: i32 = 9;

/// One run, and what may differ.
struct Program {
    /// Names it in reports.
    name: &'static str,
    /// What is run, by bash.
    line: &'static str,
    /// Lines of the output with one of these texts aren't compared, for the reason beside them.
    but: &'static [&'static str],
}

const fn program(name: &'static str, line: &'static str) -> Program {
    Program { name, line, but: &[] }
}

/// What the fixture has in squashfs: recognised, not read, so that its size inside isn't known.
const SQUASHFS: &str = "/dev/sda6";

/// Those that are told which filesystem to mount, or need none.
const PROGRAMS: &[Program] = &[
    program("virt-filesystems", "virt-filesystems -a mbr.raw -a lvm-a.raw -a lvm-b.raw --all --long --uuid -h"),
    Program { name: "virt-df", line: "virt-df -a guest.raw -a lvm-a.raw -a lvm-b.raw", but: &[SQUASHFS] },
    program("virt-alignment-scan", "virt-alignment-scan -a guest.raw -a mbr.raw"),
    program(
        "virt-cat",
        "virt-cat -a guest.qcow2 -m /dev/sda3 -m /dev/sda2:/boot/efi /etc/fstab /boot/efi/UPPER.TXT /absent",
    ),
    program(
        "virt-ls -lR",
        "virt-ls -lR -a guest.raw -m /dev/sda3 --uids --time-t --extra-stats /srv/tree | sed 's/ 8:[0-9]* / /'",
    ),
    program("virt-ls --csv", "virt-ls -lR --csv --checksum=sha256 -a guest.raw -m /dev/sda3 /etc/default /etc/init.d"),
    program(
        "virt-tail",
        "virt-tail -a lvm-a.raw -a lvm-b.raw -m /dev/guestvg/var /log/syslog > tailed & \
         for i in $(seq 3000); do [ -s tailed ] && break; sleep .1; done; sleep .5; kill -INT $!; wait $!",
    ),
    program(
        "guestmount",
        "mkdir m && guestmount --ro -a guest.raw -m /dev/sda3 -m /dev/sda2:/boot/efi m && \
         find m/etc m/srv/tree m/boot m/home -printf '%P %y %m %U %G %n %s %Ts %l\\n' | LC_ALL=C sort; \
         find m/srv/tree m/boot m/home -type f | LC_ALL=C sort | xargs -d '\\n' sha256sum; \
         touch m/new; cat m/absent; ls m/etc/hostname/x; guestunmount m && ls -A m; rmdir m",
    ),
    program("Sys::Guestfs", "perl calls.pl"),
    Program {
        name: "guestfish",
        line: "guestfish --ro -a guest.raw -a lvm-a.raw -a lvm-b.raw -a tiny.qcow2 -f calls.fish",
        // Inspection warns of what it can't look into.
        but: &[SQUASHFS],
    },
    Program {
        name: "python3-guestfs",
        line: "/usr/bin/python3 calls.py",
        // The appliance's parted loses a name that isn't ASCII, its kernel numbers disks otherwise and has `..` before `.`;
        // libguestfs's library makes calls of its own (`get_tmpdir`) where ours needs none.
        but: &["part_get_name: ", "blkid: ", "readdir: ", "events: "],
    },
];

/// Those that inspect the guest.
const INSPECTORS: &[Program] = &[
    program("virt-log", "virt-log -a lvm-a.raw -a lvm-b.raw"),
    program("virt-copy-out", "virt-copy-out -a lvm-a.raw -a lvm-b.raw /etc/apt /var/log/syslog ."),
    program("virt-tar-out", "virt-tar-out -a small.raw /etc etc.tar"),
    program(
        "virt-diff",
        "guest() { mkdir -p t/etc t/bin t/lib t/usr/bin t/var t/home/$1; echo $1 | tee t/etc/hostname > t/home/$1/file; \
         echo ID=debian > t/etc/os-release; echo '/dev/sda / ext4 defaults 0 1' > t/etc/fstab; \
         mke2fs -q -t ext4 -d t $1.raw 16M; rm -r t; }; guest before; guest after; \
         virt-diff --checksum=md5 -a before.raw -A after.raw; s=$?; rm before.raw after.raw; exit $s",
    ),
];

/// Those written in OCaml, which start only if every symbol of the library is there, and those that write.
const STARTED: &[&str] = &[
    "guestmount",
    "virt-builder",
    "virt-builder-repository",
    "virt-customize",
    "virt-dib",
    "virt-edit",
    "virt-format",
    "virt-get-kernel",
    "virt-inspector",
    "virt-make-fs",
    "virt-resize",
    "virt-sparsify",
    "virt-sysprep",
];

/// What can't be done without an appliance, or at all: each says so and fails, as itself, where none may be started.
const FAILING: &[&str] = &[
    "virt-customize -a copy.raw --write /x:y",
    "virt-edit -a copy.raw -m /dev/sda /words -e s/one/two/",
    "virt-format -a copy.raw",
    "virt-get-kernel -a absent.raw",
    "virt-get-kernel -a copy.raw",
    "virt-make-fs --size=2M folder made.raw",
    "virt-resize --expand /dev/sda1 mbr.raw copy.raw",
    "virt-sparsify --in-place copy.raw",
    "virt-sysprep -a copy.raw",
    "virt-tar-in -a copy.raw absent.tar /",
];

/// What one run did.
struct Outcome {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    status: String,
    files: Written,
}

#[test]
fn programs_do_the_same() {
    same("programs", PROGRAMS);
}

#[test]
fn inspectors_do_the_same() {
    same("inspectors", INSPECTORS);
}

#[test]
fn programs_start() {
    if !has_programs("programs_start", &["virt-ls"]) {
        return;
    }
    let folder = scratch("debian-start");
    for program in STARTED {
        for option in ["--version", "--help"] {
            let [ours, oracle] = [Some(library()), None].map(|library| {
                let mut command = command(&format!("{program} {option}"), &folder, library);
                let output = command.output().expect("timeout is part of every system");
                (output.status, output.stdout, output.stderr)
            });
            assert!(oracle.0.success(), "{program} {option}: {oracle:?}");
            assert_eq!(ours, oracle, "{program} {option}");
        }
    }
}

#[test]
fn what_needs_an_appliance_fails_and_says_so() {
    if !has_programs("what_needs_an_appliance_fails_and_says_so", &["virt-ls"]) {
        return;
    }
    let folder = scratch("debian-failing");
    let disks = fixture("guests");
    symlink(disks.join("mbr.raw"), folder.join("mbr.raw")).expect("a scratch folder takes links");
    fs::create_dir(folder.join("folder")).expect("a scratch folder is writable");
    for line in FAILING {
        fs::copy(disks.join("tiny.raw"), folder.join("copy.raw")).expect("a scratch folder is writable");
        let mut command = command(line, &folder, Some(library()));
        let output = command.env("LIBGUESTFS_BACKEND", "inprocess").output().expect("timeout is part of every system");
        let message = output.stderr.to_str_lossy();
        // The status of a program that a signal ends is above 128 in the shell's eyes.
        assert!(matches!(output.status.code(), Some(1..=125)), "{line}: {}: {message}", output.status);
        assert!(!message.trim().is_empty() && !message.contains("symbol lookup"), "{line}: {message}");
        let same = fs::read(folder.join("copy.raw")).ok() == fs::read(disks.join("tiny.raw")).ok();
        assert!(same, "{line}: the disk was written to");
    }
}

fn same(group: &str, programs: &[Program]) {
    if !has_programs(group, &["virt-ls"]) {
        return;
    }
    let disks = fixture("guests");
    // Ours first: what fails there is known before an appliance is booted.
    let ours: Vec<Outcome> = programs
        .iter()
        .map(|program| {
            let folder = scratch(&format!("debian-{}", digest(program.line)));
            run(program, &disks, &folder, Some(library()));
            outcome(&folder)
        })
        .collect();
    let mut asked: Vec<(&Program, &Outcome)> = programs.iter().zip(&ours).collect();
    let mut report = String::new();
    for _ in 0..ATTEMPTS {
        ask_oracle(&asked, &disks);
        report.clear();
        asked.retain(|(program, ours)| {
            let difference = difference(program, ours, &outcome(&kept(program, &disks)));
            if !difference.is_empty() {
                writeln!(report, "--- {}: {}\n{difference}", program.name, program.line).expect("a string takes text");
                fs::remove_dir_all(kept(program, &disks)).expect("a kept outcome can be removed");
            }
            !difference.is_empty()
        });
    }
    assert!(report.is_empty(), "{report}");
}

/// Has the oracle's outcome of every program kept, those that aren't yet asked a few at a time.
fn ask_oracle(programs: &[(&Program, &Outcome)], disks: &Path) {
    let programs = programs.iter().map(|(program, _)| *program);
    let waiting: VecDeque<&Program> = programs.filter(|program| !kept(program, disks).exists()).collect();
    let waiting = Mutex::new(waiting);
    let next = || waiting.lock().expect("nobody panics with the lock").pop_front();
    std::thread::scope(|scope| {
        for _ in 0..ORACLES {
            scope.spawn(|| {
                while let Some(program) = next() {
                    let folder = scratch(&format!("debian-oracle-{}", digest(program.line)));
                    run(program, disks, &folder, None);
                    fs::rename(&folder, kept(program, disks)).expect("an outcome can be kept");
                }
            });
        }
    });
}

/// Where the oracle's outcome is kept.
fn kept(program: &Program, disks: &Path) -> PathBuf {
    disks.join(format!("oracle-debian-{}", digest(program.line)))
}

/// Names a line, and the scripts that all lines may run.
fn digest(line: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(line);
    for name in SCRIPTS.into_iter().filter(|name| line.contains(name)) {
        digest.update(fs::read(script(name)).expect("the scripts can be read"));
    }
    digest.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("programs").join(name)
}

/// Runs a program in `folder/files`, with the library in the folder `library` or the installed one; what it prints goes to
/// files beside.
fn run(program: &Program, disks: &Path, folder: &Path, library: Option<&Path>) {
    let files = folder.join("files");
    fs::create_dir_all(&files).expect("a scratch folder is writable");
    let linked = DISKS.map(|disk| (disk, disks.join(disk))).into_iter().chain(SCRIPTS.map(|name| (name, script(name))));
    let linked = linked.chain([(SMALL.0, fixture(SMALL.1).join("guest.raw"))]);
    for (name, target) in linked {
        symlink(target, files.join(name)).expect("a scratch folder takes links");
    }
    let create = |name: &str| File::create(folder.join(name)).expect("a scratch folder is writable");
    let status = command(program.line, &files, library)
        .stdout(create("stdout"))
        .stderr(create("stderr"))
        .status()
        .expect("timeout is part of every system");
    assert_ne!(status.signal(), Some(SIGKILL), "{}: {} took more than {LIMIT} s", program.name, program.line);
    fs::write(folder.join("status"), status.to_string()).expect("a scratch folder is writable");
}

/// A line of shell, to be run in `folder`.
fn command(line: &str, folder: &Path, library: Option<&Path>) -> Command {
    let mut command = Command::new("timeout");
    command
        .args(["--signal=KILL", LIMIT, "bash", "-c", line])
        .current_dir(folder)
        .env_clear()
        .envs([("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/root"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC")])
        .envs(oracle::ENVIRONMENT)
        .stdin(Stdio::null());
    match library {
        Some(library) => command.env("LD_LIBRARY_PATH", library),
        None => command.envs([oracle::HYPERVISOR]),
    };
    command
}

fn outcome(folder: &Path) -> Outcome {
    let read = |name: &str| fs::read(folder.join(name)).expect("it was written");
    Outcome {
        stdout: read("stdout"),
        stderr: read("stderr"),
        status: read("status").to_str_lossy().into_owned(),
        files: written(&folder.join("files"), &[&DISKS[..], &SCRIPTS, &[SMALL.0]].concat()),
    }
}

/// What differs between two outcomes; empty if nothing does.
fn difference(program: &Program, ours: &Outcome, oracle: &Outcome) -> String {
    let mut text = String::new();
    if ours.status != oracle.status {
        writeln!(text, "ends with {} instead of {}", ours.status, oracle.status).expect("a string takes text");
    }
    let compared = |bytes: &[u8]| -> Vec<String> {
        let lines = bytes.lines().filter(|line| !program.but.iter().any(|text| line.contains_str(text)));
        lines.map(|line| line.to_str_lossy().into_owned()).collect()
    };
    unlike(&mut text, "prints", &compared(&ours.stdout), &compared(&oracle.stdout), |ours, oracle| ours == oracle);
    let same = |ours: &String, oracle: &String| is_same_error(ours.as_bytes(), oracle.as_bytes());
    unlike(&mut text, "says", &compared(&ours.stderr), &compared(&oracle.stderr), same);
    let listed = |files: &Written| -> Vec<String> {
        files.iter().map(|(name, content)| format!("{name}: {}", content.join("\n    "))).collect()
    };
    unlike(&mut text, "writes", &listed(&ours.files), &listed(&oracle.files), |ours, oracle| ours == oracle);
    text
}

/// Adds the first lines that aren't the same.
fn unlike(text: &mut String, what: &str, ours: &[String], oracle: &[String], same: impl Fn(&String, &String) -> bool) {
    const SHOWN: usize = 12;
    let differ = |index: &usize| match (ours.get(*index), oracle.get(*index)) {
        (Some(ours), Some(oracle)) => !same(ours, oracle),
        _ => true,
    };
    let lines: Vec<usize> = (0..ours.len().max(oracle.len())).filter(differ).collect();
    if lines.is_empty() {
        return;
    }
    writeln!(text, "{what} {} lines otherwise:", lines.len()).expect("a string takes text");
    for index in lines.into_iter().take(SHOWN) {
        let nothing = String::new();
        let line = |lines: &[String]| lines.get(index).unwrap_or(&nothing).clone();
        writeln!(text, "  {index}: ours   {}\n  {index}: oracle {}", line(ours), line(oracle))
            .expect("a string takes text");
    }
}

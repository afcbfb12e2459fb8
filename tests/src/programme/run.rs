//! A programme of calls is run by guestfish or by `glassbox fish`.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bstr::ByteSlice;
use sha2::{Digest, Sha256};

use super::{ATTEMPTS, Call, Programme, compare};
use crate::fixtures::scratch;
use crate::oracle;
use crate::written::{Written, written};

/// The disks that a programme is about.
pub trait Disks {
    /// The names by which the programme adds them.
    fn names(&self) -> Vec<&str>;

    /// Has them, by their names, in `files`, which is in `folder`; both are empty.
    fn prepare(&self, folder: &Path, files: &Path);

    /// Writes to `files` what has become of them, to be compared.
    fn examine(&self, _folder: &Path, _files: &Path) {}

    /// Where the oracle's answers are kept.
    fn kept(&self) -> PathBuf;

    /// A shell's condition that the appliance's kernel has found them in the order in which they were added. libguestfs
    /// translates names, but device numbers and the messages of some tools tell the kernel's order, which is any.
    fn are_in_order(&self) -> Option<String> {
        None
    }
}

/// What a call printed.
#[derive(Default)]
pub struct Answer {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// Everything a programme did.
pub struct Run {
    pub answers: Vec<Answer>,
    pub files: Written,
}

/// After each call a mark on stdout, by `echo`, and one on stderr, by a command that doesn't exist. After the launch comes
/// `launched`, a line that the oracle's script and ours have in the same place: messages tell the number of the line.
pub fn script(calls: &[Call], launched: &str) -> String {
    let mut script = String::new();
    for (index, call) in calls.iter().enumerate() {
        writeln!(script, "-{}", call.text).expect("a string takes text");
        for line in &call.input {
            writeln!(script, "{line}").expect("a string takes text");
        }
        writeln!(script, "-echo {}\n-{}", mark(index), mark(index)).expect("a string takes text");
        if call.text == "run" {
            writeln!(script, "{launched}").expect("a string takes text");
        }
    }
    script
}

fn mark(index: usize) -> String {
    format!("end-of-call-{index}")
}

/// Real guestfish: asked once, its answers are kept under the digest of the script.
pub struct Oracle<'a> {
    programme: &'a Programme,
    disks: &'a dyn Disks,
    script: String,
    kept: PathBuf,
}

impl<'a> Oracle<'a> {
    pub fn new(programme: &'a Programme, disks: &'a dyn Disks) -> Self {
        // Where the condition doesn't hold, the script ends, and the oracle is asked again.
        let launched = match disks.are_in_order() {
            Some(condition) => format!(r#"debug sh "{condition}" | cat > /dev/null"#),
            None => "#".to_owned(),
        };
        let script = script(&programme.calls, &launched);
        let digest = Sha256::digest(&script);
        let digest = format!("{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3]);
        let kept = disks.kept().join(format!("oracle-{}-{digest}", programme.name));
        Oracle { programme, disks, script, kept }
    }

    /// Two tests may want the same answers: one asks.
    fn lock(&self) -> File {
        let lock = File::create(self.kept.with_extension("lock")).expect("the fixture's folder is writable");
        lock.lock().expect("a file can be locked");
        lock
    }

    pub fn answers(&self) -> Run {
        let _lock = self.lock();
        let calls = &self.programme.calls;
        for _ in 0..ATTEMPTS {
            if !self.kept.exists() {
                let partial = scratch(&format!("oracle-{}", self.programme.name));
                let mut guestfish = Command::new("guestfish");
                execute(guestfish.envs([oracle::HYPERVISOR]), self.disks, &self.script, &partial);
                fs::rename(&partial, &self.kept).expect("the answers can be kept");
            }
            let run = collect(calls, self.disks, &self.kept);
            if run.answers.len() == calls.len() {
                return run;
            }
            eprintln!("the oracle stopped at {}:\n{}", calls[run.answers.len()].text, compare::tail(&run));
            fs::remove_dir_all(&self.kept).expect("answers can be forgotten");
        }
        panic!("the oracle did not get to the end of the programme {} in {ATTEMPTS} attempts", self.programme.name);
    }

    /// Has it asked again next time.
    pub fn forget(&self) {
        let _lock = self.lock();
        if self.kept.exists() {
            fs::remove_dir_all(&self.kept).expect("answers can be forgotten");
        }
    }
}

/// Runs `program` with the script on stdin in `folder`, where the disks are; what it prints goes to files there.
pub fn execute(program: &mut Command, disks: &dyn Disks, script: &str, folder: &Path) {
    let files = folder.join("files");
    fs::create_dir_all(&files).expect("a scratch folder is writable");
    disks.prepare(folder, &files);
    let create = |name: &str| File::create(folder.join(name)).expect("a scratch folder is writable");
    create("script").write_all(script.as_bytes()).expect("a scratch folder is writable");
    let script = File::open(folder.join("script")).expect("it was just written");
    let wanted = program.get_program().to_owned();
    let arguments: Vec<_> = program.get_args().map(|argument| argument.to_owned()).collect();
    let variables = program.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    let status = Command::new("timeout")
        .args(["--signal=KILL", "1200"])
        .arg(wanted)
        .args(arguments)
        .arg("--keys-from-stdin")
        .current_dir(&files)
        .env_clear()
        .envs([("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/root"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC")])
        .envs(oracle::ENVIRONMENT)
        .envs(variables)
        .stdin(Stdio::from(script))
        .stdout(create("stdout"))
        .stderr(create("stderr"))
        .status()
        .expect("timeout is part of every system");
    writeln!(create("status"), "{status}").expect("a scratch folder is writable");
    disks.examine(folder, &files);
}

/// Splits what was printed at the marks, and reads the files that were written.
pub fn collect(calls: &[Call], disks: &dyn Disks, folder: &Path) -> Run {
    let stdout = fs::read(folder.join("stdout")).expect("it was written");
    let stderr = fs::read(folder.join("stderr")).expect("it was written");
    let (mut out, mut err) = (stdout.as_slice(), stderr.as_slice());
    let mut answers = Vec::new();
    for index in 0..calls.len() {
        let end = format!("{}\n", mark(index));
        let unknown = format!("{}: unknown command\n", mark(index));
        let (Some((this_out, rest_out)), Some((this_err, rest_err))) =
            (out.split_once_str(&end), err.split_once_str(&unknown))
        else {
            break;
        };
        answers.push(Answer { stdout: this_out.to_owned(), stderr: this_err.to_owned() });
        (out, err) = (rest_out, rest_err);
    }
    if answers.len() < calls.len() {
        answers.push(Answer { stdout: out.to_owned(), stderr: err.to_owned() });
        answers.truncate(calls.len().saturating_sub(1));
    }
    let files = written(&folder.join("files"), &disks.names());
    Run { answers, files }
}

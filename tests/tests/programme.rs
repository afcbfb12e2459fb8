//! One programme of calls (`tests/programme/*.fish`), run through real guestfish and through `glassbox fish` on the same
//! disks, and compared call by call: what each prints, its error, and every file it writes.
//!
//! The programme is guestfish's own language. A line `#= HOW` says how the next call's answers are compared:
//!
//! | HOW | |
//! |---|---|
//! | `lines` | lines in any order |
//! | `structs` | a list of structs in any order |
//! | `df` | the guest's rows of the table, however wide its columns are |
//! | `root` | a listing of the root, without `..`, which there is a directory of the appliance, nor what it changes: the total and the columns |
//! | `without A\|B` | without the lines that have one of these texts, the others in any order |
//! | `only success` | both succeed or both fail; what they say may differ |
//! | `differs: REASON` | a justified difference |
//!
//! What is printed must be the same to the byte. An error message need not be: its sentences are our own. guestfish's about its
//! language are the same; of libguestfs's, the system's error or the state of the handle that `glassbox_tests::messages` lists.
//! A call that we don't support is a difference, whatever the oracle says.
//!
//! Files that calls write are compared as `glassbox_tests::written` says.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bstr::ByteSlice;
use glassbox_tests::fixtures::scratch;
use glassbox_tests::messages::is_same_error;
use glassbox_tests::needs::{GUESTFISH, has_programs};
use glassbox_tests::written::{sorted, written};
use glassbox_tests::{fixture, glassbox};
use sha2::{Digest, Sha256};

/// The disks of the fixture, as the programme names them.
const DISKS: [&str; 8] =
    ["guest.raw", "guest.qcow2", "mbr.raw", "lvm-a.raw", "lvm-b.raw", "tiny.raw", "tiny.qcow2", "empty.raw"];

#[test]
fn config() {
    same_answers("config", &[]);
}

#[test]
fn gpt() {
    same_answers("gpt", &[]);
}

/// The answers don't depend on the format of the disk.
#[test]
fn gpt_in_qcow2() {
    same_answers("gpt", &[("guest.raw", "guest.qcow2")]);
}

#[test]
fn mbr() {
    same_answers("mbr", &[]);
}

#[test]
fn lvm() {
    same_answers("lvm", &[]);
}

#[test]
fn many() {
    same_answers("many", &[]);
}

/// How often the oracle is asked, where its disks may come in the wrong order.
const ATTEMPTS: usize = 8;

/// One call of the programme.
struct Call {
    line: usize,
    text: String,
    how: How,
}

/// How its answers are compared.
enum How {
    Exactly,
    Lines,
    Structs,
    Df,
    Root,
    Without(Vec<String>),
    OnlySuccess,
    Differs(String),
}

/// What it printed.
#[derive(Default)]
struct Answer {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Everything a program of calls did.
struct Run {
    answers: Vec<Answer>,
    files: BTreeMap<String, Vec<String>>,
}

/// Runs one part of the programme both ways. `swapped`: for Glassbox, the first disk is another file.
fn same_answers(part: &str, swapped: &[(&str, &str)]) {
    if !has_programs(part, &[GUESTFISH]) {
        return;
    }
    let disks = fixture("guests");
    let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("programme").join(format!("{part}.fish"));
    let calls = parse(&fs::read_to_string(&text).expect("the programme can be read"));
    let oracle = Oracle::new(&disks, part, &calls);
    let here = scratch(&format!("programme-{part}-{}", swapped.len()));
    // No call of the programme may start an appliance; the configuration is that of the oracle, or `get-backend` tells.
    let backend = if part == "config" { "direct" } else { "inprocess" };
    let mut fish = Command::new(glassbox());
    execute(fish.arg("fish").env("LIBGUESTFS_BACKEND", backend), &disks, swapped, &script(&calls, "#"), &here);
    let ours = collect(&calls, &here);
    // Where several disks are attached, the order in which the oracle's kernel found them shows in some answers.
    let mut differences = String::new();
    for _ in 0..ATTEMPTS {
        differences = compare(part, &calls, &ours, &oracle.answers());
        if differences.is_empty() {
            return;
        }
        oracle.forget();
    }
    panic!("programme {part}: of {} calls some differ:\n{differences}", calls.len());
}

fn parse(programme: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut how = How::Exactly;
    for (index, text) in programme.lines().enumerate() {
        if let Some(said) = text.strip_prefix("#= ") {
            how = match said.split_once(' ').unwrap_or((said, "")) {
                ("lines", "") => How::Lines,
                ("structs", "") => How::Structs,
                ("df", "") => How::Df,
                ("root", "") => How::Root,
                ("without", texts) => {
                    How::Without(texts.split('|').map(|text| text.trim_matches('"').to_owned()).collect())
                }
                ("only", "success") => How::OnlySuccess,
                ("differs:", reason) => How::Differs(reason.to_owned()),
                _ => panic!("line {}: {said} is no way to compare", index + 1),
            };
        } else if !text.is_empty() && !text.starts_with('#') {
            let how = std::mem::replace(&mut how, How::Exactly);
            calls.push(Call { line: index + 1, text: text.to_owned(), how });
        }
    }
    calls
}

/// After each call a mark on stdout, by `echo`, and one on stderr, by a command that doesn't exist. After the launch comes
/// `launched`, a line that the oracle's script and ours have in the same place: messages tell the number of the line.
fn script(calls: &[Call], launched: &str) -> String {
    let mut script = String::new();
    for (index, call) in calls.iter().enumerate() {
        writeln!(script, "-{}\n-echo {}\n-{}", call.text, mark(index), mark(index)).expect("a string takes text");
        if call.text == "run" {
            writeln!(script, "{launched}").expect("a string takes text");
        }
    }
    script
}

/// The appliance's kernel finds disks in any order. libguestfs translates names, but device numbers and the messages of some
/// tools tell it: where the guest has one disk and that isn't the first (the appliance's own, of 4 GiB, is), this line ends
/// the script, and the oracle is asked again.
const IN_ORDER: &str = r#"debug sh "test `blockdev --getsize64 /dev/sda` != 4294967296" | cat > /dev/null"#;

fn mark(index: usize) -> String {
    format!("end-of-call-{index}")
}

/// Real guestfish: asked once, its answers are kept beside the disks under the digest of the script.
struct Oracle<'a> {
    disks: &'a Path,
    part: &'a str,
    calls: &'a [Call],
    script: String,
    kept: PathBuf,
}

impl<'a> Oracle<'a> {
    fn new(disks: &'a Path, part: &'a str, calls: &'a [Call]) -> Self {
        let one_disk = calls.iter().filter(|call| call.text.starts_with("add-drive")).count() == 1;
        let script = script(calls, if one_disk { IN_ORDER } else { "#" });
        let digest = Sha256::digest(&script);
        let kept =
            disks.join(format!("oracle-{part}-{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3]));
        Oracle { disks, part, calls, script, kept }
    }

    /// Two tests may want the same answers: one asks.
    fn lock(&self) -> File {
        let lock = File::create(self.kept.with_extension("lock")).expect("the fixture's folder is writable");
        lock.lock().expect("a file can be locked");
        lock
    }

    fn answers(&self) -> Run {
        let _lock = self.lock();
        for _ in 0..ATTEMPTS {
            if !self.kept.exists() {
                let partial = scratch(&format!("oracle-{}", self.part));
                execute(&mut Command::new("guestfish"), self.disks, &[], &self.script, &partial);
                fs::rename(&partial, &self.kept).expect("the answers can be kept");
            }
            let run = collect(self.calls, &self.kept);
            if run.answers.len() == self.calls.len() {
                return run;
            }
            eprintln!("the oracle stopped at {}:\n{}", self.calls[run.answers.len()].text, tail(&run));
            fs::remove_dir_all(&self.kept).expect("answers can be forgotten");
        }
        panic!("the oracle did not get to the end of the programme {} in {ATTEMPTS} attempts", self.part);
    }

    /// Has it asked again next time.
    fn forget(&self) {
        let _lock = self.lock();
        if self.kept.exists() {
            fs::remove_dir_all(&self.kept).expect("answers can be forgotten");
        }
    }
}

/// Runs `program` with the script on stdin in `folder`, where the disks are linked to; what it prints goes to files there.
fn execute(program: &mut Command, disks: &Path, swapped: &[(&str, &str)], script: &str, folder: &Path) {
    let files = folder.join("files");
    fs::create_dir_all(&files).expect("a scratch folder is writable");
    for disk in DISKS {
        let target = swapped.iter().find(|(name, _)| *name == disk).map_or(disk, |(_, other)| other);
        symlink(disks.join(target), files.join(disk)).expect("a scratch folder takes links");
    }
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
        .current_dir(&files)
        .env_clear()
        .envs([("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/root"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC")])
        .envs([("LIBGUESTFS_BACKEND", "direct"), ("LIBGUESTFS_BACKEND_SETTINGS", "force_tcg")])
        .envs(variables)
        .stdin(Stdio::from(script))
        .stdout(create("stdout"))
        .stderr(create("stderr"))
        .status()
        .expect("timeout is part of every system");
    writeln!(create("status"), "{status}").expect("a scratch folder is writable");
}

/// Splits what was printed at the marks, and reads the files that were written.
fn collect(calls: &[Call], folder: &Path) -> Run {
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
    let files = written(&folder.join("files"), &DISKS);
    Run { answers, files }
}

/// Whether our answer is as good as the oracle's.
fn is_same(how: &How, ours: &Answer, oracle: &Answer) -> bool {
    match how {
        How::Differs(_) => true,
        How::OnlySuccess => ours.stderr.is_empty() == oracle.stderr.is_empty(),
        _ => printed(how, ours) == printed(how, oracle) && is_same_error(&ours.stderr, &oracle.stderr),
    }
}

/// What is compared of the standard output.
fn printed(how: &How, answer: &Answer) -> String {
    let text = |bytes: &[u8]| bytes.to_str_lossy().into_owned();
    match how {
        How::Lines => sorted(answer.stdout.lines()).join("\n"),
        How::Structs => {
            // [0] = {  …  }: the numbers go, the elements are sorted.
            let printed = text(&answer.stdout);
            let mut elements: Vec<&str> = printed.split_inclusive("}\n").collect();
            for element in &mut elements {
                *element = element.split_once("] = {").map_or(*element, |(_, fields)| fields);
            }
            elements.sort();
            elements.concat()
        }
        How::Df | How::Root => {
            let lines = answer.stdout.lines().map(|line| line.fields().map(text).collect::<Vec<_>>().join(" "));
            // The appliance's own filesystems are in df's table, too: its root, and what the kernel provides.
            let of_guest = |line: &String| match how {
                How::Df => line.starts_with("Filesystem") || line.contains("/sysroot"),
                _ => !line.starts_with("total ") && !line.ends_with(" .."),
            };
            lines.filter(of_guest).collect::<Vec<_>>().join("\n")
        }
        How::Without(texts) => {
            let kept = answer.stdout.lines().filter(|line| !texts.iter().any(|text| line.contains_str(text)));
            sorted(kept).join("\n")
        }
        How::Exactly | How::OnlySuccess | How::Differs(_) => text(&answer.stdout),
    }
}

/// Every call that differs; nothing if none does.
fn compare(part: &str, calls: &[Call], ours: &Run, oracle: &Run) -> String {
    let mut differences = String::new();
    let mut count = 0;
    let mut differ = |text: std::fmt::Arguments<'_>| {
        count += 1;
        writeln!(differences, "{text}").expect("a string takes text");
    };
    for (index, call) in calls.iter().enumerate() {
        let Some(answer) = ours.answers.get(index) else {
            differ(format_args!("{part}.fish:{}: {}: we stopped here:\n{}", call.line, call.text, tail(ours)));
            break;
        };
        let expected = &oracle.answers[index];
        if !is_same(&call.how, answer, expected) {
            let (we_say, it_says) = (clip(answer), clip(expected));
            differ(format_args!("{part}.fish:{}: {}\n--- oracle\n{it_says}\n--- ours\n{we_say}", call.line, call.text));
        }
        if let How::Differs(reason) = &call.how {
            println!("{part}.fish:{}: {}: differs: {reason}", call.line, call.text);
        }
    }
    for name in oracle.files.keys().chain(ours.files.keys().filter(|name| !oracle.files.contains_key(*name))) {
        match (oracle.files.get(name), ours.files.get(name)) {
            (Some(oracle), Some(ours)) if oracle == ours => {}
            (Some(oracle), Some(ours)) => {
                let missing = oracle.iter().filter(|line| !ours.contains(line)).take(5);
                let excess = ours.iter().filter(|line| !oracle.contains(line)).take(5);
                let (missing, excess): (Vec<_>, Vec<_>) = (missing.collect(), excess.collect());
                differ(format_args!("file {name}\n--- oracle\n{missing:#?}\n--- ours\n{excess:#?}"));
            }
            (Some(_), None) => differ(format_args!("file {name}: the oracle writes it, we don't")),
            (None, _) => differ(format_args!("file {name}: we write it, the oracle doesn't")),
        }
    }
    println!("programme {part}: {} calls, {} files, {count} differences", calls.len(), oracle.files.len());
    differences
}

/// What was printed last, for a run that stopped.
fn tail(run: &Run) -> String {
    run.answers.last().map_or(String::new(), clip)
}

/// Not more of an answer than helps.
fn clip(answer: &Answer) -> String {
    const LIMIT: usize = 1200;
    let mut text = answer.stdout.to_str_lossy().into_owned();
    text += &answer.stderr.to_str_lossy();
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{} … ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}

//! The language of `glassbox fish`, script by script: what real guestfish prints, its messages and its exit status.
//!
//! Most scripts need no disk, so that the oracle answers at once. What calls answer is compared in `programme.rs`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bstr::ByteSlice;
use glassbox_tests::fixtures::scratch;
use glassbox_tests::needs::{GUESTFISH, has_programs};
use glassbox_tests::{fixture, glassbox, oracle};

/// As it is started: its messages begin with this.
const ORACLE: &str = "guestfish";

/// What a run did.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    stdout: String,
    stderr: String,
    status: Option<i32>,
}

/// Real guestfish, and Glassbox under its name; both in one empty folder.
struct Pair {
    folder: PathBuf,
    /// Where guestfish keeps the history of what was typed.
    home: PathBuf,
    ours: PathBuf,
}

impl Pair {
    fn new(name: &str) -> Option<Pair> {
        if !has_programs(name, &[GUESTFISH]) {
            return None;
        }
        let folder = scratch(&format!("fish-language-{name}"));
        let home = scratch(&format!("fish-language-{name}-home"));
        let ours = home.join("guestfish");
        symlink(glassbox(), &ours).expect("a scratch folder is writable");
        Some(Pair { folder, home, ours })
    }

    fn run(&self, program: &Path, arguments: &[&str], stdin: &str) -> Outcome {
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(&self.folder)
            .envs(oracle::ENVIRONMENT)
            // What the parsers answer is compared here; none of ours may start an appliance.
            .envs((program == self.ours).then_some(("LIBGUESTFS_BACKEND", "inprocess")))
            .env("HOME", &self.home)
            .env("PAGER", "cat")
            .env("SHELL", "/bin/sh")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut input = child.stdin.take().expect("stdin is piped");
        // A program that ends before it has read everything closes the pipe.
        let _ = input.write_all(stdin.as_bytes());
        drop(input);
        let output = child.wait_with_output().expect("the program ends");
        Outcome { stdout: normalised(&output.stdout), stderr: normalised(&output.stderr), status: output.status.code() }
    }

    /// Fails with all that differ, not with the first.
    fn same<'a>(&self, runs: impl IntoIterator<Item = (Vec<&'a str>, &'a str)>) {
        let mut differences = String::new();
        for (arguments, stdin) in runs {
            let expected = self.run(Path::new(ORACLE), &arguments, stdin);
            let ours = self.run(&self.ours, &arguments, stdin);
            if ours != expected {
                differences.push_str(&format!(
                    "--- {arguments:?} {stdin:?}\nguestfish: {expected:#?}\nglassbox:  {ours:#?}\n"
                ));
            }
        }
        assert!(differences.is_empty(), "{differences}");
    }
}

/// Without the words that differ by intent: where the manual is, and the call that a call of the library is made of
/// (guestfish's `cat` fails as `download`).
fn normalised(output: &[u8]) -> String {
    let text = output
        .to_str_lossy()
        .replace("libguestfs: error: download: call launch", "libguestfs: error: cat: call launch");
    // After a host file that can't be opened, real libguestfs says this too where its daemon was quick enough to answer.
    let raced = |line: &&str| line.ends_with("libguestfs: error: file receive cancelled by daemon");
    let lines = text.lines().filter(|line| !line.starts_with("For complete documentation:") && !raced(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}

const WORDS: &[&str] = &[
    "echo hello \"a  b\" 'c  d' e\\f",
    r#"echo "a\tb\x41\101\"\\""#,
    r#"echo "\a\b\f\n\r\t\v" | od -c"#,
    r#"echo "a\q""#,
    r#"echo "\x00""#,
    r#"echo "\12""#,
    "echo \"abc",
    "echo 'abc",
    "echo \"a\"b",
    "echo 'a'b",
    "echo a\"b\"c [d e] \"\" ''",
    "\techo\ta \t b  ",
    "echo ~ ~root/x ~nosuch \"~\" ~/y a~",
    "echo a\r",
    "echo a\\\necho b",
    "echo \"|\" x| y|z",
    "\"echo\" a",
];

const LINES: &[&str] = &[
    "   # comment\n\n echo x # y",
    "#x",
    "-",
    "- - echo a",
    "-#x\n-!false\necho a",
    "nosuch 1 2",
    "echo x\nnosuch\necho y",
    "-nosuch\necho next",
    "- nosuch\necho next",
    "!echo hi; exit 3\necho after",
    "!exit 0\necho after",
    "!kill -9 $$\necho after",
    "!",
    "<! echo echo foo; echo '-nosuch'; echo echo bar\necho after",
    "<! echo nosuch\necho after",
    "-<! echo nosuch\necho after",
    "<! echo quit\necho after",
    "<! echo '# c'; echo; echo 'echo \"a b\"'",
    "echo foo | tr o 0",
    "echo foo |tr o 0; echo $?",
    "echo | cat",
    "|cat",
    "quit 1 2\necho n",
    "EXIT\necho n",
    "q",
];

const COMMANDS: &[&str] = &[
    "ECHO a",
    "get_verbose\nGet-Verbose\nGET_VERBOSE",
    "mke2fs-j",
    "get-state",
    "internal-write x y",
    "add-libvirt-dom x",
    "cat",
    "cat a b",
    "cat /x",
    "umask 022",
    "add",
    "mkswap x a:1 b:1 c:1",
    "get-cachedir x",
    "time",
    "time nosuch",
    "time -echo x",
    "glob",
    "glob nosuch x",
    "glob echo x y",
    "glob echo /x",
    "glob echo /dev/sda",
    "help nosuch",
    "help a b",
    "lcd",
    "lcd /nonexistent",
    "lcd /tmp\n!pwd",
    "setenv FOO 'b c'\n!echo $FOO\nunsetenv FOO\n!echo [$FOO]\nsetenv X",
    "unsetenv",
    "event",
    "event a bogus x",
    "event a trace",
    "event a trace \"echo EV $EVENT $@\"\nlist-events\ntrace true\nget-smp\ntrace false\ndelete-event b",
    "event n close,launch_done :\nevent m * :\nlist-events\ndelete-event n\nlist-events",
    "delete-event",
    "list-events x",
    "reopen now",
    "reopen\nget-verbose",
    "alloc",
    "sparse foo",
    "sparse foo bar",
    "sparse foo 1Q",
    "sparse foo -1",
    "sparse nosuchdir/x 1M",
    "sparse foo 1M\ndebug-drives\n!stat -c '%s %b' foo",
    "alloc foo 8K\ndebug-drives\n!stat -c '%s %b' foo",
    "more",
    "edit",
    "vi",
    "hexedit",
    "display",
    "man x",
    "copy-in a",
    "copy-out",
    "upload -<<END /foo\nabc",
    "upload -<<END /foo\nabc\nEND\necho x",
];

const VALUES: &[&str] = &[
    "set-verbose maybe",
    "set-verbose \"\"",
    "set-trace 0\nset-trace off\nset-trace N\nget-trace",
    "set-memsize abc",
    "set-memsize 99999999999",
    "set-memsize 1G\nget-memsize",
    "set-memsize 0x400\nget-memsize",
    "set-memsize 01000\nget-memsize",
    "set-memsize \" 500\"\nget-memsize",
    "set-memsize k\nget-memsize",
    "set-memsize 1KB\nget-memsize",
    "set-memsize 1m",
    "set-memsize 1kk",
    "set-memsize 08",
    "set-memsize \"\"",
    "set-memsize 9223372036854775808",
    "add /dev/null readonly:maybe",
    "add /dev/null foo:1",
    "add /dev/null READONLY:true",
    "add /dev/null readonly:true readonly:true",
    "add /dev/null blocksize:1Q",
    "add /dev/null blocksize:99999999999",
    "add /nonexistent",
    "!: > empty\nadd empty \"readonly:true\"\ndebug-drives",
    "command \"a 'b\"",
    "command \"\\'x' y\"",
    "mkfs ext4 /dev/sda blocksize:xyz",
    "mkfs ext4 /dev/sda blocksize",
    "set-append \"\"\nget-append",
    "set-program 'a b'\nget-program\nset-identifier x\nget-identifier",
    "get-autosync\nget-smp\nget-pgroup\nget-recovery-proc",
];

#[test]
fn scripts() {
    let Some(pair) = Pair::new("scripts") else { return };
    let scripts: Vec<String> =
        [WORDS, LINES, COMMANDS, VALUES].concat().iter().map(|script| format!("{script}\n")).collect();
    pair.same(scripts.iter().map(|script| (vec![], script.as_str())));
}

#[test]
fn command_lines() {
    let Some(pair) = Pair::new("command-lines") else { return };
    fs::write(pair.folder.join("ok.fish"), "echo ok\nnosuch\n").expect("a scratch folder is writable");
    fs::write(pair.folder.join("call.fish"), "echo ok\ncat /x\n").expect("a scratch folder is writable");
    fs::write(pair.folder.join("disk"), vec![0; 4096]).expect("a scratch folder is writable");
    let lines: &[&[&str]] = &[
        &["echo", "a", ":", "echo", "b"],
        &["echo", "a", ":", "nosuch", ":", "echo", "c"],
        &["--", "-nosuch", ":", "echo", "c"],
        &["echo", "a", ":", "-nosuch", ":", "echo", "c"],
        &[":", "echo", "b"],
        &["echo", "a", ":"],
        &["echo", "a b", "\"x\"", "~", "|", "cat"],
        &["echo", "-n", "hello"],
        &["--", "echo", "-n", "hello"],
        &["#foo"],
        &["!echo x"],
        &[""],
        &["cat", "/x"],
        &["-f", "ok.fish"],
        &["-f", "./call.fish"],
        &["-f", "ok.fish", "echo", "x"],
        &["-f", "nonexistent"],
        &["-a", "nonexistent", "echo", "a"],
        &["--nosuch"],
        &["-z"],
        &["--ad"],
        &["--ro=x"],
        &["-m"],
        &["--mount"],
        &["--format"],
        &["--format=raw", "echo", "x"],
        &["--blocksize=x", "-a", "disk", "echo", "x"],
        &["-N", "nosuch"],
        &["--live", "echo", "x"],
        &["-h", "nosuch"],
        &["--ro", "-a", "disk", "debug-drives"],
        &["-a", "disk", "--format=raw", "-a", "disk", "--format", "-a", "disk", "debug-drives"],
        &["-a", "file:///dev/null", "get-verbose"],
        &["-c", "foo:///", "--selinux", "--csh", "--rw", "-n", "echo", "x"],
    ];
    pair.same(lines.iter().map(|line| (line.to_vec(), "")));
}

/// One launch: what the language does with a mounted filesystem.
#[test]
fn mounted() {
    let Some(mut pair) = Pair::new("mounted") else { return };
    let image = fixture("guests").join("tiny.raw");
    symlink(&image, pair.folder.join("tiny.raw")).expect("a scratch folder is writable");
    let script = "\
run
-mount-ro /dev/sda /
-glob echo /*
-glob echo /w* b /dev/sd* x
-glob cat /nosuch*
-glob echo /[
-cat /words | tr a-z A-Z
-cat /words | cat > piped
!cat piped; rm piped
-download /words -
-download /words - | wc -c
-download /words out
!cat out; rm out
-download /words /nonexistent/out
-download /nosuch missing
!ls
-stat /words | grep -v 'time\\|dev'
-is-file /words
-is-dir /words
-read-lines /words
-umask 022
-get-umask
-mountpoints
-list-filesystems
-ls win:c:\\x
-cat /nosuch
-ls /words
-more /words
time ls / | head -1
ls /nosuch
echo not reached
";
    fs::write(pair.folder.join("script"), script).expect("a scratch folder is writable");
    pair.folder = pair.folder.canonicalize().expect("it is there");
    pair.same([(vec!["--ro", "-a", "tiny.raw", "-f", "script"], "")]);
}

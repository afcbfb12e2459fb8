//! The round trip of every kind of argument and result through C, Python and Perl, and wrong use of the library: the
//! same output over our library as over libguestfs's own. None of it needs an appliance.

use std::fs;
use std::path::Path;
use std::process::Command;

use bstr::ByteSlice;
use glassbox_tests::dist::{compile, expect_success, over_ours};
use glassbox_tests::fixtures::scratch;
use glassbox_tests::needs::{PYTHON_GUESTFS, has_programs};

/// Debian's Python, for which its bindings are.
const PYTHON: &str = "/usr/bin/python3";

/// What a program printed: on stdout, on stderr, and to the file that was its last argument.
#[derive(Debug, PartialEq, Eq)]
struct Printed {
    stdout: String,
    stderr: String,
    file: String,
}

fn printed(mut command: Command, name: &str) -> Printed {
    let file = scratch(&format!("c-abi-bindings-{name}")).join("output");
    // Whatever the person who runs the tests has set.
    for variable in ["LIBGUESTFS_DEBUG", "LIBGUESTFS_TRACE", "LIBGUESTFS_BACKEND", "PYTHONPATH"] {
        command.env_remove(variable);
    }
    let output =
        expect_success(command.arg(&file).env("LC_ALL", "C.UTF-8").env("PYTHONIOENCODING", "utf-8:surrogateescape"));
    let text = |bytes: &[u8]| {
        let lines = bytes.lines().map(|line| without_advice(&line.escape_ascii().to_string()).to_owned() + "\n");
        lines.collect::<String>()
    };
    Printed {
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
        file: text(&fs::read(&file).unwrap_or_default()),
    }
}

/// An error about an unknown option, without each library's own words on how that can be.
fn without_advice(line: &str) -> &str {
    match line.contains(": unknown option") {
        true => line.split(" (this can").next().and_then(|line| line.split(": this library").next()).unwrap_or(line),
        false => line,
    }
}

/// Runs the program over both libraries.
fn same_over_both(program: &Path, script: Option<&str>, name: &str) -> Option<Printed> {
    if !has_programs(name, &[PYTHON_GUESTFS]) {
        return None;
    }
    let script = script.map(|script| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c_abi").join(script));
    let (mut ours, mut theirs) = (over_ours(program), Command::new(program));
    ours.args(&script);
    theirs.args(&script);
    let (ours, theirs) = (printed(ours, &format!("{name}-ours")), printed(theirs, &format!("{name}-theirs")));
    for (ours, theirs) in [(&ours.file, &theirs.file), (&ours.stdout, &theirs.stdout), (&ours.stderr, &theirs.stderr)] {
        for (number, (ours, theirs)) in ours.lines().zip(theirs.lines()).enumerate() {
            assert_eq!(ours, theirs, "{name}: line {}", number + 1);
        }
    }
    assert_eq!(ours, theirs, "{name}");
    Some(ours)
}

#[test]
fn c_gives_and_gets_every_kind() {
    let Some(printed) = same_over_both(&compile("bindings.c"), None, "c") else { return };
    assert!(printed.file.contains("<ffffff80><ffffffff><7f>"), "{}", printed.file);
    assert!(printed.stdout.contains("hash: [0] [0] [1] [1]"), "{}", printed.stdout);
}

#[test]
fn python_gives_and_gets_every_kind() {
    let Some(printed) = same_over_both(Path::new(PYTHON), Some("bindings.py"), "python") else { return };
    assert!(printed.stdout.contains("internal_test_rstringlist = "), "{}", printed.stdout);
}

#[test]
fn perl_gives_and_gets_every_kind() {
    let Some(printed) = same_over_both(Path::new("/usr/bin/perl"), Some("bindings.pl"), "perl") else { return };
    assert!(printed.stdout.contains("last_errno: 0"), "{}", printed.stdout);
}

#[test]
fn wrong_use_is_told_in_the_same_words() {
    let Some(printed) = same_over_both(Path::new(PYTHON), Some("errors.py"), "errors") else { return };
    assert!(printed.stderr.starts_with("libguestfs: error: download: call launch"), "{}", printed.stderr);
}

//! The calls of the group `augeas`, against real libguestfs: one program makes the same calls over both libraries.

use std::fs;
use std::path::Path;
use std::process::Command;

use bstr::ByteSlice;
use glassbox_tests::dist::{expect_success, over_ours};
use glassbox_tests::fixture;
use glassbox_tests::fixtures::scratch;

/// Debian's Python, for which its bindings are.
const PYTHON: &str = "/usr/bin/python3";

/// libguestfs names a call once in its library and again in its daemon; our errors name it once.
fn named_once(line: &str) -> String {
    let call = line.split('(').next().unwrap_or_default();
    line.replacen(&format!("! {call}: {call}: "), &format!("! {call}: "), 1) + "\n"
}

#[test]
fn augeas_answers_as_in_libguestfs() {
    let oracle = fixture("augeas");
    let guest = scratch("augeas").join("guest.raw");
    fs::copy(oracle.join("guest.raw"), &guest).unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/augeas.py");
    let mut ours = over_ours(PYTHON);
    ours.arg(program).arg(&guest).env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    ours.env("LIBGUESTFS_BACKEND_SETTINGS", "force_tcg").env("LC_ALL", "C.UTF-8");
    let ours = expect_success(&mut ours).stdout.to_str_lossy().into_owned();
    let theirs: String = fs::read_to_string(oracle.join("calls.txt")).unwrap().lines().map(named_once).collect();

    let differences: Vec<String> = ours
        .lines()
        .zip(theirs.lines())
        .filter(|(ours, theirs)| ours != theirs)
        .map(|(ours, theirs)| format!("ours       {ours}\nlibguestfs {theirs}"))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(ours.lines().count(), theirs.lines().count());
    assert!(theirs.lines().count() > 200);
    expect_success(Command::new("e2fsck").arg("-fn").arg(&guest));
}

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;

/// Lines in which the patterns look.
const LINES: &[u8] = b"\na\naa\naaa\nab\nabab\nabba\naXa\nxax\nfoo foo\nfoo bar\nfoobar foobar\n*a\n**\na*b\n+\na+\n{a\na{1\n\
    a{x}\na{2}\n(a)\na)\na|b\na^b\na$b\n^\n$\n\\\n.\n]\n[\n-\n_\nA\nAa\naA\nABab\nthe the end\nThe the end\n1221\n12321\n\
    \xe4\xe4\n\xe4\xc4\n\xff\nb\xffb\xff\ntab\tx\n a b \nxyxyxy\n<p>x</p>\n<p>x</b>\nab12ab\n#a#\naaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n";

/// Patterns that mean the same, or something, in both kinds.
const BOTH: &[&[u8]] = &[
    b"",
    b"a",
    b"^a",
    b"a$",
    b"^$",
    b"^a*$",
    b"*a",
    b"^*a",
    b"a**",
    b"a.a",
    b"a^b",
    b"a$b",
    b"$",
    b"^",
    b"a\\^b",
    b"\\*",
    b"\\.",
    b"\\$",
    b"\\\\",
    b"[]]",
    b"[]a]",
    b"[^]a]",
    b"[a-]",
    b"[-a]",
    b"[[:digit:]]",
    b"[[:alpha:][:digit:]]$",
    b"[[.a.]]b",
    b"[[=a=]]b",
    b"[\\]",
    b"[*]",
    b"[$^]",
    b"\\<foo\\>",
    b"\\bfoo\\b",
    b"\\Bo",
    b"\\w\\w*",
    b"^\\W",
    b"\\s",
    b"^\\S*$",
    b"\\`a",
    b"b\\'",
    b"[a",
    b"a\\",
    b"\\1",
    b"+",
    b"a+",
    b"{a",
    b"a{1",
    b"a{x}",
    b"a{2}",
    b"a|b",
    b"(a)",
    b"a)",
    b"?",
    b"a?",
    b"x\\n",
    b"\xe4",
    b"[\xe0-\xff]",
    b"[^a]",
    b"[^[:alnum:]]",
    b"\\a",
    b"[z-a]",
    b"[[:nonsense:]]",
    b".",
    b"..",
    b"^..$",
    b"a\nb",
    b"[",
    b"a\n[",
];

const BASIC: &[&[u8]] = &[
    b"\\(a\\)\\1",
    b"\\(a*\\)b\\1",
    b"^\\(.*\\)\\1$",
    b"^\\(..*\\)\\1$",
    b"\\(.\\)\\(.\\)\\2\\1",
    b"\\(.\\)\\(.\\).\\2\\1",
    b"\\(foo\\|bar\\) \\1",
    b"\\<\\(\\w\\w*\\) \\1\\>",
    b"\\(a\\)\\2",
    b"\\(a\\1\\)",
    b"\\(\\(a\\)b\\)*\\2",
    b"\\(.\\)\\1*b",
    b"\\(a\\)\\{2\\}\\1",
    b"\\(a\\)\\1\\{2\\}",
    b"a\\{2\\}",
    b"a\\{2,\\}b",
    b"a\\{,1\\}b",
    b"a\\{2",
    b"a\\{2,1\\}",
    b"a\\{x\\}",
    b"\\{1\\}",
    b"\\(a",
    b"a\\)",
    b"\\(^a\\)",
    b"\\(a$\\)",
    b"\\(a\\|b\\)$",
    b"^\\(a\\|b\\)*$",
    b"a\\|*",
    b"\\(*a\\)",
    b"x\\|*a",
    b"\\+a",
    b"a\\+$",
    b"^a\\?b",
    b"a\\+\\?b",
    b"\\(\xe4\\)\\1",
    b"\\(.\\)\\(\xff\\)\\1\\2",
    b"<\\([a-z]*\\)>.*</\\1>",
    b"\\(a\\)0\\1",
    b"\\([[:alpha:]]*\\)[0-9]*\\1$",
    b"\\(a\\)\\1\n\\(b\\)\\1",
    b"\\(x\\)\\(y\\)\\1\\2\\1",
    b"^\\(aa*\\)\\1$",
    b"\\(.\\)\\1\\1",
    b"#\\(.\\)#\\|\\(b\\)\\2",
];

const EXTENDED: &[&[u8]] = &[
    b"(a)\\1",
    b"^(.*)\\1$",
    b"(.)(.)\\2\\1",
    b"(foo|bar) \\1",
    b"(a)\\2",
    b"(a\\1)",
    b"((a)b)*\\2",
    b"(.)\\1+b",
    b"(a){2}\\1",
    b"(a)\\1{2}",
    b"a{2}",
    b"a{2,}b",
    b"^a{,1}b",
    b"a{2,1}",
    b"a{99999}",
    b"(a",
    b"()",
    b"(|a)b",
    b"a|",
    b"|",
    b"(*a)",
    b"x|*a",
    b"(+a)",
    b"a+?",
    b"(a+)?b$",
    b"a**b",
    b"a{1}{2}$",
    b"^(a|b)*$",
    b"(^a)",
    b"(a$)",
    b"\\(a\\)",
    b"\\{",
    b"a\\|b",
    b"a\\+",
    b"^*a",
    b"(\xe4)\\1",
    b"<([a-z]*)>.*</\\1>",
    b"(a)\\1|(b)\\2",
    b"(a)\\1\n(b)\\1",
    b"(ab){2}",
    b"(a+)b\\1$",
    b"\\b(\\w+) \\1\\b",
    b"(the) \\1",
    b"(a|b)\\1",
    b"a{0}b",
    b"([ab])\\1",
];

/// The lines that GNU grep finds; `None` if it refuses the pattern, or isn't there to be asked.
fn oracle(pattern: &[u8], options: &[&str]) -> Option<Vec<u8>> {
    use std::os::unix::ffi::OsStrExt as _;
    let mut grep = Command::new("grep");
    grep.args(options).args(["-a", "-e"]).arg(std::ffi::OsStr::from_bytes(pattern)).env("LC_ALL", "C");
    let mut child = grep.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    // A grep that refuses its pattern doesn't read.
    let _ = child.stdin.take().unwrap().write_all(LINES);
    let output = child.wait_with_output().unwrap();
    matches!(output.status.code(), Some(0 | 1)).then_some(output.stdout)
}

fn ours(pattern: &[u8], extended: bool, insensitive: bool) -> Result<Vec<u8>> {
    let lines = pattern.split(|byte| *byte == b'\n');
    let all = lines.map(|line| PosixRegex::new(line.into(), extended, insensitive)).collect::<Result<Vec<_>>>()?;
    let mut found = Vec::new();
    for line in LINES.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap();
        for regex in &all {
            if regex.is_match(text)? {
                found.extend_from_slice(line);
                break;
            }
        }
    }
    Ok(found)
}

/// Where we differ.
fn compare(patterns: &[&[u8]], extended: bool) -> Vec<String> {
    let kind = if extended { "-E" } else { "-G" };
    let mut wrong = Vec::new();
    for pattern in patterns {
        for insensitive in [false, true] {
            let options: &[&str] = if insensitive { &[kind, "-i"] } else { &[kind] };
            let (ours, theirs) = (ours(pattern, extended, insensitive), oracle(pattern, options));
            if ours.as_ref().ok() != theirs.as_ref() {
                let show = |found: Option<&Vec<u8>>| found.map(|lines| BStr::new(lines).to_string());
                wrong.push(format!(
                    "{options:?} {}: {:?}, grep {:?}",
                    BStr::new(pattern),
                    show(ours.as_ref().ok()),
                    show(theirs.as_ref())
                ));
            }
        }
    }
    wrong
}

#[test]
fn lines_are_those_that_gnu_grep_finds() {
    if oracle(b"a", &[]).is_none_or(|found| found.is_empty()) {
        eprintln!("SKIPPED: no grep to compare with");
        return;
    }
    let all = [(BOTH, false), (BOTH, true), (BASIC, false), (EXTENDED, true)];
    let wrong: Vec<String> = all.into_iter().flat_map(|(patterns, extended)| compare(patterns, extended)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn back_references_need_no_oracle() {
    let is_match =
        |pattern: &[u8], line: &[u8]| PosixRegex::new(pattern.into(), false, false).unwrap().is_match(line).unwrap();
    assert!(is_match(b"\\(a\\)b\\1", b"xaba"));
    assert!(!is_match(b"\\(a\\)b\\1", b"xabb"));
    assert!(is_match(b"\\(.\\)\\1", b"\xff\xff") && !is_match(b"\\(.\\)\\1", b"\xfe\xff"));
}

#[test]
fn too_many_attempts_end() {
    let regex = PosixRegex::new(b"(a*)*(a*)*(a*)*b\\1\\2\\3c".into(), true, false).unwrap();
    match regex.is_match(&[b'a'; 5000]) {
        Ok(found) => assert!(!found),
        Err(error) => assert!(error.is_unsupported()),
    }
}

//! Wildcards in paths, as glob(3) expands them with `GLOB_BRACE`.

use std::ops::ControlFlow;

use bstr::{BStr, BString, ByteSlice};
use glassbox_filesystems::FileType;
use glassbox_io::{Error, Result};

use crate::vfs::{Follow, Vfs, join};

/// A pattern with braces stands for many; more than these are refused, since each `{a,b}` doubles their number.
const MAX_ALTERNATIVES: usize = 4096;

/// The paths that match `pattern`, in order within each of the alternatives that its braces make.
/// `mark` adds a slash to directories.
pub fn expand(vfs: &Vfs, pattern: &BStr, mark: bool) -> Result<Vec<BString>> {
    let mut alternatives = Vec::new();
    braces(pattern, &mut alternatives)?;
    let mut found = Vec::new();
    for alternative in alternatives {
        let mut matches = vec![BString::from("/")];
        let names: Vec<&[u8]> = alternative.split_str("/").filter(|name| !name.is_empty()).collect();
        for (index, name) in names.iter().enumerate() {
            let is_last = index + 1 == names.len();
            let mut next = Vec::new();
            for directory in &matches {
                matching(vfs, directory.as_ref(), name.as_bstr(), is_last, &mut next);
            }
            next.sort_unstable();
            matches = next;
        }
        let only_directories = alternative.ends_with(b"/");
        for mut path in matches {
            let is_directory = is_directory(vfs, path.as_ref());
            if only_directories && !is_directory {
                continue;
            }
            if is_directory && (mark || only_directories) && !path.ends_with(b"/") {
                path.push(b'/');
            }
            found.push(path);
        }
    }
    Ok(found)
}

fn is_directory(vfs: &Vfs, path: &BStr) -> bool {
    vfs.resolve(path, Follow::Always)
        .and_then(|found| found.file_type())
        .is_ok_and(|found| found == FileType::Directory)
}

/// Adds the files of `directory` that `pattern` matches. What can't be read has none, as glob(3) has it by default.
fn matching(vfs: &Vfs, directory: &BStr, pattern: &BStr, is_last: bool, found: &mut Vec<BString>) {
    if !pattern.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'\\')) {
        let path = join(directory, pattern);
        if vfs.resolve(path.as_ref(), Follow::NotLast).is_ok() {
            found.push(path);
        }
        return;
    }
    let Ok(located) = vfs.resolve(directory, Follow::Always) else { return };
    let _ = located.filesystem.read_dir(located.node, &mut |entry| {
        let may_descend = is_last || !matches!(entry.file_type, FileType::Regular);
        if may_descend && matches(pattern, entry.name) {
            found.push(join(directory, entry.name));
        }
        ControlFlow::Continue(())
    });
}

/// Whether `pattern` matches all of `name`, as fnmatch(3) with `FNM_PERIOD`: a leading dot must be spelled out.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') && !pattern.starts_with(b"\\.") {
        return false;
    }
    fnmatch(pattern, name)
}

/// Whether `pattern` matches all of `name`: `*`, `?`, `[…]` and `\`. Takes time in the product of their lengths.
pub fn fnmatch(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // After the last `*`: where the pattern goes on, and where the name is tried next.
    let mut retry = None;
    loop {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p + 1, n));
            p += 1;
            continue;
        }
        let step = match (pattern.get(p), name.get(n)) {
            (None, None) => return true,
            (Some(_), Some(byte)) => one(&pattern[p..], *byte),
            _ => None,
        };
        match (step, retry) {
            (Some(length), _) => {
                p += length;
                n += 1;
            }
            (None, Some((after, tried))) if tried < name.len() => {
                retry = Some((after, tried + 1));
                (p, n) = (after, tried + 1);
            }
            _ => return false,
        }
    }
}

/// If the first element of `pattern` matches `byte`: the length of that element.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [b'?', ..] => Some(1),
        [b'\\', escaped, ..] => (*escaped == byte).then_some(2),
        [b'[', ..] => match bracket(pattern, byte) {
            Some((true, length)) => Some(length),
            Some((false, _)) => None,
            // A bracket that isn't closed means itself.
            None => (byte == b'[').then_some(1),
        },
        [plain, ..] => (*plain == byte).then_some(1),
        [] => None,
    }
}

/// Whether the bracket at the beginning of `pattern` has `byte` in it, and its length; `None` if it doesn't end.
fn bracket(pattern: &[u8], byte: u8) -> Option<(bool, usize)> {
    let mut at = 1;
    let negated = matches!(pattern.get(at), Some(b'!' | b'^'));
    at += usize::from(negated);
    let start = at;
    let mut found = false;
    loop {
        let mut low = *pattern.get(at)?;
        if low == b']' && at > start {
            return Some((found != negated, at + 1));
        }
        if low == b'[' && pattern.get(at + 1) == Some(&b':') {
            let end = at + 2 + pattern[at + 2..].find(":]")?;
            found |= class(&pattern[at + 2..end], byte);
            at = end + 2;
            continue;
        }
        if low == b'\\' {
            at += 1;
            low = *pattern.get(at)?;
        }
        at += 1;
        let mut high = low;
        if pattern.get(at) == Some(&b'-') && pattern.get(at + 1).is_some_and(|next| *next != b']') {
            high = *pattern.get(at + 1)?;
            at += 2;
        }
        found |= (low..=high).contains(&byte);
    }
}

fn class(name: &[u8], byte: u8) -> bool {
    match name {
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"alpha" => byte.is_ascii_alphabetic(),
        b"blank" => matches!(byte, b' ' | b'\t'),
        b"cntrl" => byte.is_ascii_control(),
        b"digit" => byte.is_ascii_digit(),
        b"graph" => byte.is_ascii_graphic(),
        b"lower" => byte.is_ascii_lowercase(),
        b"print" => byte.is_ascii_graphic() || byte == b' ',
        b"punct" => byte.is_ascii_punctuation(),
        b"space" => matches!(byte, b' ' | b'\t'..=b'\r'),
        b"upper" => byte.is_ascii_uppercase(),
        b"xdigit" => byte.is_ascii_hexdigit(),
        _ => false,
    }
}

/// Adds every pattern that `pattern` stands for, its braces replaced by one of their alternatives.
fn braces(pattern: &BStr, alternatives: &mut Vec<BString>) -> Result<()> {
    let mut waiting = vec![pattern.to_owned()];
    while let Some(pattern) = waiting.pop() {
        if waiting.len() + alternatives.len() > MAX_ALTERNATIVES {
            return Err(Error::usage(format!("a pattern may stand for no more than {MAX_ALTERNATIVES} others")));
        }
        match first_brace(&pattern) {
            None => alternatives.push(pattern),
            Some((open, close, commas)) => {
                let mut ends = commas;
                ends.push(close);
                let mut start = open + 1;
                let mut parts = Vec::new();
                for end in ends {
                    parts.push(BString::from([&pattern[..open], &pattern[start..end], &pattern[close + 1..]].concat()));
                    start = end + 1;
                }
                waiting.extend(parts.into_iter().rev());
            }
        }
    }
    Ok(())
}

/// The first outermost pair of braces, and the commas directly in it. `{}` means itself, as in glob(3).
fn first_brace(pattern: &[u8]) -> Option<(usize, usize, Vec<usize>)> {
    let mut open = None;
    let mut depth = 0;
    let mut commas = Vec::new();
    let mut escaped = false;
    for (at, byte) in pattern.iter().enumerate() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match (byte, open) {
            (b'\\', _) => escaped = true,
            (b'{', None) if pattern.get(at + 1) != Some(&b'}') => {
                open = Some(at);
                depth = 1;
            }
            (b'{', Some(_)) => depth += 1,
            (b'}', Some(start)) => {
                depth -= 1;
                if depth == 0 {
                    return Some((start, at, commas));
                }
            }
            (b',', Some(_)) if depth == 1 => commas.push(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, name) in [
            ("*", "anything"),
            ("a*c", "abc"),
            ("a*c*e", "aXcYcZe"),
            ("?", "x"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[]x]", "]"),
            (r"\*", "*"),
            ("[[:digit:]]", "7"),
            ("[z", "[z"),
            ("**", ""),
        ] {
            assert!(fnmatch(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        for (pattern, name) in [("a*c", "abd"), ("?", ""), ("[a-c]", "d"), ("abc", "ab"), ("ab", "abc"), (r"\*", "x")] {
            assert!(!fnmatch(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        assert!(!matches(b"*", b".hidden"));
        assert!(matches(b".*", b".hidden"));
    }

    #[test]
    fn many_stars_do_not_take_forever() {
        assert!(!fnmatch(&[b"*a".repeat(60), b"b".to_vec()].concat(), &b"a".repeat(3000)));
    }

    #[test]
    fn braces_multiply() {
        let all = |pattern: &str| {
            let mut found = Vec::new();
            braces(pattern.into(), &mut found).map(|()| found.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(all("/a{b,c{d,e}}f").unwrap(), ["/abf", "/acdf", "/acef"]);
        assert_eq!(all("/{,x}{1,2}").unwrap(), ["/1", "/2", "/x1", "/x2"]);
        assert_eq!(all("/{}{a").unwrap(), ["/{}{a"]);
        assert!(all(&"{a,b}".repeat(40)).is_err());
    }
}

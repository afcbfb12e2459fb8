//! Every file of a tree with its digest and metadata: as an oracle saw it, and as Glassbox does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use bstr::{BString, ByteSlice};
use glassbox_filesystems::{FileType, Filesystem, NodeId, Timestamp};
use glassbox_io::{Errno, ReadAt, Result};
use sha2::{Digest, Sha256};

/// The columns of a manifest, by the names that comparisons use: see `fixtures/manifest.py`.
pub const COLUMNS: [&str; 15] = [
    "type", "mode", "uid", "gid", "nlink", "size", "blocks", "ino", "atime", "mtime", "ctime", "rdev", "sha256",
    "link", "xattrs",
];

/// Path → columns, in the order of [`COLUMNS`].
pub type Manifest = BTreeMap<BString, Vec<String>>;

/// Reads what `manifest.py` wrote.
pub fn read(file: &Path) -> Manifest {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines()
        .map(|line| {
            let mut columns = line.split('\t');
            let path = match columns.next() {
                Some("-") | None => BString::default(),
                Some(hex) => unhex(hex),
            };
            let columns: Vec<String> = columns.map(str::to_owned).collect();
            assert_eq!(columns.len(), COLUMNS.len(), "{}: {line}", file.display());
            (path, columns)
        })
        .collect()
}

/// The same for a filesystem that Glassbox opened.
pub fn of(filesystem: &dyn Filesystem) -> Manifest {
    let mut manifest = Manifest::new();
    let mut waiting = vec![(BString::default(), filesystem.root())];
    while let Some((path, node)) = waiting.pop() {
        let columns = columns(filesystem, node).unwrap_or_else(|error| panic!("{path}: {error:?}"));
        if columns[0] == "d" {
            filesystem
                .read_dir(node, &mut |entry| {
                    let mut child = path.clone();
                    if !child.is_empty() {
                        child.push(b'/');
                    }
                    child.extend_from_slice(entry.name);
                    waiting.push((child, entry.node));
                    ControlFlow::Continue(())
                })
                .unwrap_or_else(|error| panic!("{path}: {error:?}"));
        }
        assert!(manifest.insert(path.clone(), columns).is_none(), "{path} is listed twice");
    }
    manifest
}

/// Panics with the first differences, if there are any. `ignored` names columns that this oracle can't tell.
pub fn assert_same(name: &str, ours: &Manifest, oracle: &Manifest, ignored: &[&str]) {
    for column in ignored {
        assert!(COLUMNS.contains(column), "{column} is no column");
    }
    let mut report = String::new();
    let mut count = 0;
    let mut differ = |line: String| {
        count += 1;
        if count <= 20 {
            writeln!(report, "  {line}").expect("a string takes text");
        }
    };
    for path in oracle.keys().filter(|path| !ours.contains_key(*path)) {
        differ(format!("{path}: missing"));
    }
    for (path, columns) in ours {
        let Some(expected) = oracle.get(path) else {
            differ(format!("{path}: not there for the oracle"));
            continue;
        };
        for ((column, ours), oracle) in COLUMNS.iter().zip(columns).zip(expected) {
            if ours != oracle && !ignored.contains(column) {
                differ(format!("{path}: {column} is {ours}, the oracle says {oracle}"));
            }
        }
    }
    assert!(count == 0, "{name}: {count} differences among {} files:\n{report}", oracle.len());
    assert!(oracle.len() > 1, "{name}: an oracle without files proves nothing");
}

/// The digest of everything in `source`, holes included, as lower-case hex.
pub fn sha256(source: &dyn ReadAt) -> Result<String> {
    let mut digest = Sha256::new();
    let mut buf = vec![0; 1 << 20];
    let mut offset = 0;
    loop {
        let count = source.read_at(&mut buf, offset)?;
        if count == 0 {
            return Ok(hex(&digest.finalize()));
        }
        digest.update(&buf[..count]);
        offset += count as u64;
    }
}

fn columns(filesystem: &dyn Filesystem, node: NodeId) -> Result<Vec<String>> {
    let stat = filesystem.stat(node)?;
    let letter = match stat.file_type() {
        FileType::Regular => "f",
        FileType::Directory => "d",
        FileType::Symlink => "l",
        FileType::Fifo => "p",
        FileType::CharDevice => "c",
        FileType::BlockDevice => "b",
        FileType::Socket => "s",
        FileType::Unknown => "?",
    };
    let digest = match letter {
        "f" => match filesystem.open(node).and_then(|file| sha256(&file)) {
            Ok(digest) => digest,
            Err(error) if error.errno() != Errno::EUCLEAN => format!("error:{}", error.errno().0),
            Err(error) => return Err(error),
        },
        _ => "-".into(),
    };
    let link = if letter == "l" { dash_if_empty(hex(&filesystem.read_link(node)?)) } else { "-".into() };
    let mut xattrs = filesystem.xattrs(node)?;
    xattrs.sort_by(|a, b| a.name.cmp(&b.name));
    let xattrs: Vec<String> = xattrs
        .iter()
        .map(|xattr| {
            let value = match xattr.value.len() {
                0..=256 => hex(&xattr.value),
                _ => format!("sha256:{}", hex(&Sha256::digest(&xattr.value))),
            };
            format!("{}={value}", hex(&xattr.name))
        })
        .collect();
    Ok(vec![
        letter.into(),
        format!("{:o}", stat.mode & 0o7777),
        stat.uid.to_string(),
        stat.gid.to_string(),
        stat.nlink.to_string(),
        stat.size.to_string(),
        stat.blocks.to_string(),
        stat.ino.to_string(),
        nanoseconds(stat.atime),
        nanoseconds(stat.mtime),
        nanoseconds(stat.ctime),
        stat.rdev.to_string(),
        digest,
        link,
        dash_if_empty(xattrs.join(",")),
    ])
}

fn nanoseconds(time: Timestamp) -> String {
    (i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanoseconds)).to_string()
}

fn dash_if_empty(text: String) -> String {
    if text.is_empty() { "-".into() } else { text }
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a text in hex.
pub fn unhex(text: &str) -> BString {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(pair.to_str().expect("hex is ASCII"), 16).expect("a manifest has hex paths"))
        .collect::<Vec<u8>>()
        .into()
}

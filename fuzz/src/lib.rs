//! What the targets share: reading everything that an image offers, within bounds.

use std::ops::ControlFlow;
use std::sync::Arc;

use bstr::{BStr, BString};
use glassbox_filesystems::{FileType, Filesystem, NodeId};
use glassbox_io::{ExtentKind, Extents, ReadAt, Source};
use glassbox_packages::rpm::Database;

/// Nodes that a walk looks at: a directory tree may be endless on purpose, and that is no finding.
const MAX_NODES: usize = 500;
/// Entries that are taken from one directory.
const MAX_ENTRIES: usize = 200;
/// Bytes read from one file, or disk.
const MAX_READ: usize = 256 << 10;
/// Extents that are listed of one.
const MAX_EXTENTS: usize = 200;

/// The fuzzer's bytes as an image.
pub fn image(bytes: &[u8]) -> Source {
    Arc::new(bytes.to_vec())
}

/// Asks everything of a filesystem.
pub fn walk(filesystem: &dyn Filesystem) {
    let _ = (filesystem.statvfs(), filesystem.label(), filesystem.uuid());
    let mut waiting = vec![filesystem.root()];
    let mut seen = 0;
    while let Some(node) = waiting.pop() {
        seen += 1;
        if seen > MAX_NODES {
            return;
        }
        visit(filesystem, node, &mut waiting);
    }
}

fn visit(filesystem: &dyn Filesystem, node: NodeId, waiting: &mut Vec<NodeId>) {
    let _ = (filesystem.flags(node), filesystem.generation(node));
    if let Ok(xattrs) = filesystem.xattrs(node) {
        for xattr in xattrs {
            let _ = filesystem.xattr(node, xattr.name.as_ref());
        }
    }
    let Ok(stat) = filesystem.stat(node) else { return };
    match stat.file_type() {
        FileType::Directory => {
            let mut names: Vec<BString> = Vec::new();
            let _ = filesystem.read_dir(node, &mut |entry| {
                names.push(entry.name.to_owned());
                waiting.push(entry.node);
                if names.len() < MAX_ENTRIES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            for name in names.iter().take(5).map(|name| name.as_ref()).chain([BStr::new("absent")]) {
                let _ = filesystem.lookup(node, name);
            }
        }
        FileType::Symlink => {
            let _ = filesystem.read_link(node);
        }
        FileType::Regular => {
            if let Ok(file) = filesystem.open(node) {
                read(&file);
            }
        }
        _ => {}
    }
}

/// Reads the beginning and the end of a source, and checks that its holes are holes.
pub fn read(source: &dyn ReadAt) {
    let mut buf = vec![0; 64 << 10];
    for from in [0, source.len().saturating_sub(MAX_READ as u64)] {
        for offset in (from..source.len()).step_by(buf.len()).take(MAX_READ / buf.len()) {
            if source.read_at(&mut buf, offset).is_err() {
                break;
            }
        }
    }
    for extent in Extents::new(source, 0).take(MAX_EXTENTS) {
        let Ok((offset, extent)) = extent else { return };
        if extent.kind == ExtentKind::Hole {
            let length = extent.length.min(buf.len() as u64) as usize;
            if let Ok(count) = source.read_at(&mut buf[..length], offset) {
                assert!(buf[..count].iter().all(|byte| *byte == 0), "a hole at {offset} isn't zero");
            }
        }
    }
}

/// Lists the packages of an RPM database.
pub fn rpm_packages(database: &[u8], log: Option<&[u8]>) {
    let (file, log) = (database.to_vec(), log.map(<[u8]>::to_vec));
    let log = log.as_ref().map(|log| log as &dyn ReadAt);
    let Ok(listing) = Database::open(&file, log).and_then(|database| database.packages()) else { return };
    let text: usize = listing.packages.iter().map(|package| package.name.len() + package.version.len()).sum();
    let length = file.len() as u64 + log.map_or(0, |log| log.len());
    assert!(text as u64 <= length, "more text than there was");
}

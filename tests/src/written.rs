//! The files that a program wrote, in a form that two programs can be compared by.
//!
//! They are compared byte by byte but for these names: `*.tar*`, `*.tgz`, `*.txz` and `*.cpio` by their members, `*.list0` and
//! `*.sums` in any order, `*.gz`, `*.xz`, `*.bz2` and `*.zst` by what they hold, `*.qcow2` by being there. `none.*` is what may be
//! left behind by what fails.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bstr::ByteSlice;
use sha2::{Digest, Sha256};

use crate::archives::{cpio_listing, decompress, tar_listing};

/// Name → what is compared of the file.
pub type Written = BTreeMap<String, Vec<String>>;

/// Everything below `folder` but the links to the disks of these names.
pub fn written(folder: &Path, disks: &[&str]) -> Written {
    let mut files = Written::new();
    list_files(folder, "", disks, &mut files);
    files
}

fn list_files(folder: &Path, prefix: &str, disks: &[&str], files: &mut Written) {
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        let entry = entry.expect("a folder can be listed");
        let name = format!("{prefix}{}", entry.file_name().as_encoded_bytes().escape_ascii());
        let path = entry.path();
        let kind = entry.file_type().expect("a file has a type");
        if name.starts_with("none.") {
            continue;
        }
        if kind.is_dir() {
            list_files(&path, &format!("{name}/"), disks, files);
        } else if kind.is_symlink() {
            if !disks.contains(&name.as_str()) {
                let target = fs::read_link(&path).expect("a link has a target");
                files.insert(name, vec![format!("-> {}", target.as_os_str().as_encoded_bytes().escape_ascii())]);
            }
        } else {
            files.insert(name.clone(), contents(&name, &path));
        }
    }
}

fn contents(name: &str, path: &Path) -> Vec<String> {
    // An image that was made is compared by what calls say of it: other than a raw one it may be laid out as it likes.
    if name.ends_with(".qcow2") {
        return vec!["an image".into()];
    }
    let bytes = fs::read(path).expect("a file can be read");
    let unpacked = match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        _ if bytes.is_empty() => Ok(bytes),
        "gz" | "tgz" => decompress("gzip", path),
        "xz" | "txz" => decompress("xz", path),
        "bz2" => decompress("bzip2", path),
        "zst" => decompress("zstd", path),
        _ => Ok(bytes),
    };
    let listing = unpacked.and_then(|bytes| match name {
        _ if bytes.is_empty() => Ok(Vec::new()),
        _ if name.contains(".tar") || name.ends_with(".tgz") || name.ends_with(".txz") => tar_listing(&bytes),
        _ if name.ends_with(".cpio") => cpio_listing(&bytes),
        _ if name.ends_with(".list0") => Ok(sorted(bytes.split(|byte| *byte == 0))),
        _ if name.ends_with(".sums") => Ok(sorted(bytes.lines())),
        _ => Ok(vec![format!("{} bytes, sha256 {:x}", bytes.len(), Sha256::digest(&bytes))]),
    });
    listing.unwrap_or_else(|error| vec![format!("unreadable: {error}")])
}

/// As text, in order.
pub fn sorted<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let mut parts: Vec<String> = parts.map(|part| part.escape_ascii().to_string()).collect();
    parts.sort();
    parts
}

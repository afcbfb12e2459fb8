//! What is in an archive, whatever order it is in.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::manifest::hex;

/// One line per member, sorted: everything that is archived of it, and the digest of its contents. The members that a
/// name is a hard link to depend on the order of the archive, so that every name of a file is shown as the file.
/// An error where it can't be read.
pub fn tar_listing(archive: &[u8]) -> Result<Vec<String>, String> {
    let mut members = BTreeMap::new();
    let mut links = Vec::new();
    let mut reader = tar::Archive::new(archive);
    for entry in reader.entries().map_err(|error| error.to_string())? {
        let mut entry = entry.map_err(|error| error.to_string())?;
        let name = entry.path_bytes().into_owned();
        let mut extensions = Vec::new();
        if let Some(records) = entry.pax_extensions().map_err(|error| error.to_string())? {
            for record in records {
                let record = record.map_err(|error| error.to_string())?;
                if !["path", "linkpath"].map(str::as_bytes).contains(&record.key_bytes()) {
                    extensions.push(format!("{}={}", show(record.key_bytes()), hex(record.value_bytes())));
                }
            }
        }
        extensions.sort();
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).map_err(|error| error.to_string())?;
        let header = entry.header();
        let number = |field: std::io::Result<u64>| field.map_or("?".into(), |number| number.to_string());
        let described = format!(
            "mode {} owner {}:{} ({}:{}) mtime {} device {}:{} {} {}",
            header.mode().map_or("?".into(), |mode| format!("{mode:o}")),
            number(header.uid()),
            number(header.gid()),
            show(header.username_bytes().unwrap_or_default()),
            show(header.groupname_bytes().unwrap_or_default()),
            number(header.mtime()),
            header.device_major().ok().flatten().unwrap_or(0),
            header.device_minor().ok().flatten().unwrap_or(0),
            extensions.join(" "),
            if contents.is_empty() { String::new() } else { hex(&Sha256::digest(&contents)) },
        );
        match (header.entry_type(), entry.link_name_bytes()) {
            (tar::EntryType::Link, Some(target)) => links.push((name, target.into_owned())),
            (kind, target) => {
                let target = target.map_or(String::new(), |target| format!(" -> {}", show(&target)));
                if members.insert(name.clone(), format!("{kind:?} {described}{target}")).is_some() {
                    return Err(format!("{} is in the archive twice", show(&name)));
                }
            }
        }
    }
    for (name, target) in links {
        let file = members.get(&target).cloned().ok_or_else(|| format!("no {} to link to", show(&target)))?;
        members.insert(name, file);
    }
    Ok(members.into_iter().map(|(name, described)| format!("{}: {described}", show(&name))).collect())
}

/// The same for a cpio archive in the `newc` or `crc` format. Inode numbers and devices are left out: they are those of
/// the moment of archiving. Of a file with several names, one entry alone has the contents; all are shown with them.
pub fn cpio_listing(archive: &[u8]) -> Result<Vec<String>, String> {
    const HEADER: usize = 110;
    let mut lines = Vec::new();
    let mut linked: BTreeMap<usize, &[u8]> = BTreeMap::new();
    let mut at = 0;
    loop {
        let header = archive.get(at..at + HEADER).ok_or("the archive ends without a trailer")?;
        let magic = show(&header[..6]);
        let mut fields = [0; 13];
        for (field, digits) in fields.iter_mut().zip(header[6..].chunks(8)) {
            let digits = std::str::from_utf8(digits).map_err(|error| error.to_string())?;
            *field = usize::from_str_radix(digits, 16).map_err(|error| error.to_string())?;
        }
        let [inode, mode, uid, gid, nlink, mtime, size, _, _, rdev_major, rdev_minor, name_size, check] = fields;
        let data = (at + HEADER + name_size).next_multiple_of(4);
        let name = archive.get(at + HEADER..at + HEADER + name_size - 1).ok_or("a name is cut off")?;
        if name == b"TRAILER!!!" {
            break;
        }
        let contents = archive.get(data..data + size).ok_or("contents are cut off")?;
        let described = format!(
            "{}: {magic} mode {mode:o} owner {uid}:{gid} nlink {nlink} mtime {mtime} rdev {rdev_major}:{rdev_minor}",
            show(name),
        );
        let several = nlink > 1 && mode & 0o170000 == 0o100000;
        if several && !contents.is_empty() {
            linked.insert(inode, contents);
        }
        lines.push((described, several.then_some(inode), contents, check));
        at = (data + size).next_multiple_of(4);
    }
    let mut lines: Vec<String> = lines
        .into_iter()
        .map(|(described, inode, contents, check)| {
            let contents = inode.and_then(|inode| linked.get(&inode)).copied().unwrap_or(contents);
            let check = if inode.is_some() { 0 } else { check };
            format!("{described} check {check} {}", hex(&Sha256::digest(contents)))
        })
        .collect();
    lines.sort();
    Ok(lines)
}

/// `file`, through `PROGRAM -dc`.
///
/// # Panics
/// When the program isn't there.
pub fn decompress(program: &str, file: &Path) -> Result<Vec<u8>, String> {
    let output = Command::new(program).arg("-dc").arg(file).stdin(Stdio::null()).output().expect("it is installed");
    if output.status.success() { Ok(output.stdout) } else { Err(show(&output.stderr)) }
}

fn show(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

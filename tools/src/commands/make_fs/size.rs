//! How large a disk must be to hold what is put on it.
//!
//! Estimates, on the safe side: what a filesystem needs besides its files depends on its size, and on defaults that differ
//! from one release of its tools to the next.

use bstr::{BStr, ByteSlice};

use crate::number;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// What files are rounded up to: blocks of nearly all filesystems, clusters of FAT up to 8 GiB are twice that.
const BLOCK: u64 = 4 * KIB;
/// What a partition table takes from a disk: what lies before the first partition, and a GPT's second copy.
const TABLE: u64 = MIB;
/// Disks are made of whole sectors, of up to 4 KiB.
const SECTOR: u64 = 4 * KIB;

/// The size of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// So many bytes.
    Fixed(u64),
    /// What is needed, and so many bytes more.
    Fitting { extra: u64 },
}

/// How much there is to store.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Contents {
    files: u64,
    /// Bytes, each file's rounded up to whole blocks.
    bytes: u64,
}

impl Contents {
    /// Counts a file or directory of `size` bytes.
    pub fn add(&mut self, size: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(size.checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files == 0
    }
}

impl Size {
    /// Reads `100M` or `+100M`. The error is a text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (extra, digits) = match text.strip_prefix('+') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        // b is for bytes, as is no suffix.
        let number = number::parse_size(digits.strip_suffix('b').unwrap_or(digits).as_bytes());
        let size = number
            .map_err(|error| format!("parse_size: invalid size parameter ‘{text}’ (xstrtoull returned {error})"))?;
        match (extra, size) {
            (true, extra) => Ok(Size::Fitting { extra }),
            (false, 0) => Err(format!("--size={text}: a disk can't be empty")),
            (false, size) => Ok(Size::Fixed(size)),
        }
    }

    /// In bytes, for a disk with this filesystem, in a partition or not. `None` if it is larger than any disk.
    pub fn bytes(self, filesystem: &BStr, contents: &Contents, partitioned: bool) -> Option<u64> {
        let extra = match self {
            Size::Fixed(bytes) => return Some(bytes),
            Size::Fitting { extra } => extra,
        };
        let table = if partitioned { TABLE } else { 0 };
        let needed = estimate(filesystem, contents)?;
        needed.checked_add(table)?.checked_add(extra)?.checked_next_multiple_of(SECTOR)
    }
}

/// The size of a filesystem that holds these files.
fn estimate(filesystem: &BStr, contents: &Contents) -> Option<u64> {
    let Contents { files, bytes } = *contents;
    Some(match filesystem.as_bytes() {
        b"ext2" => ext(contents)?,
        b"ext3" | b"ext4" => {
            let size = ext(contents)?;
            size.checked_add(journal(size))?
        }
        // mkfs.xfs refuses less than 300 MiB, of which its log takes 64.
        b"xfs" => (64 * MIB).checked_add(percent(bytes, 108)?)?.checked_add(files.checked_mul(KIB)?)?.max(300 * MIB),
        // mkfs.btrfs wants 109 MiB; metadata is stored twice, and small files are part of it.
        b"btrfs" => (128 * MIB).checked_add(percent(bytes, 130)?)?.checked_add(files.checked_mul(2 * KIB)?)?,
        // A record of 1 KiB in the master file table for each file; the log.
        b"ntfs" => (8 * MIB).checked_add(percent(bytes, 106)?)?.checked_add(files.checked_mul(KIB + KIB / 4)?)?,
        // Clusters of 8 KiB at most (up to 16 GiB), two tables of 4 bytes for each cluster of 512 bytes at least.
        b"vfat" | b"fat" | b"msdos" => {
            (512 * KIB).checked_add(percent(bytes, 104)?)?.checked_add(files.checked_mul(BLOCK)?)?
        }
        // Their metadata is not known here.
        _ => (64 * MIB).checked_add(percent(bytes, 115)?)?.checked_add(files.checked_mul(KIB)?)?,
    })
}

/// ext without a journal, as /etc/mke2fs.conf has it: up to 3 MiB an inode for each 8 KiB, up to 512 MiB one for each 4 KiB
/// (of 256 bytes, so 1/16 of the disk), then one for each 16 KiB.
fn ext(contents: &Contents) -> Option<u64> {
    // The first inodes aren't for files.
    let inodes = contents.files.checked_add(16)?;
    let stored = (256 * KIB).checked_add(percent(contents.bytes, 112)?)?;
    let small = stored.max(inodes.checked_mul(8 * KIB)?);
    if small < 3 * MIB {
        return Some(small);
    }
    let middle = stored.max(percent(inodes.checked_mul(4 * KIB)?, 105)?);
    if middle < 512 * MIB {
        return Some(middle);
    }
    Some(stored.max(percent(inodes.checked_mul(16 * KIB)?, 102)?))
}

/// The journal that mke2fs makes: more for larger filesystems, in steps.
fn journal(filesystem: u64) -> u64 {
    match filesystem {
        0..0x200_0000 => 2 * MIB,
        0x200_0000..0x1000_0000 => 5 * MIB,
        0x1000_0000..0x2000_0000 => 9 * MIB,
        _ => match filesystem / GIB {
            0 => 33 * MIB,
            1 => 65 * MIB,
            2..16 => 65 * MIB,
            16..32 => 129 * MIB,
            32..128 => 257 * MIB,
            _ => 1025 * MIB,
        },
    }
}

fn percent(bytes: u64, percent: u64) -> Option<u64> {
    (bytes / 100).checked_add(1)?.checked_mul(percent)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;
    use std::process::Command;

    use super::super::input::Input;
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(Size::parse("100M"), Ok(Size::Fixed(100 << 20)));
        assert_eq!(Size::parse("1024b"), Ok(Size::Fixed(1024)));
        assert_eq!(Size::parse("+1G"), Ok(Size::Fitting { extra: 1 << 30 }));
        assert_eq!(Size::parse("abc"), Err("parse_size: invalid size parameter ‘abc’ (xstrtoull returned 4)".into()));
        assert!(Size::parse("0").is_err() && Size::parse("+-1").is_err());
        let most = Contents { files: u64::MAX, bytes: u64::MAX };
        assert_eq!(Size::Fitting { extra: 1 }.bytes("ext4".into(), &most, true), None);
    }

    /// mke2fs puts a tree into a filesystem of the size that is estimated for it, and most of it is used.
    fn fits(tree: &Path, filesystem: &str, least_used: u64) {
        let contents = Input::open(tree.as_os_str()).unwrap().contents().unwrap();
        let size = estimate(filesystem.into(), &contents).unwrap();
        let image = tree.with_extension(filesystem);
        File::create(&image).unwrap().set_len(size).unwrap();
        let made = Command::new("mke2fs").args(["-q", "-F", "-t", filesystem, "-d"]).arg(tree).arg(&image).output();
        let made = match made {
            Ok(made) => made,
            Err(_) => return eprintln!("SKIPPED: there is no mke2fs"),
        };
        assert!(made.status.success(), "{filesystem}, {contents:?}, {size}: {}", made.stderr.as_bstr());
        assert!(contents.bytes * 100 >= size * least_used, "{filesystem}, {contents:?}: {size} is too large");
    }

    #[test]
    fn files_fit_into_what_is_estimated() {
        let folder = tempfile::tempdir().unwrap();
        let tree = |name: &str, files: u64, size: usize| {
            let tree = folder.path().join(name);
            for directory in 0..files.div_ceil(100) {
                fs::create_dir_all(tree.join(directory.to_string())).unwrap();
            }
            for file in 0..files {
                fs::write(tree.join((file / 100).to_string()).join(file.to_string()), vec![7; size]).unwrap();
            }
            tree
        };
        for (name, files, size, least_used) in
            [("few", 3, 100, 0), ("many", 3000, 100, 75), ("some", 50, 100_000, 55), ("large", 2, 40 << 20, 70)]
        {
            let tree = tree(name, files, size);
            ["ext2", "ext3", "ext4"].iter().for_each(|filesystem| fits(&tree, filesystem, least_used));
        }
    }
}

//! Names of block devices: `/dev/sda`, `/dev/sda1`, `/dev/vg/lv`, and the other spellings that callers use.

use bstr::{BStr, BString, ByteSlice};

/// A disk, or a partition of one, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiskName {
    /// The disk, in the order in which drives were added, from 0.
    pub disk: usize,
    /// The partition, from 1; `None` is the whole disk.
    pub partition: Option<u32>,
}

/// Linux's block major numbers of SCSI disks; each holds 16 disks of 16 minors (`Documentation/admin-guide/devices.txt`).
const SCSI_DISK_MAJORS: [u64; 16] = [8, 65, 66, 67, 68, 69, 70, 71, 128, 129, 130, 131, 132, 133, 134, 135];
/// Linux's major number for what doesn't fit elsewhere: partitions from the 16th on ("extended block devices").
const EXTENDED_BLOCK_MAJOR: u64 = 259;

impl DiskName {
    /// Understands `/dev/sdXN`, and the spellings of other drivers that guests and scripts use for the same disk:
    /// `/dev/hdXN`, `/dev/vdXN`, `/dev/xvdXN`, `/dev/ubdXN`.
    pub fn parse(name: &BStr) -> Option<DiskName> {
        let short = name.strip_prefix(b"/dev/")?;
        let letters =
            [&b"sd"[..], b"hd", b"vd", b"xvd", b"ubd"].iter().find_map(|prefix| short.strip_prefix(*prefix))?;
        let end = letters.iter().position(|byte| !byte.is_ascii_lowercase()).unwrap_or(letters.len());
        let (letters, digits) = letters.split_at(end);
        let disk = index_of(letters)?;
        if digits.is_empty() {
            return Some(DiskName { disk, partition: None });
        }
        if !digits.iter().all(u8::is_ascii_digit) || digits[0] == b'0' {
            return None;
        }
        let partition = digits.to_str().ok()?.parse().ok()?;
        Some(DiskName { disk, partition: Some(partition) })
    }

    /// The name without `/dev/`: `sda1`.
    pub fn short(self) -> String {
        let letters = letters_of(self.disk);
        match self.partition {
            Some(partition) => format!("sd{letters}{partition}"),
            None => format!("sd{letters}"),
        }
    }

    /// The device number that Linux gives it, as `makedev` encodes it.
    pub fn device_number(self) -> u64 {
        match self.partition.unwrap_or(0) {
            minor @ 0..16 => {
                let major = SCSI_DISK_MAJORS[(self.disk / 16) % SCSI_DISK_MAJORS.len()];
                makedev(major, (self.disk as u64 % 16) * 16 + u64::from(minor))
            }
            // Linux counts these up as it meets them; any number tells filesystems apart.
            partition => makedev(EXTENDED_BLOCK_MAJOR, self.disk as u64 * 256 + u64::from(partition)),
        }
    }
}

impl std::fmt::Display for DiskName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "/dev/{}", self.short())
    }
}

impl From<DiskName> for BString {
    fn from(name: DiskName) -> Self {
        name.to_string().into()
    }
}

/// Linux's 64-bit device number, as glibc's `makedev` makes it.
pub fn makedev(major: u64, minor: u64) -> u64 {
    (major & 0xffff_f000) << 32 | (major & 0xfff) << 8 | (minor & 0xffff_ff00) << 12 | minor & 0xff
}

/// Linux's numbering of disks: a … z, aa … zz, aaa …
fn letters_of(mut index: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(b'a' + (index % 26) as u8);
        index /= 26;
        if index == 0 {
            break;
        }
        index -= 1;
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

fn index_of(letters: &[u8]) -> Option<usize> {
    // Seven letters are more disks than any system has, and can't overflow.
    if letters.is_empty() || letters.len() > 7 {
        return None;
    }
    Some(letters.iter().fold(0, |index, letter| index * 26 + usize::from(letter - b'a') + 1) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str) -> Option<(usize, Option<u32>)> {
        DiskName::parse(name.into()).map(|name| (name.disk, name.partition))
    }

    #[test]
    fn names_and_numbers_agree() {
        assert_eq!(parse("/dev/sda"), Some((0, None)));
        assert_eq!(parse("/dev/vdb3"), Some((1, Some(3))));
        assert_eq!(parse("/dev/hdz"), Some((25, None)));
        assert_eq!(parse("/dev/sdaa15"), Some((26, Some(15))));
        for wrong in ["sda", "/dev/sd", "/dev/sda01", "/dev/sda1x", "/dev/sdA", "/dev/md0", "/dev/sda99999999999"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        for index in [0, 25, 26, 27, 51, 52, 701, 702, 703, 18277, 18278] {
            let name = DiskName { disk: index, partition: None };
            assert_eq!(DiskName::parse(name.to_string().as_str().into()), Some(name));
        }
        assert_eq!(DiskName { disk: 702, partition: None }.to_string(), "/dev/sdaaa");
    }

    #[test]
    fn device_numbers_are_those_of_linux() {
        assert_eq!(DiskName { disk: 0, partition: Some(1) }.device_number(), 0x801);
        assert_eq!(DiskName { disk: 1, partition: None }.device_number(), 0x810);
        assert_eq!(DiskName { disk: 16, partition: Some(2) }.device_number(), 65 << 8 | 2);
        assert_eq!(makedev(259, 70000), ((70000 & !0xff) << 12) | 259 << 8 | (70000 & 0xff));
    }
}

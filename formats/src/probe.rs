//! Format detection from an image's first bytes, with the rules (and the gaps) of `qemu-img info`.
//!
//! The answers have to be qemu's, because libguestfs's `disk_format` is. So, a fixed VHD, whose only mark is its footer,
//! is `raw`, and LUKS version 2 is `raw` while version 1 is `luks`.

use std::path::Path;

use glassbox_io::{Fields, ReadAt, Result};

use crate::Format;

/// How much is looked at; qemu's BLOCK_PROBE_BUF_SIZE.
const LENGTH: usize = 512;

/// Tells the format of `source`, whose file name is `path`. What nothing else recognises is raw.
pub(crate) fn probe(source: &dyn ReadAt, path: &Path) -> Result<Format> {
    let mut bytes = [0; LENGTH];
    let count = source.read_at(&mut bytes, 0)?;
    let start = bytes.get(..count).unwrap_or_default();
    Ok(by_content(start).or_else(|| by_name(path)).unwrap_or(Format::Raw))
}

/// The format whose marks `start` (the file's first 512 bytes, or all of it) bears.
fn by_content(start: &[u8]) -> Option<Format> {
    let fields = Fields::new(start);
    if start.starts_with(b"QFI\xfb") {
        return match fields.be32(4).ok()? {
            1 => Some(Format::Qcow),
            version if version >= 2 => Some(Format::Qcow2),
            _ => None,
        };
    }
    if start.starts_with(b"KDMV") || start.starts_with(b"COWD") || is_vmdk_descriptor(start) {
        return Some(Format::Vmdk);
    }
    if start.starts_with(b"vhdxfile") {
        return Some(Format::Vhdx);
    }
    if start.starts_with(b"conectix") {
        return Some(Format::Vpc);
    }
    if start.starts_with(b"QED\0") {
        return Some(Format::Qed);
    }
    if start.starts_with(b"LUKS\xba\xbe") && fields.be16(6).ok() == Some(1) {
        return Some(Format::Luks);
    }
    if (start.starts_with(b"WithoutFreeSpace") || start.starts_with(b"WithouFreSpacExt"))
        && fields.le32(16).ok() == Some(2)
    {
        return Some(Format::Parallels);
    }
    // The signature stands behind 64 bytes of free text.
    if fields.le32(64).ok() == Some(0xbeda_107f) {
        return Some(Format::Vdi);
    }
    if is_bochs(fields) {
        return Some(Format::Bochs);
    }
    start.starts_with(CLOOP).then_some(Format::Cloop)
}

/// A compressed loop image is a shell script that mounts itself.
const CLOOP: &[u8] = b"#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n";

/// "Bochs Virtual HD Image", type "Redolog", subtype "Growing", in NUL-padded fields of 32, 16 and 16 bytes, then the
/// version: 1 or 2 in the upper half.
fn is_bochs(fields: Fields<'_>) -> bool {
    let text = |offset, length, text: &[u8]| {
        fields.slice(offset, length).is_ok_and(|field| field.split(|byte| *byte == 0).next() == Some(text))
    };
    text(0, 32, b"Bochs Virtual HD Image")
        && text(32, 16, b"Redolog")
        && text(48, 16, b"Growing")
        && matches!(fields.le32(64), Ok(0x10000 | 0x20000))
}

/// A VMDK may be a text that describes it: comments and blank lines, then `version=` 1, 2 or 3.
fn is_vmdk_descriptor(start: &[u8]) -> bool {
    let mut lines = start.split_inclusive(|byte| *byte == b'\n');
    let Some(line) = lines.find(|line| !is_comment_or_blank(line)) else { return false };
    let Some(rest) = line.strip_prefix(b"version=") else { return false };
    matches!(rest, [b'1'..=b'3', b'\n'] | [b'1'..=b'3', b'\r', b'\n'])
}

fn is_comment_or_blank(line: &[u8]) -> bool {
    // A line that doesn't begin with '#' or a space is no blank line to qemu, even if it is empty.
    line.starts_with(b"#") || (line.starts_with(b" ") && line.trim_ascii().is_empty())
}

/// A macOS disk image is told by its name alone: its mark is at its end.
fn by_name(path: &Path) -> Option<Format> {
    path.as_os_str().as_encoded_bytes().ends_with(b".dmg").then_some(Format::Dmg)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probed(start: &[u8]) -> Format {
        probe(&start.to_vec(), Path::new("disk.img")).unwrap()
    }

    #[test]
    fn each_format_is_told_by_its_marks() {
        let mut vdi = b"<<< Oracle VM VirtualBox Disk Image >>>\n".to_vec();
        vdi.resize(64, 0);
        vdi.extend(0xbeda_107f_u32.to_le_bytes());
        let mut bochs = b"Bochs Virtual HD Image".to_vec();
        bochs.resize(32, 0);
        bochs.extend(b"Redolog\0\0\0\0\0\0\0\0\0Growing\0\0\0\0\0\0\0\0\0");
        bochs.extend(0x20000_u32.to_le_bytes());
        for (format, start) in [
            (Format::Raw, &b""[..]),
            (Format::Raw, &[0; 600]),
            (Format::Raw, b"QFI\xfb"),
            (Format::Raw, b"QFI\xfb\0\0\0\0"),
            (Format::Qcow, b"QFI\xfb\0\0\0\x01"),
            (Format::Qcow2, b"QFI\xfb\0\0\0\x02"),
            (Format::Qcow2, b"QFI\xfb\0\0\0\x04"),
            (Format::Vmdk, b"KDMV\x01\0\0\0"),
            (Format::Vmdk, b"COWD"),
            (Format::Vmdk, b"# Disk DescriptorFile\n  \r\nversion=1\r\nCID=1\n"),
            (Format::Raw, b"# Disk DescriptorFile\nversion=4\n"),
            (Format::Raw, b"# Disk DescriptorFile\n\nversion=1\n"),
            (Format::Raw, b"# only comments"),
            (Format::Vhdx, b"vhdxfile"),
            (Format::Vpc, b"conectix"),
            (Format::Qed, b"QED\0"),
            (Format::Luks, b"LUKS\xba\xbe\0\x01"),
            (Format::Raw, b"LUKS\xba\xbe\0\x02"),
            (Format::Parallels, b"WithoutFreeSpace\x02\0\0\0"),
            (Format::Raw, b"WithoutFreeSpace\x03\0\0\0"),
            (Format::Cloop, CLOOP),
            (Format::Vdi, &vdi),
            (Format::Bochs, &bochs),
        ] {
            assert_eq!(probed(start), format, "{}", start.escape_ascii());
        }
        assert_eq!(probe(&vec![0u8; 600], Path::new("x.dmg")).unwrap(), Format::Dmg);
    }
}

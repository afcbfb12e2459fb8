//! What the kernel has mounted below the guest's root.

use std::fs;

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::Result;

use crate::sysroot::SYSROOT;

/// One line of `/proc/self/mountinfo` (proc(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountedHere {
    /// Where, as the guest sees it: `/`, `/boot`.
    pub path: BString,
    /// What was mounted: `/dev/sda1`.
    pub source: BString,
    /// The type in the kernel's words: `ext4`, `fuseblk`.
    pub kind: BString,
    /// `st_dev` of its files, as `makedev` encodes it.
    pub device_number: u64,
    /// Whether it is read-only.
    pub read_only: bool,
}

impl MountedHere {
    /// Whether this is the empty root that the appliance begins with.
    pub fn is_empty_root(&self) -> bool {
        self.path == "/" && self.source == "tmpfs"
    }

    /// Where it is in the appliance.
    pub fn place(&self) -> BString {
        [SYSROOT.as_bytes(), self.path.trim_end_with(|letter| letter == '/')].concat().into()
    }
}

/// All of them, in the order in which they were mounted.
pub fn mounted() -> Result<Vec<MountedHere>> {
    Ok(parse(&fs::read("/proc/self/mountinfo")?))
}

/// The mount of a block device, which the kernel may know by another name: a logical volume is `/dev/mapper/vg-lv` to it.
pub fn of_device(device: &BStr) -> Result<Option<MountedHere>> {
    let canonical = |name: &BStr| fs::canonicalize(name.to_os_str_lossy());
    let Ok(wanted) = canonical(device) else { return Ok(None) };
    Ok(mounted()?.into_iter().find(|mount| canonical(mount.source.as_ref()).is_ok_and(|found| found == wanted)))
}

/// Those of the guest: all but the empty root.
pub fn of_guest() -> Result<Vec<MountedHere>> {
    let mut mounts = mounted()?;
    mounts.retain(|mount| !mount.is_empty_root());
    Ok(mounts)
}

fn parse(mountinfo: &[u8]) -> Vec<MountedHere> {
    mountinfo.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &[u8]) -> Option<MountedHere> {
    let (mount, filesystem) = line.split_once_str(" - ")?;
    let mut mount = mount.split_str(" ").skip(2);
    let (major, minor) = mount.next()?.split_once_str(":")?;
    let path = unescape(mount.nth(1)?);
    let options = mount.next()?;
    let mut filesystem = filesystem.split_str(" ");
    let kind = filesystem.next()?;
    let source = filesystem.next()?;
    let below = path.strip_prefix(SYSROOT.as_bytes())?;
    let path = match below.first() {
        None => "/".into(),
        Some(b'/') => below.into(),
        Some(_) => return None,
    };
    let number = |digits: &[u8]| digits.to_str().ok()?.parse::<u64>().ok();
    Some(MountedHere {
        path,
        source: unescape(source),
        kind: kind.into(),
        device_number: glassbox_engine::makedev(number(major)?, number(minor)?),
        read_only: options.split_str(",").any(|option| option == b"ro"),
    })
}

/// Blanks, newlines and backslashes are written in octal.
fn unescape(text: &[u8]) -> BString {
    let mut plain = BString::default();
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        let escaped = (*byte == b'\\').then(|| after.get(..3)).flatten();
        let code = escaped.and_then(|digits| u8::from_str_radix(digits.to_str().ok()?, 8).ok());
        plain.push(code.unwrap_or(*byte));
        rest = if code.is_some() { &after[3..] } else { after };
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_below_the_sysroot_are_seen_as_the_guest_sees_them() {
        let text = b"21 1 0:19 / /proc rw - proc proc rw\n\
            30 1 8:1 / /sysroot rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
            31 30 8:17 / /sysroot/with\\040blank ro,relatime - fuseblk /dev/sdb1 rw\n\
            32 1 8:17 / /sysrooted rw - ext4 /dev/sdb1 rw\n";
        let mounts = parse(text);
        assert_eq!(mounts.len(), 2);
        assert_eq!((mounts[0].path.as_bstr(), mounts[0].device_number), ("/".into(), 0x801));
        assert_eq!((mounts[1].path.as_bstr(), mounts[1].read_only), ("/with blank".into(), true));
        assert_eq!((mounts[1].kind.as_bstr(), mounts[1].source.as_bstr()), ("fuseblk".into(), "/dev/sdb1".into()));
        assert_eq!((mounts[0].place(), mounts[1].place()), ("/sysroot".into(), "/sysroot/with blank".into()));
    }
}

//! `$EA`: OS/2-style extended attributes, where the Windows Subsystem for Linux keeps what NTFS has no field for.

use glassbox_io::{Fields, Result};

use super::attribute::AttributeType;
use super::inode::Inode;
use super::special_file::device_number;
use super::volume::Volume;

/// NTFS allows no more.
pub(crate) const MAX_SIZE: usize = 64 << 10;

/// The name of the attribute with a device's numbers: major and minor, 32 bits each.
const LINUX_DEVICE: &[u8] = b"$LXDEV";

/// The device number of an LX_CHR or LX_BLK file.
pub(crate) fn linux_device(volume: &Volume, inode: &Inode) -> Result<Option<u64>> {
    let Some(value) = inode.read_value(volume, AttributeType::EA, b"", MAX_SIZE)? else { return Ok(None) };
    let Some(device) = find(&value, LINUX_DEVICE)? else { return Ok(None) };
    let device = Fields::new(device);
    Ok(Some(device_number(device.le32(0)?.into(), device.le32(4)?.into())))
}

/// The value of the attribute called `name`.
fn find<'a>(value: &'a [u8], name: &[u8]) -> Result<Option<&'a [u8]>> {
    let mut rest = Fields::new(value);
    // Offset of the next entry, flags, length of name and value, then the name with a NUL, and the value.
    while rest.len() >= 8 {
        let next = usize::try_from(rest.le32(0)?).unwrap_or(usize::MAX);
        let name_length = usize::from(rest.u8(5)?);
        if rest.slice(8, name_length)?.eq_ignore_ascii_case(name) {
            let length = usize::from(rest.le16(6)?);
            return rest.slice(name_length.saturating_add(9), length).map(Some);
        }
        match rest.from(next) {
            Ok(after) if next >= 8 => rest = after,
            _ => break,
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_by_name() {
        let mut value = vec![0; 16];
        value[..8].copy_from_slice(&[16, 0, 0, 0, 0, 3, 1, 0]);
        value[8..13].copy_from_slice(b"one\x001");
        value.extend([0, 0, 0, 0, 0, 6, 8, 0]);
        value.extend(b"$LXDEV\0abcdefgh");
        assert_eq!(find(&value, b"ONE").unwrap(), Some(&b"1"[..]));
        assert_eq!(find(&value, LINUX_DEVICE).unwrap(), Some(&b"abcdefgh"[..]));
        assert_eq!(find(&value, b"two").unwrap(), None);
        value[0] = 4;
        assert_eq!(find(&value, LINUX_DEVICE).unwrap(), None, "an offset that doesn't get ahead ends the list");
        value.truncate(12);
        assert!(find(&value[..10], b"one").is_err());
    }
}

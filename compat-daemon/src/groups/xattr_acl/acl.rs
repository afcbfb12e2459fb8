//! POSIX ACLs from text (acl_from_text(3)) to the form of their extended attribute.

use bstr::{BStr, ByteSlice};
use glassbox_engine::posix_acl::{GROUP, GROUP_OBJ, MASK, OTHER, USER, USER_OBJ, VERSION};
use glassbox_io::{Errno, Error, Result};

/// The ID of entries that are about no particular user or group.
const NO_ID: u32 = u32::MAX;

/// The attribute's value. Users and groups are numbers: the appliance doesn't know the guest's names.
pub fn from_text(text: &BStr) -> Result<Vec<u8>> {
    let mut entries = Vec::new();
    for line in text.lines() {
        let line = line.split(|letter| *letter == b'#').next().unwrap_or_default();
        for entry in line.split(|letter| *letter == b',').map(ByteSlice::trim).filter(|entry| !entry.is_empty()) {
            let parsed = parse(entry).map_err(|errno| {
                Error::os_with(errno, format!("not an ACL's text: {text}: {}: {}", entry.as_bstr(), errno.message()))
            })?;
            entries.push(parsed);
        }
    }
    // Whether they make up an ACL is for the kernel to say.
    entries.sort_unstable_by_key(|(tag, _, id)| (*tag, *id));
    let mut value = VERSION.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        value.extend_from_slice(&tag.to_le_bytes());
        value.extend_from_slice(&permissions.to_le_bytes());
        value.extend_from_slice(&id.to_le_bytes());
    }
    Ok(value)
}

/// One entry, `TAG:QUALIFIER:PERMISSIONS`: its tag, permissions and ID.
fn parse(entry: &[u8]) -> std::result::Result<(u16, u16, u32), Errno> {
    let parts: Vec<&[u8]> = entry.split_str(":").map(ByteSlice::trim).collect();
    let (tag, qualifier, permissions) = match parts[..] {
        [tag, qualifier, permissions] => (tag, qualifier, permissions),
        // These have no qualifier, so its colon may be left out.
        [tag @ (b"m" | b"mask" | b"o" | b"other"), permissions] => (tag, &b""[..], permissions),
        _ => return Err(Errno::EINVAL),
    };
    let (tag, id) = match (tag, qualifier.is_empty()) {
        (b"u" | b"user", true) => (USER_OBJ, NO_ID),
        (b"u" | b"user", false) => (USER, number(qualifier)?),
        (b"g" | b"group", true) => (GROUP_OBJ, NO_ID),
        (b"g" | b"group", false) => (GROUP, number(qualifier)?),
        (b"m" | b"mask", true) => (MASK, NO_ID),
        (b"o" | b"other", true) => (OTHER, NO_ID),
        _ => return Err(Errno::EINVAL),
    };
    Ok((tag, self::permissions(permissions)?, id))
}

/// The ID of a user or group; `ENOENT` for a name.
fn number(qualifier: &[u8]) -> std::result::Result<u32, Errno> {
    qualifier.to_str().ok().and_then(|digits| digits.parse().ok()).ok_or(Errno::ENOENT)
}

fn permissions(letters: &[u8]) -> std::result::Result<u16, Errno> {
    if letters.is_empty() {
        return Err(Errno::EINVAL);
    }
    letters.iter().try_fold(0, |bits, letter| match letter {
        b'r' => Ok(bits | 4),
        b'w' => Ok(bits | 2),
        b'x' => Ok(bits | 1),
        b'-' => Ok(bits),
        _ => Err(Errno::EINVAL),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<(u16, u16, u32)> {
        let value = from_text(text.into()).unwrap();
        assert_eq!(value[..4], [2, 0, 0, 0]);
        let half = |bytes: &[u8]| u16::from_le_bytes(bytes.try_into().unwrap());
        let id = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
        value[4..].chunks(8).map(|entry| (half(&entry[..2]), half(&entry[2..4]), id(&entry[4..]))).collect()
    }

    #[test]
    fn long_and_short_forms_say_the_same() {
        let wanted = [(1, 6, NO_ID), (2, 7, 1000), (4, 4, NO_ID), (0x10, 7, NO_ID), (0x20, 0, NO_ID)];
        assert_eq!(entries("o::-,u:1000:xwr,g::r--,m::rwx,u::rw"), wanted);
        let long = "user::rw- # the owner\nuser:1000:rwx\ngroup::r--\nmask:rwx\nother:---\n";
        assert_eq!(entries(long), wanted);
        assert_eq!(entries(""), []);
    }

    #[test]
    fn what_is_no_acl_is_refused() {
        for wrong in ["nonsense", "u::6", "o::", "U::r", "u::rwX", "default:u::rwx", "m:1:r", "u:r"] {
            assert_eq!(from_text(wrong.into()).unwrap_err().errno(), Errno::EINVAL, "{wrong}");
        }
        assert_eq!(from_text("u:root:r".into()).unwrap_err().errno(), Errno::ENOENT);
        assert_eq!(from_text("u:4294967296:r".into()).unwrap_err().errno(), Errno::ENOENT);
    }
}

//! POSIX ACLs as text, in acl_to_text(3)'s form with numbers for users and groups.

use bstr::BString;
use glassbox_io::{Error, Fields, Result};

use super::posix_acl::{GROUP, GROUP_OBJ, MASK, OTHER, USER, USER_OBJ, VERSION};

/// Bytes of an entry.
const ENTRY: usize = 8;

/// The text of an ACL in the form of its extended attribute.
pub fn to_text(xattr: &[u8]) -> Result<BString> {
    let fields = Fields::new(xattr);
    if fields.le32(0)? != VERSION {
        return Err(Error::unsupported(format!("POSIX ACL: version {}", fields.le32(0)?)));
    }
    let entries = || xattr[4..].chunks(ENTRY).map(Fields::new);
    // What an entry permits beyond the mask is not in effect.
    let mask =
        entries().find(|entry| entry.le16(0).is_ok_and(|tag| tag == MASK)).map_or(Ok(!0), |entry| entry.le16(2))?;
    let mut text = String::new();
    for entry in entries() {
        let (tag, permissions, id) = (entry.le16(0)?, entry.le16(2)?, entry.le32(4)?);
        let qualifier = match tag {
            USER | GROUP => id.to_string(),
            _ => String::new(),
        };
        let is_masked = matches!(tag, USER | GROUP_OBJ | GROUP) && permissions & !mask != 0;
        let tag = match tag {
            USER_OBJ | USER => "user",
            GROUP_OBJ | GROUP => "group",
            MASK => "mask",
            OTHER => "other",
            other => return Err(Error::corrupt(format!("an ACL entry has the tag {other:#x}"))),
        };
        text.push_str(&format!("{tag}:{qualifier}:{}", permissions_text(permissions.into())));
        if is_masked {
            text.push_str(&format!("\t#effective:{}", permissions_text((permissions & mask).into())));
        }
        text.push('\n');
    }
    Ok(text.into())
}

/// The ACL that says the same as the permission bits of a mode.
pub fn of_mode(mode: u32) -> BString {
    let [user, group, other] = [6, 3, 0].map(|shift| permissions_text(mode >> shift));
    format!("user::{user}\ngroup::{group}\nother::{other}\n").into()
}

fn permissions_text(bits: u32) -> String {
    let letter = |bit, letter| if bits & bit != 0 { letter } else { '-' };
    [letter(4, 'r'), letter(2, 'w'), letter(1, 'x')].iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_become_lines() {
        let mut xattr = vec![2, 0, 0, 0];
        for (tag, permissions, id) in [(1u16, 6u16, !0u32), (2, 6, 1000), (4, 4, !0), (0x10, 6, !0), (0x20, 4, !0)] {
            xattr.extend(tag.to_le_bytes());
            xattr.extend(permissions.to_le_bytes());
            xattr.extend(id.to_le_bytes());
        }
        assert_eq!(to_text(&xattr).unwrap(), "user::rw-\nuser:1000:rw-\ngroup::r--\nmask::rw-\nother::r--\n");
        // The mask's permissions: from rw- to r--.
        let mask = xattr.len() - 16 + 2;
        xattr[mask] = 4;
        let masked = "user::rw-\nuser:1000:rw-\t#effective:r--\ngroup::r--\nmask::r--\nother::r--\n";
        assert_eq!(to_text(&xattr).unwrap(), masked);
        assert!(to_text(&xattr[..10]).is_err());
        assert!(to_text(&[]).is_err());
        assert_eq!(of_mode(0o104751), "user::rwx\ngroup::r-x\nother::--x\n");
    }
}

//! The records of a pax extended header: what a `ustar` header has no room for.

use bstr::{BStr, ByteSlice};
use glassbox_filesystems::{Stat, Timestamp, Xattr};
use glassbox_io::{Result, ResultExt};

use super::tar_header::{MAX_ID, MAX_SIZE, NAME_LENGTH};
use crate::in_process::xattr_acl::acl;

/// What is archived of a file beyond its inode.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extras {
    /// Extended attributes.
    pub xattrs: bool,
    /// The SELinux context.
    pub selinux: bool,
    /// POSIX ACLs.
    pub acls: bool,
}

/// The records of one member, one after another.
#[derive(Default)]
pub struct Records(Vec<u8>);

impl Records {
    /// The records.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Forgets all records.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Appends `LENGTH KEY=VALUE\n`; the length is that of the whole record, its own digits counted.
    fn push(&mut self, key: &[&[u8]], value: &[u8]) {
        let rest = key.iter().map(|part| part.len()).sum::<usize>() + value.len() + b" =\n".len();
        let digits = |number: usize| number.checked_ilog10().unwrap_or(0) as usize + 1;
        let mut length = rest + digits(rest);
        if rest + digits(length) != length {
            length = rest + digits(length);
        }
        self.0.extend_from_slice(length.to_string().as_bytes());
        self.0.push(b' ');
        key.iter().for_each(|part| self.0.extend_from_slice(part));
        self.0.push(b'=');
        self.0.extend_from_slice(value);
        self.0.push(b'\n');
    }

    /// What doesn't fit the header of a member, in the order in which GNU tar puts it.
    pub fn describe(&mut self, name: &BStr, link_name: &BStr, stat: &Stat, size: u64) {
        if link_name.len() > NAME_LENGTH {
            self.push(&[b"linkpath"], link_name);
        }
        // Names are UTF-8 here by the standard; what isn't ASCII could be taken for another encoding in the header.
        if name.len() > NAME_LENGTH || !name.is_ascii() {
            self.push(&[b"path"], name);
        }
        for (key, id) in [("uid", stat.uid), ("gid", stat.gid)] {
            if u64::from(id) > MAX_ID {
                self.push(&[key.as_bytes()], id.to_string().as_bytes());
            }
        }
        if size > MAX_SIZE {
            self.push(&[b"size"], size.to_string().as_bytes());
        }
        let fits = u64::try_from(stat.mtime.seconds).is_ok_and(|seconds| seconds <= MAX_SIZE);
        if stat.mtime.nanoseconds != 0 || !fits {
            self.push(&[b"mtime"], decimal(stat.mtime).as_bytes());
        }
        self.push(&[b"atime"], decimal(stat.atime).as_bytes());
        self.push(&[b"ctime"], decimal(stat.ctime).as_bytes());
    }

    /// What is asked for of a file's extended attributes.
    pub fn extras(&mut self, extras: Extras, xattrs: &[Xattr]) -> Result<()> {
        let find = |name: &str| xattrs.iter().find(|xattr| xattr.name == name);
        if extras.acls {
            for (key, name) in [("access", "system.posix_acl_access"), ("default", "system.posix_acl_default")] {
                if let Some(xattr) = find(name) {
                    self.push(&[b"SCHILY.acl.", key.as_bytes()], &acl::to_text(&xattr.value).during("acl_to_text")?);
                }
            }
        }
        if extras.selinux
            && let Some(context) = find("security.selinux")
        {
            self.push(&[b"RHT.security.selinux"], context.value.trim_end_with(|byte| byte == '\0'));
        }
        if extras.xattrs {
            xattrs.iter().for_each(|xattr| self.push(&[b"SCHILY.xattr.", &xattr.name], &xattr.value));
        }
        Ok(())
    }
}

/// Seconds since 1970, with as many decimals as they need: `-315619199.75` is a quarter of a second after -315619200.
fn decimal(time: Timestamp) -> String {
    let (mut seconds, mut nanoseconds) = (time.seconds, time.nanoseconds);
    let sign = if seconds < 0 { "-" } else { "" };
    if seconds < 0 && nanoseconds > 0 {
        seconds += 1;
        nanoseconds = 1_000_000_000_u32.saturating_sub(nanoseconds);
    }
    let whole = format!("{sign}{}", seconds.unsigned_abs());
    match nanoseconds {
        0 => whole,
        _ => format!("{whole}.{nanoseconds:09}").trim_end_matches('0').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_records_length_counts_its_own_digits() {
        for (value, expected) in [(5, "11 k=vvvvv\n"), (3, "8 k=vvv\n"), (4, "9 k=vvvv\n")] {
            let mut records = Records::default();
            records.push(&[b"k"], "v".repeat(value).as_bytes());
            assert_eq!(records.as_bytes().as_bstr(), expected);
        }
        for value in 0..1200 {
            let mut records = Records::default();
            records.push(&[b"a.", b"b"], "v".repeat(value).as_bytes());
            let text = String::from_utf8(records.0).unwrap();
            assert_eq!(text.split(' ').next().unwrap().parse::<usize>().unwrap(), text.len());
        }
    }

    #[test]
    fn times_have_the_decimals_they_need() {
        let time = |seconds, nanoseconds| decimal(Timestamp { seconds, nanoseconds });
        assert_eq!(time(1_795_372_470, 915_745_950), "1795372470.91574595");
        assert_eq!(time(1_700_000_000, 0), "1700000000");
        assert_eq!(time(-315_619_200, 250_000_000), "-315619199.75");
        assert_eq!(time(-1, 500_000_000), "-0.5");
        assert_eq!(time(-1, 0), "-1");
    }
}

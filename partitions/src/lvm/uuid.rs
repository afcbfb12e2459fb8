//! LVM2's identifiers.

use std::fmt;

use glassbox_io::{Error, Result};

/// How the 32 characters are grouped where a person reads them.
const GROUPS: [usize; 7] = [6, 4, 4, 4, 4, 4, 6];

/// A UUID of LVM2: 32 letters and digits. It is none of RFC 4122.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LvmUuid([u8; 32]);

impl LvmUuid {
    /// From 32 characters, with or without dashes.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let mut characters = text.iter().copied().filter(|&c| c != b'-');
        let mut uuid = [0; 32];
        for place in &mut uuid {
            *place = characters.next().filter(u8::is_ascii_alphanumeric).ok_or_else(malformed)?;
        }
        match characters.next() {
            None => Ok(LvmUuid(uuid)),
            Some(_) => Err(malformed()),
        }
    }

    /// The 32 characters without dashes, as the structs of libguestfs have them.
    pub fn compact(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn malformed() -> Error {
    Error::corrupt("LVM2: a UUID isn't 32 letters and digits")
}

/// With dashes.
impl fmt::Display for LvmUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.compact();
        for (index, size) in GROUPS.into_iter().enumerate() {
            let Some((group, after)) = rest.split_at_checked(size) else { break };
            write!(f, "{}{group}", if index == 0 { "" } else { "-" })?;
            rest = after;
        }
        Ok(())
    }
}

impl fmt::Debug for LvmUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_written() {
        let dashed = "Zi4ZRK-tsr1-IgPI-0vYi-NkeB-mYFc-G9wGxw";
        let uuid = LvmUuid::parse(dashed.as_bytes()).unwrap();
        assert_eq!(uuid.to_string(), dashed);
        assert_eq!(uuid.compact(), dashed.replace('-', ""));
        assert_eq!(LvmUuid::parse(uuid.compact().as_bytes()).unwrap(), uuid);
    }

    #[test]
    fn other_lengths_and_characters_are_corrupt() {
        for text in
            ["", "Zi4ZRK", "Zi4ZRK-tsr1-IgPI-0vYi-NkeB-mYFc-G9wGxwX", "Zi4ZRK-tsr1-IgPI-0vYi-NkeB-mYFc-G9wG\0\0"]
        {
            assert!(LvmUuid::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}

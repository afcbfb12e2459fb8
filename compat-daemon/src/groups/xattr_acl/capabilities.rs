//! File capabilities from text (cap_from_text(3)) to the form of their extended attribute.

use bstr::{BStr, ByteSlice};
use glassbox_engine::CAPABILITIES;
use glassbox_io::{Errno, Error, Result};

/// `VFS_CAP_REVISION_2` of `uapi/linux/capability.h`, and the flag beside it.
const REVISION_2: u32 = 0x0200_0000;
const EFFECTIVE: u32 = 1;

/// Sets of capabilities, a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    effective: u64,
    inheritable: u64,
    permitted: u64,
}

impl Capabilities {
    fn set(&mut self, letter: u8) -> Option<&mut u64> {
        Some(match letter {
            b'e' => &mut self.effective,
            b'i' => &mut self.inheritable,
            b'p' => &mut self.permitted,
            _ => return None,
        })
    }

    /// The value of `security.capability`. `EINVAL` if not all or none are effective: a file has one flag for that.
    pub fn to_xattr(self) -> Result<Vec<u8>> {
        let flag = match self.effective {
            0 => 0,
            all if all == self.permitted | self.inheritable => EFFECTIVE,
            _ => return Err(Error::os(Errno::EINVAL)),
        };
        let low = |set: u64| set as u32;
        let high = |set: u64| (set >> 32) as u32;
        let (permitted, inheritable) = (self.permitted, self.inheritable);
        let words = [REVISION_2 | flag, low(permitted), low(inheritable), high(permitted), high(inheritable)];
        Ok(words.iter().flat_map(|word| word.to_le_bytes()).collect())
    }
}

/// What the text says: clauses of names and of what becomes of their flags, one after the other.
pub fn from_text(text: &BStr) -> Result<Capabilities> {
    let mut capabilities = Capabilities::default();
    for clause in text.fields() {
        apply(&mut capabilities, clause).ok_or_else(|| {
            let message = format!("not capabilities' text: {text}: {}", Errno::EINVAL.message());
            Error::os_with(Errno::EINVAL, message)
        })?;
    }
    Ok(capabilities)
}

/// One clause: `cap_chown,cap_kill=ep`, `all+i-p`, `=`.
fn apply(capabilities: &mut Capabilities, clause: &[u8]) -> Option<()> {
    let is_operator = |letter: &u8| b"=+-".contains(letter);
    let start = clause.iter().position(is_operator)?;
    let (names, mut actions) = clause.split_at(start);
    let mask = match names {
        // Without names, only the first form makes sense.
        b"" if actions.first() != Some(&b'=') => return None,
        b"" => all(),
        names => names.split_str(",").try_fold(0, |mask, name| Some(mask | numbered(name)?))?,
    };
    let mut is_first = true;
    while let Some((operator, rest)) = actions.split_first() {
        let end = rest.iter().position(is_operator).unwrap_or(rest.len());
        let (flags, next) = rest.split_at(end);
        match operator {
            b'=' if !is_first => return None,
            b'=' => b"eip".iter().try_for_each(|flag| capabilities.set(*flag).map(|set| *set &= !mask))?,
            // These change something, or are a mistake.
            _ if flags.is_empty() => return None,
            _ => {}
        }
        for flag in flags {
            let set = capabilities.set(*flag)?;
            *set = if *operator == b'-' { *set & !mask } else { *set | mask };
        }
        (actions, is_first) = (next, false);
    }
    Some(())
}

fn all() -> u64 {
    (1 << CAPABILITIES.len()) - 1
}

/// The bit of a capability by its name in any case or its number, or all bits.
fn numbered(name: &[u8]) -> Option<u64> {
    if name.eq_ignore_ascii_case(b"all") {
        return Some(all());
    }
    let by_name = CAPABILITIES.iter().position(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    let number = by_name.or_else(|| name.to_str().ok()?.parse().ok())?;
    (number < CAPABILITIES.len()).then(|| 1 << number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(text: &str) -> (u64, u64, u64) {
        let found = from_text(text.into()).unwrap();
        (found.effective, found.inheritable, found.permitted)
    }

    #[test]
    fn clauses_follow_one_another() {
        assert_eq!(sets("cap_net_raw+ep"), (1 << 13, 0, 1 << 13));
        assert_eq!(sets("CAP_CHOWN,cap_kill=ip-p"), (0, 1 | 1 << 5, 0));
        assert_eq!(sets("=ep cap_chown-ep"), (all() - 1, 0, all() - 1));
        assert_eq!(sets("all+i cap_chown="), (0, all() - 1, 0));
        assert_eq!(sets("0+p"), (0, 0, 1));
        assert_eq!(sets("="), (0, 0, 0));
        assert_eq!(sets(""), (0, 0, 0));
        for wrong in ["nonsense", "+ep", "cap_chown=EP", "cap_63+p", "63+p", "cap_chown+", "cap_chown+p=e", "=x"] {
            assert_eq!(from_text(wrong.into()).unwrap_err().errno(), Errno::EINVAL, "{wrong}");
        }
    }

    #[test]
    fn a_file_has_one_effective_flag() {
        let xattr = |text: &str| from_text(text.into()).unwrap().to_xattr();
        let high = xattr("cap_checkpoint_restore=ep").unwrap();
        assert_eq!(high, [1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert!(xattr("cap_chown=p cap_net_raw=ep").is_err());
        assert_eq!(xattr("cap_chown=p").unwrap()[..8], [0, 0, 0, 2, 1, 0, 0, 0]);
    }
}

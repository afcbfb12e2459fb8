//! File capabilities as text, in cap_to_text(3)'s form.

use bstr::BString;
use glassbox_io::{Error, Fields, Result};

/// The capabilities of `uapi/linux/capability.h`, by number.
pub const NAMES: [&str; 41] = [
    "cap_chown",
    "cap_dac_override",
    "cap_dac_read_search",
    "cap_fowner",
    "cap_fsetid",
    "cap_kill",
    "cap_setgid",
    "cap_setuid",
    "cap_setpcap",
    "cap_linux_immutable",
    "cap_net_bind_service",
    "cap_net_broadcast",
    "cap_net_admin",
    "cap_net_raw",
    "cap_ipc_lock",
    "cap_ipc_owner",
    "cap_sys_module",
    "cap_sys_rawio",
    "cap_sys_chroot",
    "cap_sys_ptrace",
    "cap_sys_pacct",
    "cap_sys_admin",
    "cap_sys_boot",
    "cap_sys_nice",
    "cap_sys_resource",
    "cap_sys_time",
    "cap_sys_tty_config",
    "cap_mknod",
    "cap_lease",
    "cap_audit_write",
    "cap_audit_control",
    "cap_setfcap",
    "cap_mac_override",
    "cap_mac_admin",
    "cap_syslog",
    "cap_wake_alarm",
    "cap_block_suspend",
    "cap_audit_read",
    "cap_perfmon",
    "cap_bpf",
    "cap_checkpoint_restore",
];

/// Revisions of `struct vfs_cap_data`, in the upper byte of its first word, and the flag in the lowest bit.
const REVISION_1: u32 = 0x0100_0000;
const REVISION_2: u32 = 0x0200_0000;
const REVISION_3: u32 = 0x0300_0000;
const EFFECTIVE: u32 = 1;

/// The text of the attribute `security.capability`.
pub fn to_text(xattr: &[u8]) -> Result<BString> {
    let fields = Fields::new(xattr);
    let head = fields.le32(0)?;
    let high = match head & 0xff00_0000 {
        REVISION_1 => (0, 0),
        REVISION_2 | REVISION_3 => (fields.le32(12)?, fields.le32(16)?),
        other => return Err(Error::unsupported(format!("file capabilities: revision {:#x}", other))),
    };
    let permitted = u64::from(fields.le32(4)?) | u64::from(high.0) << 32;
    let inheritable = u64::from(fields.le32(8)?) | u64::from(high.1) << 32;
    // The one effective bit holds for all capabilities that are permitted or inheritable.
    let effective = if head & EFFECTIVE != 0 { permitted | inheritable } else { 0 };
    let flags = |cap: usize| {
        let bit = |set: u64, value: u8| if set >> cap & 1 != 0 { value } else { 0 };
        bit(effective, 4) | bit(inheritable, 2) | bit(permitted, 1)
    };
    // What most capabilities have is said once, of all.
    let mut counts = [0; 8];
    (0..NAMES.len()).for_each(|cap| counts[usize::from(flags(cap))] += 1);
    let base = (0..8u8).rev().max_by_key(|combination| counts[usize::from(*combination)]).unwrap_or(0);
    let mut text = if base == 0 { String::new() } else { format!("={}", letters(base)) };
    for combination in (0..8u8).rev().filter(|combination| *combination != base) {
        let names: Vec<&str> =
            NAMES.iter().enumerate().filter(|(cap, _)| flags(*cap) == combination).map(|(_, name)| *name).collect();
        if names.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&names.join(","));
        let (more, less) = (combination & !base, base & !combination);
        if more != 0 {
            text.push(if base == 0 { '=' } else { '+' });
            text.push_str(&letters(more));
        }
        if less != 0 {
            text.push('-');
            text.push_str(&letters(less));
        }
    }
    if text.is_empty() {
        text.push('=');
    }
    Ok(text.into())
}

fn letters(flags: u8) -> String {
    [(4, 'e'), (2, 'i'), (1, 'p')].iter().filter(|(bit, _)| flags & bit != 0).map(|(_, letter)| *letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xattr(head: u32, permitted: u64, inheritable: u64) -> Vec<u8> {
        let words = [head, permitted as u32, inheritable as u32, (permitted >> 32) as u32, (inheritable >> 32) as u32];
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn capabilities_are_named() {
        let one = xattr(REVISION_2 | EFFECTIVE, 1 << 10, 0);
        assert_eq!(to_text(&one).unwrap(), "cap_net_bind_service=ep");
        let two = xattr(REVISION_2, 1 << 12 | 1 << 13, 1 << 12);
        assert_eq!(to_text(&two).unwrap(), "cap_net_admin=ip cap_net_raw=p");
        let all = xattr(REVISION_2 | EFFECTIVE, (1 << 41) - 1, 0);
        assert_eq!(to_text(&all).unwrap(), "=ep");
        let but_one = xattr(REVISION_2 | EFFECTIVE, ((1 << 41) - 1) & !(1 << 40), 0);
        assert_eq!(to_text(&but_one).unwrap(), "=ep cap_checkpoint_restore-ep");
        assert_eq!(to_text(&xattr(REVISION_2, 0, 0)).unwrap(), "=");
        assert!(to_text(&one[..7]).is_err());
    }
}

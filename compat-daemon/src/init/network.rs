//! The appliance's network: its own loopback, and that of qemu's user mode if it was given one.

use std::fs;

use glassbox_io::Result;

use crate::tool::Tool;

/// What libguestfs has its kernels told.
const WORD: &str = "guestfs_network=1";
/// The only interface: nobody renames it, there being no udev.
const INTERFACE: &str = "eth0";
/// In qemu's user mode a network 169.254.0.0/16 has its guest, its gateway and its name server here (qemu(1), `-netdev user`).
const ADDRESS: &str = "169.254.2.15/16";
const GATEWAY: &str = "169.254.2.2";
const NAME_SERVER: &str = "169.254.2.3";
/// Where the root disk's `/etc/resolv.conf` leads.
const RESOLV_CONF: &str = "/run/resolv.conf";

/// Whether the appliance was given one.
pub fn is_given() -> bool {
    let words = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    words.split_ascii_whitespace().any(|word| word == WORD)
}

/// Brings it up. Whoever needs it fails later: most calls don't.
pub fn bring_up() {
    let outer = match is_given() {
        true => reach_out(),
        false => Ok(()),
    };
    if let Err(error) = ip(&["link", "set", "lo", "up"]).and(outer) {
        eprintln!("guestfsd: the network: {error}");
    }
}

fn reach_out() -> Result<()> {
    ip(&["link", "set", INTERFACE, "up"])?;
    ip(&["address", "add", ADDRESS, "dev", INTERFACE])?;
    ip(&["route", "add", "default", "via", GATEWAY])?;
    Ok(fs::write(RESOLV_CONF, format!("nameserver {NAME_SERVER}\n"))?)
}

fn ip(arguments: &[&str]) -> Result<()> {
    Tool::new("ip").args(arguments).done()
}

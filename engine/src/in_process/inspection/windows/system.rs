//! `HKEY_LOCAL_MACHINE\SYSTEM`: how this Windows is set up.

use super::super::InProcess;
use super::super::facts::Facts;
use super::drive_letter;
use super::registry::Registry;

/// Adds what the hive tells.
pub fn read(registry: &Registry<'_>, disks: &InProcess, facts: &mut Facts) {
    if let Some(key) = registry.key(&["MountedDevices"]) {
        facts.drive_mappings = drive_letter::mappings(registry.values(key), disks);
    }
    let current = registry.key(&["Select"]).and_then(|key| registry.number(key, "Current"));
    let Some(current) = current.map(|number| format!("ControlSet{number:03}")) else { return };
    facts.hostname =
        registry.key(&[&current, "Services", "Tcpip", "Parameters"]).and_then(|key| registry.string(key, "Hostname"));
    facts.windows.current_control_set = Some(current.into());
}

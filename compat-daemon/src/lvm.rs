//! LVM, as it runs where nobody else manages devices.

use std::fs;
use std::path::Path;

use bstr::BString;
use glassbox_io::Result;

use crate::tool::Tool;

/// LVM's configuration and state: the root disk is read-only.
const SYSTEM_DIR: &str = "/run/lvm/system";

/// LVM makes its device nodes by itself, never waits for udev or other daemons, and keeps nothing from one run to the next.
const SETTINGS: &str = r#"
global { locking_dir="/run/lock/lvm" }
backup { backup=0 archive=0 }
activation { udev_sync=0 udev_rules=0 verify_udev_operations=1 monitoring=0 }
"#;

/// A run of one of LVM's commands.
pub fn lvm(command: &str) -> Result<Tool> {
    if !Path::new(SYSTEM_DIR).join("lvm.conf").exists() {
        set_filter(None)?;
    }
    Ok(Tool::new("lvm").env("LVM_SYSTEM_DIR", SYSTEM_DIR).env("LVM_SUPPRESS_FD_WARNINGS", "1").arg(command))
}

/// Has LVM see only these disks, their partitions, and these partitions; `None` for all devices.
pub fn set_filter(devices: Option<&[BString]>) -> Result<()> {
    fs::create_dir_all(SYSTEM_DIR)?;
    let filter = filter(devices);
    let devices = format!(
        "devices {{ obtain_device_list_from_udev=0 external_device_info_source=\"none\" use_devicesfile=0 hints=\"none\" \
         filter={filter} global_filter={filter} }}"
    );
    Ok(fs::write(Path::new(SYSTEM_DIR).join("lvm.conf"), format!("{SETTINGS}{devices}\n"))?)
}

/// LVM's list of patterns, of which the first that matches a device's name counts (lvm.conf(5)).
fn filter(devices: Option<&[BString]>) -> String {
    let Some(devices) = devices else { return "[\"a|.*|\"]".to_owned() };
    let mut patterns = String::from("[");
    for device in devices {
        patterns.push_str(&format!("\"a|^{device}$|\","));
        if !device.last().is_some_and(u8::is_ascii_digit) {
            patterns.push_str(&format!("\"a|^{device}[0-9]|\","));
        }
    }
    patterns + "\"r|.*|\"]"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_lets_disks_with_their_partitions_through() {
        assert_eq!(filter(None), "[\"a|.*|\"]");
        let devices = ["/dev/sda".into(), "/dev/sdb2".into()];
        let expected = r#"["a|^/dev/sda$|","a|^/dev/sda[0-9]|","a|^/dev/sdb2$|","r|.*|"]"#;
        assert_eq!(filter(Some(&devices)), expected);
    }
}

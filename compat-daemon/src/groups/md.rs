//! The group `md`: Linux's software RAID.

use std::fs;
use std::path::Path;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::Md;
use glassbox_api::options::MdCreateOpts;
use glassbox_api::structs::MdStat;
use glassbox_engine::KernelDeviceKind;
use glassbox_io::{Errno, Error, Result};

use crate::daemon::{self, device};
use crate::tool::Tool;
use crate::{Daemon, disk_names, stacked};

/// The levels that mdadm(8) knows, in all their spellings.
const LEVELS: [&str; 15] = [
    "linear", "raid0", "0", "stripe", "raid1", "1", "mirror", "raid4", "4", "raid5", "5", "raid6", "6", "raid10", "10",
];

fn mdadm() -> Tool {
    // Without udev it makes the names below /dev/md itself.
    Tool::new("mdadm").env("MDADM_NO_UDEV", "1")
}

/// Removes names of arrays that are gone: mdadm made them, and neither it nor the kernel removes them. While they are there,
/// mdadm doesn't use the array's number again.
fn remove_stale_names() -> Result<()> {
    let entries = |folder: &str| fs::read_dir(folder).into_iter().flatten().filter_map(|entry| entry.ok());
    for node in entries("/dev").map(|node| node.path()) {
        if is_stopped(node.as_os_str().as_encoded_bytes().as_bstr()) {
            // The kernel may be at it, too.
            fs::remove_file(&node).or_else(|error| if node.exists() { Err(error) } else { Ok(()) })?;
        }
    }
    for link in entries("/dev/md").filter(|link| !link.path().exists()) {
        fs::remove_file(link.path())?;
    }
    Ok(())
}

/// `md127`
fn is_array(name: &str) -> bool {
    name.strip_prefix("md").is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether this is what is left of an array for a moment: opening it would make the kernel begin another one.
fn is_stopped(device: &BStr) -> bool {
    let name = device.strip_prefix(b"/dev/").unwrap_or(device).to_str_lossy();
    let state = fs::read_to_string(Path::new("/sys/block").join(&*name).join("md/array_state"));
    is_array(&name) && state.map_or(true, |state| state.trim() == "clear")
}

/// Where devices are missing: the bit of the first place is the least significant.
fn with_missing(devices: Vec<BString>, missing: u64, places: usize) -> Vec<BString> {
    let mut devices = devices.into_iter();
    let mut list: Vec<BString> = Vec::new();
    for place in 0..places {
        let is_missing = u32::try_from(place).ok().and_then(|place| missing.checked_shr(place)).unwrap_or(0) & 1 == 1;
        list.extend(if is_missing { Some("missing".into()) } else { devices.next() });
    }
    list
}

impl Md for Daemon {
    fn md_create(&mut self, name: &BStr, devices: &[&BStr], opts: MdCreateOpts<'_>) -> Result<()> {
        let missing = opts.missingbitmap.unwrap_or(0) as u64;
        let places = devices.len() + missing.count_ones() as usize;
        let spare = opts.spare.unwrap_or(0);
        let active = opts.nrdevices.unwrap_or(i32::try_from(places).unwrap_or(i32::MAX));
        if i64::from(active) + i64::from(spare) != places as i64 || active < 1 || spare < 0 {
            return Err(Error::usage(format!(
                "devices ({}) + bits set in missingbitmap ({}) is not equal to nrdevices ({active}) + spare ({spare})",
                devices.len(),
                missing.count_ones(),
            )));
        }
        let level = opts.level.unwrap_or("raid1".into());
        if !LEVELS.iter().any(|known| level == known) {
            return Err(Error::usage(format!("unknown level parameter: {level}")));
        }
        let chunk = match opts.chunk {
            Some(chunk) if chunk <= 0 || chunk % 1024 != 0 => {
                return Err(Error::usage("chunk size must be a multiple of 1024 bytes"));
            }
            chunk => chunk.map(|chunk| chunk / 1024),
        };
        if name.is_empty() || name.starts_with(b"-") {
            return Err(Error::usage(format!("{name}: this can't be the name of an array")));
        }
        let devices = daemon::devices(devices)?;
        mdadm()
            .args(["--create", "--run"])
            .arg(name)
            .text("--level", Some(level))
            .number("--raid-devices", Some(active))
            .number("--spare-devices", (spare > 0).then_some(spare))
            .number("--chunk", chunk)
            .args(with_missing(devices, missing, places))
            .done()
    }

    fn md_stop(&mut self, md: &BStr) -> Result<()> {
        let device = device(md)?;
        if is_stopped(device.as_ref()) {
            return Err(Error::os(Errno::ENOENT).at_path(md));
        }
        mdadm().arg("--stop").arg(device).done()?;
        remove_stale_names()
    }

    fn md_detail(&mut self, md: &BStr) -> Result<Vec<(BString, BString)>> {
        Ok(details(&mdadm().args(["-D", "--export"]).arg(device(md)?).run()?))
    }

    fn md_stat(&mut self, md: &BStr) -> Result<Vec<MdStat>> {
        let canonical = fs::canonicalize(device(md)?.to_os_str_lossy())?;
        let name = canonical.strip_prefix("/dev").unwrap_or(Path::new("")).to_string_lossy().into_owned();
        members(&fs::read("/proc/mdstat")?, name.as_bytes())
            .ok_or_else(|| Error::os_with(Errno::ENOENT, format!("{md}: MD device not found")))
    }

    fn list_md_devices(&mut self) -> Result<Vec<BString>> {
        let arrays = [KernelDeviceKind::Array, KernelDeviceKind::PartitionedArray];
        let devices = stacked::find()?.into_iter().map(|(found, _)| found);
        Ok(devices.filter(|found| arrays.contains(&found.kind)).map(|found| found.name).collect())
    }
}

/// `MD_LEVEL=raid1` is told as `level` and `raid1`.
fn details(exported: &[u8]) -> Vec<(BString, BString)> {
    let lines = exported.lines().filter_map(|line| line.strip_prefix(b"MD_")?.split_once_str("="));
    lines.map(|(key, value)| (key.to_ascii_lowercase().into(), value.into())).collect()
}

/// The members of an array in `/proc/mdstat`: `md127 : active raid1 sdb1[1](S) sda1[0]`.
fn members(mdstat: &[u8], array: &[u8]) -> Option<Vec<MdStat>> {
    let line = mdstat.lines().find_map(|line| {
        let (name, rest) = line.split_once_str(" : ")?;
        (name == array).then_some(rest)
    })?;
    Some(line.split_str(" ").filter_map(member).collect())
}

fn member(word: &[u8]) -> Option<MdStat> {
    let (device, rest) = word.split_once_str("[")?;
    let (index, flags) = rest.split_once_str("]")?;
    Some(MdStat {
        mdstat_device: disk_names::callers_name([b"/dev/", device].concat().as_bstr()),
        mdstat_index: index.to_str().ok()?.parse().ok()?,
        mdstat_flags: flags.iter().copied().filter(u8::is_ascii_uppercase).collect::<Vec<u8>>().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_devices_keep_their_places() {
        let list = |devices: &[&str], missing, places| {
            let devices = devices.iter().map(|name| BString::from(*name)).collect();
            bstr::join(" ", with_missing(devices, missing, places))
        };
        assert_eq!(list(&["a"], 1, 2), b"missing a");
        assert_eq!(list(&["a"], 2, 2), b"a missing");
        assert_eq!(list(&["a", "b", "c"], 0b1010, 5), b"a missing b missing c");
    }

    #[test]
    fn arrays_are_numbered() {
        assert!(is_array("md127") && !is_array("md") && !is_array("md127p1") && !is_array("mdadm"));
    }

    #[test]
    fn what_the_kernel_and_mdadm_tell_is_read() {
        let mdstat = b"Personalities : [raid1]\n\
            md126 : active raid1 sdc3[0]\n      104192 blocks super 1.2 [2/1] [U_]\n\
            md127 : active (auto-read-only) raid1 sdb1[1](W)(S) sda1[0]\n";
        let found = members(mdstat, b"md127").unwrap();
        let told: Vec<(&[u8], i32, &[u8])> =
            found.iter().map(|one| (&one.mdstat_device[..], one.mdstat_index, &one.mdstat_flags[..])).collect();
        assert_eq!(told, [(&b"/dev/sdb1"[..], 1, &b"WS"[..]), (b"/dev/sda1", 0, b"")]);
        assert!(members(mdstat, b"md1").is_none());
        let pairs = details(b"MD_LEVEL=raid1\nMD_NAME=(none):r1\nother\n");
        assert_eq!(pairs, [("level".into(), "raid1".into()), ("name".into(), "(none):r1".into())]);
    }
}

//! Room on the mounted filesystems, in the form of df(1).

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::Result;

use crate::vfs::Mount;

/// A line for each mount, with sizes in KiB or, if `human`, in the largest fitting unit.
pub fn table(mounts: &[Mount], human: bool) -> Result<BString> {
    let head = match human {
        true => ["Filesystem", "Size", "Used", "Avail", "Use%", "Mounted on"],
        false => ["Filesystem", "1K-blocks", "Used", "Available", "Use%", "Mounted on"],
    };
    let mut rows = vec![head.map(BString::from)];
    for mount in mounts {
        let stat = mount.filesystem.statvfs()?;
        let bytes = |fragments: u64| u128::from(fragments) * u128::from(stat.frsize);
        let show =
            |bytes: u128| BString::from(if human { largest_unit(bytes) } else { bytes.div_ceil(1024).to_string() });
        let used = stat.blocks.saturating_sub(stat.bfree);
        // df rounds up, and counts only what ordinary users can use.
        let usable = u128::from(used) + u128::from(stat.bavail);
        let percent = match usable {
            0 => "-".to_owned(),
            usable => format!("{}%", (u128::from(used) * 100).div_ceil(usable)),
        };
        rows.push([
            mapped(mount.device.as_ref()),
            show(bytes(stat.blocks)),
            show(bytes(used)),
            show(bytes(stat.bavail)),
            percent.into(),
            mounted_on(mount.path.as_ref()),
        ]);
    }
    let width = |column: usize, least: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0).max(least);
    // df's own least widths.
    let widths = [width(0, 14), width(1, 5), width(2, 5), width(3, 5), width(4, 4)];
    let mut text = Vec::new();
    for row in &rows {
        text.extend_from_slice(&row[0]);
        text.resize(text.len() + widths[0] - row[0].len(), b' ');
        for column in 1..5 {
            text.resize(text.len() + 1 + widths[column] - row[column].len(), b' ');
            text.extend_from_slice(&row[column]);
        }
        text.push(b' ');
        text.extend_from_slice(&row[5]);
        text.push(b'\n');
    }
    Ok(text.into())
}

/// The name under which the kernel mounts a device: `/dev/mapper/VG-LV` for a logical volume, its dashes doubled.
fn mapped(device: &BStr) -> BString {
    match device.strip_prefix(b"/dev/").and_then(|name| name.split_once_str("/")) {
        Some((group, volume)) if group != b"mapper" && !volume.contains(&b'/') => {
            let (group, volume) = (group.replace("-", "--"), volume.replace("-", "--"));
            [b"/dev/mapper/", group.as_slice(), b"-", &volume].concat().into()
        }
        _ => device.to_owned(),
    }
}

/// Where libguestfs's appliance has the guest's directory.
fn mounted_on(path: &BStr) -> BString {
    let path: &[u8] = if path == "/" { b"" } else { path };
    [b"/sysroot", path].concat().into()
}

/// As `df -h` writes sizes: two digits where there is only one before the point, rounded up.
pub fn largest_unit(bytes: u128) -> String {
    const UNITS: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];
    let mut unit: u128 = 1;
    let mut name = 0;
    // The next unit as soon as the number, rounded up, would have four digits.
    while bytes.div_ceil(unit) >= 1024 && name + 1 < UNITS.len() {
        unit *= 1024;
        name += 1;
    }
    let tenths = (bytes * 10).div_ceil(unit);
    match name > 0 && tenths < 100 {
        true => format!("{}.{}{}", tenths / 10, tenths % 10, UNITS[name]),
        false => format!("{}{}", bytes.div_ceil(unit), UNITS[name]),
    }
}

#[cfg(test)]
mod tests {
    use super::{largest_unit, mapped, mounted_on};

    #[test]
    fn devices_and_directories_as_the_appliance_names_them() {
        assert_eq!(mapped("/dev/data-vg/my-lv".into()), "/dev/mapper/data--vg-my--lv");
        assert_eq!(mapped("/dev/sda1".into()), "/dev/sda1");
        assert_eq!(mounted_on("/".into()), "/sysroot");
        assert_eq!(mounted_on("/boot/efi".into()), "/sysroot/boot/efi");
    }

    #[test]
    fn sizes_as_df_writes_them() {
        for (bytes, text) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1025, "1.1K"),
            (10 << 10, "10K"),
            (277_623 << 10, "272M"),
            (4_120_288 << 10, "4.0G"),
            ((1 << 20) - 1, "1.0M"),
        ] {
            assert_eq!(largest_unit(bytes), text, "{bytes}");
        }
    }
}

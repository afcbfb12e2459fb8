//! `-N`: disks that are made, partitioned and formatted on the spot.

use std::fmt::Write;

/// A name, what it makes, and its parameters with their defaults.
type Prepared = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// What can be made.
const PREPARED: [Prepared; 7] = [
    ("disk", "a blank disk", &[("size", "1G")]),
    ("part", "a disk with one partition", &[("size", "1G"), ("partition", "mbr")]),
    ("fs", "a disk with one filesystem", &[("filesystem", "ext2"), ("size", "1G"), ("partition", "mbr")]),
    ("lv", "a disk with a logical volume", &[("name", "/dev/VG/LV"), ("size", "1G"), ("partition", "mbr")]),
    (
        "lvfs",
        "a disk with a filesystem on a logical volume",
        &[("name", "/dev/VG/LV"), ("filesystem", "ext2"), ("size", "1G"), ("partition", "mbr")],
    ),
    (
        "bootroot",
        "a disk with filesystems for boot and root",
        &[("bootfs", "ext2"), ("rootfs", "ext2"), ("size", "1G"), ("bootsize", "128M"), ("partition", "mbr")],
    ),
    (
        "bootrootlv",
        "the same, with root on a logical volume",
        &[
            ("name", "/dev/VG/LV"),
            ("bootfs", "ext2"),
            ("rootfs", "ext2"),
            ("size", "1G"),
            ("bootsize", "128M"),
            ("partition", "mbr"),
        ],
    ),
];

/// `-N help`.
pub fn list(program: &str) -> String {
    let mut text = String::from("Prepared disk images:\n");
    for (name, what, parameters) in PREPARED {
        let form: String = parameters.iter().map(|(name, _)| format!("[:{name}")).collect();
        let close = "]".repeat(parameters.len());
        let defaults: Vec<String> = parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let _ = write!(text, "\n{program} -N {name}{form}{close}\n  {what}\n  by default: {}\n", defaults.join(", "));
    }
    text.push_str("\nMaking them writes to disks, which this version doesn't do yet.\n");
    text
}

/// Why the prepared disk `kind` isn't made.
pub fn refuse(program: &str, kind: &str) -> String {
    let name = kind.split_once('=').map_or(kind, |(_, kind)| kind);
    let name = name.split(':').next().unwrap_or(name);
    match PREPARED.iter().any(|(known, ..)| *known == name) {
        true => format!(
            "-N {kind}: a prepared disk is partitioned and formatted, which needs the appliance, and this version \
             doesn't have it; make a blank disk with the command 'sparse'"
        ),
        false => format!(
            "-N parameter ‘{kind}’: no such prepared disk image known.\nUse '{program} -N help' to list possible \
             values for the -N parameter."
        ),
    }
}

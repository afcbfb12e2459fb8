//! A report for people.

use std::io::{self, Write};

use bstr::BString;

use super::report::{Filesystem, OperatingSystem, Report};
use crate::table;

/// Writes it.
pub fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    writeln!(out, "{}", report.images.join(", "))?;
    if report.operating_systems.is_empty() {
        write_found(out, &report.filesystems)?;
    }
    for device in &report.encrypted {
        writeln!(out, "  {device} is encrypted: what is on it isn't known.")?;
    }
    report.warnings.iter().try_for_each(|warning| writeln!(out, "  Warning: {warning}"))?;
    report.operating_systems.iter().try_for_each(|system| write_system(out, system))
}

/// What there is instead of an operating system.
fn write_found(out: &mut dyn Write, filesystems: &[Filesystem]) -> io::Result<()> {
    if filesystems.is_empty() {
        return writeln!(out, "  No operating system was found, nor anything else that is known.");
    }
    writeln!(out, "  No operating system was found. There is:")?;
    let kind = |filesystem: &Filesystem| filesystem.kind.clone().unwrap_or_else(|| "-".into());
    let row = |each: &Filesystem| {
        let cells = ["   ".into(), each.device.clone(), kind(each), each.label.clone().unwrap_or_default()];
        cells.map(BString::from).into()
    };
    let rows: Vec<Vec<BString>> = filesystems.iter().map(row).collect();
    table::aligned(out, &rows)
}

fn write_system(out: &mut dyn Write, system: &OperatingSystem) -> io::Result<()> {
    writeln!(out, "  {}", title(system))?;
    let mut rows: Vec<(&str, String)> = vec![("Root", system.root.clone())];
    let version = match (system.major_version, system.minor_version) {
        (0, 0) => None,
        (major, minor) => Some(format!("{major}.{minor}")),
    };
    let identity = [system.kind.clone(), system.distro.clone(), version, system.product_variant.clone()];
    rows.push(("System", identity.into_iter().flatten().collect::<Vec<_>>().join(" ")));
    let mut add = |name, value: &Option<String>| rows.extend(value.clone().map(|value| (name, value)));
    add("Build", &system.build_id);
    add("Architecture", &system.arch);
    add("Host name", &system.hostname);
    add("osinfo", &system.osinfo);
    add("Windows", &system.windows_systemroot);
    if let Some(packages) = &system.packages {
        let manager = system.package_management.as_ref().or(system.package_format.as_ref());
        let manager = manager.map(|manager| format!(" ({manager})")).unwrap_or_default();
        rows.push(("Packages", format!("{}{manager}", packages.len())));
    }
    for (name, value) in rows {
        writeln!(out, "    {name:<14}{value}")?;
    }
    write_filesystems(out, system)?;
    system.warnings.iter().try_for_each(|warning| writeln!(out, "    Warning: {warning}"))
}

/// The name for people. Debian's and some others' are a version alone.
fn title(system: &OperatingSystem) -> String {
    let kind = system.distro.as_deref().or(system.kind.as_deref()).unwrap_or("an operating system that isn't known");
    match &system.product_name {
        Some(name) if name.starts_with(|letter: char| letter.is_ascii_digit()) => format!("{kind} {name}"),
        Some(name) => name.clone(),
        None => kind.to_owned(),
    }
}

/// Each filesystem with where it is mounted.
fn write_filesystems(out: &mut dyn Write, system: &OperatingSystem) -> io::Result<()> {
    let mut rows: Vec<Vec<BString>> = Vec::new();
    let mut row = |device: &str, path: &str| {
        let filesystem = system.filesystems.iter().find(|filesystem| filesystem.device == device);
        let kind = filesystem.and_then(|filesystem| filesystem.kind.as_deref()).unwrap_or("-");
        let label = filesystem.and_then(|filesystem| filesystem.label.as_deref()).unwrap_or("");
        rows.push(["   ", device, path, kind, label].map(BString::from).into());
    };
    system.mountpoints.iter().for_each(|mountpoint| row(&mountpoint.device, &mountpoint.path));
    for filesystem in &system.filesystems {
        if !system.mountpoints.iter().any(|mountpoint| mountpoint.device == filesystem.device) {
            row(&filesystem.device, "-");
        }
    }
    system.drive_mappings.iter().for_each(|mapping| row(&mapping.device, &format!("{}:", mapping.drive)));
    table::aligned(out, &rows)
}

//! Inspection: what operating systems are on disks, compared with what libguestfs says of the same disks.

mod disk;
mod systems;

use bstr::ByteSlice;
use disk::{Content, Partition};
use glassbox_api::{Drives, Inspection, Launching};
use glassbox_engine::Handle;
use glassbox_io::Result;
use glassbox_tests::fixtures::scratch;
use systems::SYSTEMS;

/// What every Linux root has; it is told by these from other filesystems.
const LINUX: [(&str, &str); 3] = [("etc/", ""), ("bin/", ""), ("etc/hosts", "127.0.0.1 localhost\n")];

fn handle(disks: &[std::path::PathBuf]) -> Handle {
    let mut g = Handle::without_environment();
    for disk in disks {
        g.add_drive_ro(disk.as_os_str().as_encoded_bytes().into()).expect("a drive can be added");
    }
    g.launch().expect("disks can be opened");
    g
}

/// Makes a disk of all systems, a partition each.
fn disk_of_systems(folder: &std::path::Path) -> std::path::PathBuf {
    let files: Vec<Vec<(&str, &str)>> = SYSTEMS
        .iter()
        .map(|system| {
            let base = if system.is_linux() { &LINUX[..] } else { &[] };
            base.iter().chain(system.files).copied().collect()
        })
        .collect();
    let partitions = SYSTEMS.iter().zip(&files).map(|(system, files)| match system.told.starts_with("dos ") {
        true => Partition::of(Content::Fat(files)),
        false => Partition::of(Content::Ext2(files)),
    });
    disk::make(folder, "systems", &partitions.collect::<Vec<_>>())
}

/// The columns of the table.
fn told(g: &mut Handle, root: &bstr::BStr) -> Result<(String, String)> {
    let told = format!(
        "{} {} {}.{} {} {} {}",
        g.inspect_get_type(root)?,
        g.inspect_get_distro(root)?,
        g.inspect_get_major_version(root)?,
        g.inspect_get_minor_version(root)?,
        g.inspect_get_package_format(root)?,
        g.inspect_get_package_management(root)?,
        g.inspect_get_osinfo(root)?,
    );
    Ok((told, g.inspect_get_product_name(root)?.to_string()))
}

#[test]
fn every_distribution_is_known() {
    let disk = disk_of_systems(&scratch("inspection-systems"));
    let mut g = handle(&[disk]);
    let roots = g.inspect_os().expect("inspection doesn't fail");
    let mut wrong = Vec::new();
    for (index, system) in SYSTEMS.iter().enumerate() {
        let root = format!("/dev/sda{}", index + 1);
        if !roots.contains(&root.as_str().into()) {
            wrong.push(format!("{}: {root} is no root", system.name));
            continue;
        }
        let (told, product) = told(&mut g, root.as_bytes().as_bstr()).expect("a root has answers");
        if (told.as_str(), product.as_str()) != (system.told, system.product) {
            wrong.push(format!("{}: {told} | {product}, not {} | {}", system.name, system.told, system.product));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

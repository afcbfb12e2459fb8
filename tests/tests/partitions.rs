//! Partition tables as sfdisk, Linux and libguestfs see them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bstr::BString;
use glassbox_api::options::AddDriveOpts;
use glassbox_api::{Blockdev, Drives, FilesystemDetect, HandleConfig, Inspection, Launching, Mounting, Partitions};
use glassbox_engine::Handle;
use glassbox_formats::{Format, OpenOptions};
use glassbox_io::{ErrorKind, ReadAt, Source};
use glassbox_partitions::{GptCopy, Partition, PartitionRole, PartitionTable, TableKind};
use glassbox_tests::bad_input::{Damaged, Rng, bounded};
use glassbox_tests::needs::{QEMU, has_programs};
use glassbox_tests::{fixture, handle_with_appliance};

/// Tables that are named by the parsers and read by the appliance.
const ONLY_KERNELS_READ: [&str; 5] = ["sun", "mac", "bsd", "amiga", "dvh"];

fn open(folder: &Path, name: &str) -> Source {
    let raw = OpenOptions::new().format(Format::Raw);
    glassbox_formats::open(folder.join(format!("{name}.img")), &raw).unwrap().into_source()
}

/// The size that the fixture's disk was made with; `None` also finds a GPT's by itself.
fn sector_size(name: &str) -> Option<u32> {
    Some(if name.ends_with("-4k") { 4096 } else { 512 })
}

fn table(folder: &Path, name: &str) -> PartitionTable {
    let table = PartitionTable::read(&open(folder, name), sector_size(name));
    table.unwrap_or_else(|error| panic!("{name}: {error:?}")).unwrap_or_else(|| panic!("{name}: no table"))
}

fn lines(folder: &Path, file: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(folder.join(file)).unwrap();
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn uppercase(uuid: impl ToString) -> String {
    uuid.to_string().to_uppercase()
}

/// sfdisk's names for the attributes of UEFI, and its notation for the others.
fn attributes(bits: u64) -> String {
    let names = [(0, "RequiredPartition"), (1, "NoBlockIOProtocol"), (2, "LegacyBIOSBootable")];
    let named = names.iter().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, name)| name.to_string());
    let special: Vec<_> = (48..64).filter(|bit| bits >> bit & 1 == 1).map(|bit: u32| bit.to_string()).collect();
    let special = (!special.is_empty()).then(|| format!("GUID:{}", special.join(",")));
    named.chain(special).collect::<Vec<_>>().join(" ")
}

fn as_sfdisk(partition: &Partition) -> Vec<String> {
    let (kind, uuid, name, bits) = match &partition.gpt {
        Some(gpt) => {
            let name = gpt.name.to_string();
            (uppercase(gpt.type_guid), uppercase(gpt.unique_guid), name, attributes(gpt.attributes.0))
        }
        None => (format!("{:x}", partition.mbr_id.unwrap()), String::new(), String::new(), String::new()),
    };
    let active = if partition.gpt.is_none() && partition.bootable { "True" } else { "False" };
    let [number, start, size] = [partition.number.into(), partition.start, partition.size].map(|n: u64| n.to_string());
    vec![number, start, size, kind, uuid, name, bits, active.to_owned()]
}

#[test]
fn every_entry_equals_sfdisks() {
    let folder = fixture("partitions");
    let mut seen = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = file.strip_suffix(".sfdisk.tsv") else { continue };
        let mut oracle = lines(&folder, &file);
        let head = oracle.remove(0);
        let table = table(&folder, name);
        let ours = match (&table.gpt, &table.mbr) {
            (Some(gpt), None) => ["gpt".to_owned(), uppercase(gpt.guid)],
            (None, Some(mbr)) => ["dos".to_owned(), format!("0x{:08x}", mbr.signature)],
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(ours.as_slice(), head, "{name}");
        let mut partitions: Vec<_> = table.partitions.iter().filter(|p| p.role != PartitionRole::Nested).collect();
        partitions.sort_by_key(|partition| partition.number);
        assert_eq!(partitions.into_iter().map(as_sfdisk).collect::<Vec<_>>(), oracle, "{name}");
        seen += 1;
    }
    assert!(seen >= 15, "{seen} tables were compared");
}

#[test]
fn devices_are_those_that_linux_makes() {
    let folder = fixture("partitions");
    let mut linux: BTreeMap<String, Vec<[u64; 3]>> = BTreeMap::new();
    for line in lines(&folder, "kernel.tsv") {
        let numbers = [1, 2, 3].map(|column: usize| line[column].parse().unwrap());
        linux.entry(line[0].clone()).or_default().push(numbers);
    }
    // Kinds of tables that are named, not read.
    for name in ONLY_KERNELS_READ {
        linux.remove(name).unwrap();
    }
    for (name, linux) in &linux {
        let disk = open(&folder, name);
        let ours = table(&folder, name);
        let ours: Vec<_> = ours
            .devices()
            .map(|partition| {
                let device = partition.open(disk.clone()).unwrap();
                [partition.number.into(), device.start(), device.len()]
            })
            .collect();
        assert_eq!(&ours, linux, "{name}");
    }
    // What has no device for Linux has no table for us, unless it is empty or read from its backup.
    for entry in fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = file.strip_suffix(".img").filter(|name| !linux.contains_key(*name)) else { continue };
        match PartitionTable::read(&open(&folder, name), sector_size(name)) {
            Ok(Some(table)) if table.gpt.is_some_and(|gpt| gpt.copy == GptCopy::Backup) => {}
            Ok(Some(table)) => assert!(name == "mbr-loop" || table.partitions.is_empty(), "{name}"),
            Ok(None) => {}
            Err(error) if error.is_unsupported() => assert!(!name.contains(['-']), "{name}: {error:?}"),
            Err(error) => assert_eq!((name, error.kind()), ("gpt-cut", ErrorKind::Corrupt)),
        }
    }
}

/// The answer of part_list (number, start, end and size of each) as guestfish prints it, line ends as spaces.
fn list(partitions: impl Iterator<Item = (i32, u64, u64, u64)>) -> String {
    let listed = partitions.enumerate().map(|(index, (number, start, end, size))| {
        format!("[{index}] = {{ part_num: {number} part_start: {start} part_end: {end} part_size: {size} }}")
    });
    listed.collect::<Vec<_>>().join(" ")
}

/// A call's answer as guestfish prints it, line ends as spaces.
fn answer(table: &PartitionTable, call: &str) -> String {
    let (call, number) = call.split_once(' ').unwrap_or((call, ""));
    let partition = || table.partition(number.parse().unwrap()).unwrap();
    let gpt = || partition().gpt.as_ref().unwrap();
    match call {
        "part-list" => {
            let listed = table.by_position().map(|found| (found.number as i32, found.start, found.end(), found.size));
            list(listed)
        }
        "part-get-parttype" => table.kind.name().to_owned(),
        "part-get-disk-guid" => uppercase(table.gpt.unwrap().guid),
        "part-get-bootable" => partition().bootable.to_string(),
        "part-get-mbr-id" => match partition().mbr_id {
            Some(id) => format!("{id:#x}"),
            // libguestfs takes the beginning of the GUID that sfdisk prints for a number.
            None => format!("{:#x}", gpt().type_guid.as_fields().0),
        },
        "part-get-gpt-type" => uppercase(gpt().type_guid),
        "part-get-gpt-guid" => uppercase(gpt().unique_guid),
        "part-get-gpt-attributes" => gpt().attributes.0.to_string(),
        "part-get-name" => gpt().name.to_string(),
        "part-get-mbr-part-type" => partition().role.name().to_owned(),
        other => panic!("{other}"),
    }
}

#[test]
fn facts_equal_libguestfs_answers() {
    let folder = fixture("partitions");
    let calls = lines(&folder, "libguestfs.tsv");
    assert!(calls.len() >= 20);
    for call in &calls {
        let [name, call, theirs] = call.as_slice() else { panic!("{call:?}") };
        let ours = match call.as_str() {
            "part-get-parttype" => {
                TableKind::probe(&open(&folder, name), sector_size(name)).unwrap().unwrap().name().to_owned()
            }
            _ if ONLY_KERNELS_READ.contains(&name.as_str()) => continue,
            _ => answer(&table(&folder, name), call),
        };
        assert_eq!(&ours, theirs, "{name}: {call}");
    }
}

/// A table that isn't read never makes a disk look empty: the appliance is asked, or the answer is an error.
#[test]
fn the_appliance_reads_other_tables() {
    if !has_programs("other partition tables", &[QEMU, "parted"]) {
        return;
    }
    let folder = fixture("partitions");
    let with_disks = |mut g: Handle| {
        for name in ONLY_KERNELS_READ {
            let opts = AddDriveOpts { readonly: Some(true), format: Some("raw".into()), ..AddDriveOpts::default() };
            let image = folder.join(format!("{name}.img"));
            g.add_drive(image.as_os_str().as_encoded_bytes().into(), opts).unwrap();
        }
        g
    };
    let mut g = with_disks(Handle::without_environment());
    g.set_backend("inprocess".into()).unwrap();
    g.launch().unwrap();
    let errors = [
        g.list_partitions().map(drop),
        g.list_filesystems().map(drop),
        g.inspect_os().map(drop),
        g.mount_ro("/dev/sda1".into(), "/".into()),
    ];
    for error in errors.map(Result::unwrap_err) {
        assert!(error.is_unsupported() && error.to_string().contains("partition table: sun"), "{error}");
    }

    let mut g = with_disks(handle_with_appliance());
    g.launch().unwrap();
    let mut theirs = BTreeMap::new();
    for line in lines(&folder, "kernel.tsv") {
        if let Some(disk) = ONLY_KERNELS_READ.iter().position(|name| *name == line[0]) {
            theirs
                .insert(BString::from(format!("/dev/sd{}{}", char::from(b'a' + disk as u8), line[1])), line[3].clone());
        }
    }
    let mut ours = BTreeMap::new();
    for name in g.list_partitions().unwrap() {
        let size = g.blockdev_getsize64(name.as_ref()).unwrap();
        ours.insert(name, size.to_string());
    }
    assert_eq!(ours, theirs);
    let kinds = g.list_filesystems().unwrap().into_iter().map(|(_, kind)| kind);
    // Sun's third partition is the whole disk, and so begins with what its first would hide.
    assert_eq!(kinds.filter(|kind| kind == "ext2").count(), ONLY_KERNELS_READ.len());

    for call in &lines(&folder, "libguestfs.tsv") {
        let [name, call, theirs] = call.as_slice() else { panic!("{call:?}") };
        let Some(disk) = ONLY_KERNELS_READ.iter().position(|known| known == name) else { continue };
        let disk = BString::from(format!("/dev/sd{}", char::from(b'a' + disk as u8)));
        let ours = match call.as_str() {
            "part-get-parttype" => g.part_get_parttype(disk.as_ref()).unwrap().to_string(),
            "part-list" => {
                let listed = g.part_list(disk.as_ref()).unwrap().into_iter();
                list(listed.map(|one| (one.part_num, one.part_start, one.part_end, one.part_size)))
            }
            "part-get-bootable 1" => g.part_get_bootable(disk.as_ref(), 1).unwrap().to_string(),
            other => panic!("{other}"),
        };
        assert_eq!(&ours, theirs, "{name}: {call}");
    }
}

#[test]
fn filesystems_on_whole_disks_are_no_tables() {
    let folder = fixture("partitions");
    for name in ["fat", "fat32", "ntfs", "ext4", "swap", "empty", "gpt-no-mbr"] {
        assert!(PartitionTable::read(&open(&folder, name), None).unwrap().is_none(), "{name}");
        assert_eq!(TableKind::probe(&open(&folder, name), None).unwrap(), None, "{name}");
    }
}

#[test]
fn a_damaged_gpt_is_read_from_its_backup_and_a_grown_one_from_its_primary() {
    let folder = fixture("partitions");
    let whole = table(&folder, "gpt");
    assert_eq!(whole.gpt.unwrap().copy, GptCopy::Primary);
    for (name, copy) in [
        ("gpt-no-primary", GptCopy::Backup),
        ("gpt-bad-header", GptCopy::Backup),
        ("gpt-bad-entries", GptCopy::Backup),
        ("gpt-grown", GptCopy::Primary),
        ("gpt-grown-bad", GptCopy::Backup),
        ("gpt-hybrid", GptCopy::Primary),
    ] {
        let table = table(&folder, name);
        assert_eq!(table.partitions, whole.partitions, "{name}");
        assert_eq!(table.gpt.unwrap().copy, copy, "{name}");
    }
    let cut = PartitionTable::read(&open(&folder, "gpt-cut"), None).unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::Corrupt);
}

#[test]
fn a_gpts_sector_size_is_found() {
    let folder = fixture("partitions");
    for name in ["gpt", "gpt-4k"] {
        let found = PartitionTable::read(&open(&folder, name), None).unwrap().unwrap();
        assert_eq!(Some(found.sector_size), sector_size(name));
        assert_eq!(found.partitions, table(&folder, name).partitions);
    }
    assert!(PartitionTable::read(&open(&folder, "gpt"), Some(4096)).unwrap().is_none());
    assert!(PartitionTable::read(&open(&folder, "gpt"), Some(1000)).is_err());
}

#[test]
fn a_loop_of_ebrs_ends() {
    let table = table(&fixture("partitions"), "mbr-loop");
    let numbers: Vec<_> = table.devices().map(|partition| partition.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
}

#[test]
fn damaged_tables_neither_panic_nor_hang() {
    let folder = fixture("partitions");
    for name in ["gpt", "gpt-4k", "gpt-many", "mbr", "mbr-freebsd", "mbr-4k"] {
        let disk = open(&folder, name);
        bounded(name, Duration::from_secs(60), move || {
            let end = disk.len();
            // Where the structures of these disks are: the first sectors, every EBR and slice, the backup GPT.
            let areas = [(440, 72), (0, 4096), (4096, 512), (512, 92), (512 * 10240, 512 * 2), (512 * 16384, 512)];
            let areas =
                [&areas[..], &[(512 * 2048, 1024), (512 * 43008, 512), (end - 4096, 4096), (end - 33 * 512, 512)]];
            let areas = areas.concat();
            let mut rng = Rng(0x9a7);
            for round in 0..400u64 {
                let mut damaged = Damaged::new(disk.clone()).scramble(&mut rng, &areas);
                if round % 8 == 0 {
                    damaged = damaged.truncate(rng.below(end));
                }
                let damaged: Source = Arc::new(damaged);
                for size in [None, Some(512), Some(4096)] {
                    let Ok(Some(table)) = PartitionTable::read(&damaged, size) else { continue };
                    for partition in table.devices() {
                        let volume = partition.open(damaged.clone()).unwrap();
                        assert!(volume.start() + volume.len() <= damaged.len());
                        let _ = volume.read_at(&mut [0; 512], volume.len() / 2).unwrap();
                    }
                }
            }
        });
    }
}

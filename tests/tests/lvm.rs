//! LVM2 as LVM2 itself, Linux and libguestfs see it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bstr::BString;
use glassbox_formats::{Format, OpenOptions};
use glassbox_io::{Errno, Extents, ReadAt, Source};
use glassbox_partitions::PartitionTable;
use glassbox_partitions::lvm::{CopyPercent, LvReport, Lvm, PvReport, VgReport, device_path, mapper_path};
use glassbox_tests::bad_input::{Damaged, Rng, bounded};
use glassbox_tests::manifest::sha256;
use glassbox_tests::{corpus, fixture, fixtures};

fn open(path: &Path) -> Source {
    glassbox_formats::open(path, &OpenOptions::new().format(Format::Raw)).unwrap().into_source()
}

/// A disk's own device, or its partitions', as libguestfs would name them.
fn devices_of(name: &str, disk: Source) -> Vec<(BString, Source)> {
    match PartitionTable::read(&disk, None).unwrap() {
        None => vec![(name.into(), disk)],
        Some(table) => table
            .devices()
            .map(|partition| {
                let name = format!("{name}{}", partition.number);
                (name.into(), Arc::new(partition.open(disk.clone()).unwrap()) as Source)
            })
            .collect(),
    }
}

/// The devices of disks 1 to 8, and of 9 if it is asked for, but for some.
fn devices(folder: &Path, disks: impl IntoIterator<Item = u8>) -> Vec<(BString, Source)> {
    let disk = |number: u8| {
        let name = format!("/dev/sd{}", char::from(b'a' + number - 1));
        devices_of(&name, open(&folder.join(format!("disk{number}.img"))))
    };
    disks.into_iter().flat_map(disk).collect()
}

fn scan(folder: &Path, disks: impl IntoIterator<Item = u8>) -> Lvm {
    let lvm = Lvm::scan(devices(folder, disks)).unwrap();
    assert!(lvm.problems().is_empty(), "{:?}", lvm.problems());
    lvm
}

/// What guestfish printed for a call that returns structs: each struct's fields by name.
fn structs(folder: &Path, call: &str) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(folder.join("libguestfs").join(call)).unwrap();
    let mut structs = Vec::new();
    for line in text.lines() {
        match line.trim_start().split_once(": ") {
            Some((field, value)) => {
                let last: &mut BTreeMap<_, _> = structs.last_mut().unwrap();
                last.insert(field.to_owned(), value.to_owned());
            }
            None if line.ends_with('{') => structs.push(BTreeMap::new()),
            None => {}
        }
    }
    assert!(!structs.is_empty(), "{call}: {text}");
    structs
}

fn lines(folder: &Path, call: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.join("libguestfs").join(call)).unwrap();
    text.lines().map(str::to_owned).collect()
}

macro_rules! fields {
    ($($name:ident: $value:expr),* $(,)?) => { BTreeMap::from([$((stringify!($name).to_owned(), $value.to_string())),*]) };
}

fn pv_fields(pv: PvReport) -> BTreeMap<String, String> {
    fields! {
        pv_name: pv.name, pv_uuid: pv.uuid.compact(), pv_fmt: "lvm2", pv_size: pv.size, dev_size: pv.device_size,
        pv_free: pv.free, pv_used: pv.used, pv_attr: pv.attributes, pv_pe_count: pv.extent_count,
        pv_pe_alloc_count: pv.allocated_extents, pv_tags: pv.tags, pe_start: pv.extents_start,
        pv_mda_count: pv.metadata_areas, pv_mda_free: pv.metadata_free,
    }
}

fn vg_fields(vg: VgReport) -> BTreeMap<String, String> {
    fields! {
        vg_name: vg.name, vg_uuid: vg.uuid.compact(), vg_fmt: "lvm2", vg_attr: vg.attributes, vg_size: vg.size,
        vg_free: vg.free, vg_sysid: vg.system_id, vg_extent_size: vg.extent_size, vg_extent_count: vg.extent_count,
        vg_free_count: vg.free_count, max_lv: vg.max_lv, max_pv: vg.max_pv, pv_count: vg.pv_count,
        lv_count: vg.lv_count, snap_count: vg.snapshot_count, vg_seqno: vg.seqno, vg_tags: vg.tags,
        vg_mda_count: vg.metadata_areas, vg_mda_free: vg.metadata_free,
    }
}

fn lv_fields(lv: LvReport) -> BTreeMap<String, String> {
    let copied = match lv.copy_percent {
        CopyPercent::None => "",
        // The mirrors of the fixture had been synchronised when libguestfs was asked.
        CopyPercent::Full | CopyPercent::Changing => "100 %",
    };
    fields! {
        lv_name: lv.name, lv_uuid: lv.uuid.compact(), lv_attr: lv.attributes, lv_major: lv.major, lv_minor: lv.minor,
        lv_kernel_major: lv.kernel_major, lv_kernel_minor: lv.kernel_minor, lv_size: lv.size,
        seg_count: lv.segment_count, origin: "", snap_percent: "", copy_percent: copied, move_pv: "",
        lv_tags: lv.tags, mirror_log: lv.mirror_log, modules: lv.modules,
    }
}

#[test]
fn reports_equal_libguestfs() {
    let folder = fixture("lvm");
    let lvm = scan(&folder, 1..=8);
    let mut ours: Vec<_> = lvm.pv_reports().into_iter().map(pv_fields).collect();
    let mut theirs = structs(&folder, "pvs-full");
    // libguestfs doesn't translate the kernel's names of the disks here, and those change from launch to launch.
    for report in ours.iter_mut().chain(&mut theirs) {
        report.remove("pv_name").unwrap();
    }
    assert_eq!(ours, theirs);
    let ours: Vec<_> = lvm.vg_reports().into_iter().map(vg_fields).collect();
    assert_eq!(ours, structs(&folder, "vgs-full"));

    let reports = lvm.lv_reports().unwrap();
    let raid = reports.iter().find(|report| report.name == "raid").unwrap();
    assert_eq!(raid.copy_percent, CopyPercent::Full);
    let groups: BTreeMap<_, _> = reports.iter().map(|lv| (lv.uuid.compact().to_owned(), lv.group)).collect();
    let ours: Vec<_> = reports.into_iter().map(lv_fields).collect();
    // Linux activates the groups in the order in which it meets their disks, which changes from launch to launch:
    // minor numbers are compared within each group.
    let within_groups = |mut reports: Vec<BTreeMap<String, String>>| {
        let mut first = BTreeMap::new();
        for report in &mut reports {
            let minor: i64 = report["lv_kernel_minor"].parse().unwrap();
            let from = first.entry(groups[&report["lv_uuid"]]).or_insert(minor);
            report.insert("lv_kernel_minor".to_owned(), if minor < 0 { minor } else { minor - *from }.to_string());
        }
        reports
    };
    assert_eq!(within_groups(ours), within_groups(structs(&folder, "lvs-full")));
}

#[test]
fn names_and_uuids_equal_libguestfs() {
    let folder = fixture("lvm");
    let lvm = scan(&folder, 1..=8);
    let mut pvs: Vec<_> = lvm.pv_reports().into_iter().map(|pv| pv.name.to_string()).collect();
    pvs.sort();
    let mut theirs = lines(&folder, "pvs");
    theirs.sort();
    assert_eq!(pvs, theirs);
    assert_eq!(lvm.groups().iter().map(|group| group.name.to_string()).collect::<Vec<_>>(), lines(&folder, "vgs"));
    let lvs = lvm.active_volumes().map(|(group, volume)| device_path(group, volume).to_string());
    assert_eq!(lvs.collect::<Vec<_>>(), lines(&folder, "lvs"));
    for group in lvm.groups() {
        let ours: Vec<_> = group.physical_volumes.iter().map(|volume| volume.uuid.to_string()).collect();
        assert_eq!(ours, lines(&folder, &format!("vgpvuuids-{}", group.name)));
        let visible = group.logical_volumes.iter().filter(|volume| volume.is_visible());
        let ours: Vec<_> = visible.map(|volume| volume.uuid.to_string()).collect();
        assert_eq!(ours, lines(&folder, &format!("vglvuuids-{}", group.name)));
    }
    let mapped = "/dev/mapper/my--vg-a--b--c";
    let (group, volume) = lvm.find(mapped.as_bytes()).unwrap();
    assert_eq!(mapper_path(group, volume), mapped);
    assert_eq!([device_path(group, volume).to_string()].as_slice(), lines(&folder, "canonical"));
    assert!(lvm.find(b"/dev/my-vg/a-b-c").is_some() && lvm.find(b"/dev/mapper/my-vg-a-b-c").is_none());
    assert!(lvm.find(b"/dev/sda").is_none() && lvm.find(b"/dev/mirrors/raid_rimage_0").is_none());
}

/// Group, volume, digest as Linux read it.
fn digests(folder: &Path) -> Vec<[String; 3]> {
    let text = fs::read_to_string(folder.join("digests.tsv")).unwrap();
    let rows = text.lines().map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap());
    rows.collect()
}

fn open_volume(lvm: &Lvm, group: &str, name: &str) -> glassbox_io::Result<Source> {
    let group = lvm.group(group.as_bytes())?;
    lvm.open(group, group.logical_volume(name.as_bytes()).unwrap())
}

#[test]
fn every_byte_equals_linuxs() {
    let folder = fixture("lvm");
    let lvm = scan(&folder, 1..=9);
    let digests = digests(&folder);
    assert_eq!(digests.len(), 13);
    for [group, name, digest] in &digests {
        match open_volume(&lvm, group, name) {
            Ok(volume) => assert_eq!(&sha256(&volume).unwrap(), digest, "{group}/{name}"),
            Err(error) => {
                assert!(error.is_unsupported() && name == "raid0", "{group}/{name}: {error:?}");
                assert_eq!(error.message(), "LVM2: raid0");
            }
        }
    }
    let errors = open_volume(&lvm, "vg0", "errors").unwrap();
    assert_eq!(errors.read_at(&mut [0; 512], 0).unwrap_err().errno(), Errno::EIO);
    let zeros = open_volume(&lvm, "vg0", "zeros").unwrap();
    assert_eq!(zeros.extent_at(0).unwrap().length, zeros.len());
    let inside = fs::read_to_string(folder.join("libguestfs/inside2")).unwrap();
    let origin = inside.lines().find_map(|line| line.strip_prefix("origin\t")).unwrap();
    let ours = sha256(&open_volume(&lvm, "others", "origin").unwrap()).unwrap();
    assert_eq!(Some(ours.as_str()), origin.split(' ').next());
}

#[test]
fn unread_kinds_are_refused_by_name() {
    let folder = fixture("lvm");
    let lvm = scan(&folder, [9]);
    for (name, kind) in [("five", "raid5"), ("snap", "snapshot"), ("pool", "thin-pool"), ("thin", "thin")] {
        let error = open_volume(&lvm, "others", name).map(drop).unwrap_err();
        assert!(error.is_unsupported() && error.message().contains(kind), "{name}: {error:?}");
    }
    assert!(lvm.lv_reports().unwrap_err().is_unsupported());
    let vg = lvm.vg_reports().remove(0);
    assert_eq!((vg.lv_count, vg.snapshot_count), (5, 1));
    let ours: Vec<_> = lvm.active_volumes().map(|(group, volume)| device_path(group, volume).to_string()).collect();
    let theirs: Vec<_> = lines(&folder, "after-lvs").into_iter().filter(|path| path.contains("others")).collect();
    assert_eq!(ours, theirs);
}

/// LVM2's own report of some columns, each line a map by position.
fn rows(file: PathBuf) -> Vec<Vec<String>> {
    let text = fs::read_to_string(file).unwrap();
    text.lines().map(|line| line.trim().split('|').map(str::to_owned).collect()).collect()
}

/// The letters that don't depend on a running device mapper, as LVM2 prints them without one.
fn without_kernel(attributes: &str) -> String {
    let unknown = |(index, letter)| if index == 4 || index == 5 { 'X' } else { letter };
    attributes.chars().enumerate().map(unknown).collect()
}

fn assert_equals_lvm2(lvm: &Lvm, folder: &Path) {
    let mut ours: Vec<Vec<String>> = lvm
        .pv_reports()
        .into_iter()
        .map(|pv| {
            let counts = [pv.extent_count, pv.allocated_extents, pv.metadata_areas, pv.metadata_free];
            let sizes = [pv.size, pv.device_size, pv.free, pv.used].map(|n| n.to_string());
            [vec![pv.uuid.to_string()], sizes.to_vec(), vec![pv.attributes], counts.map(|n| n.to_string()).to_vec()]
                .concat()
        })
        .collect();
    let mut theirs = rows(folder.join("pvs"));
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs);
    let ours: Vec<Vec<String>> = lvm
        .vg_reports()
        .into_iter()
        .map(|vg| {
            let counts = [vg.size, vg.free, vg.pv_count, vg.lv_count, vg.metadata_areas, vg.metadata_free];
            [vec![vg.name.to_string(), vg.attributes], counts.map(|n| n.to_string()).to_vec()].concat()
        })
        .collect();
    assert_eq!(ours, rows(folder.join("vgs")));
}

#[test]
fn a_missing_volume_makes_a_group_partial() {
    let folder = fixture("lvm");
    let lvm = scan(&folder, [1, 3]);
    let vg0 = lvm.group(b"vg0").unwrap();
    assert_eq!(lvm.missing(vg0).count(), 1);
    // disk3's other partition belongs to my-vg, which LVM2 wasn't shown.
    let lvm = Lvm::scan(devices(&folder, [1, 3]).into_iter().filter(|(name, _)| name != "/dev/sdc2")).unwrap();
    assert_equals_lvm2(&lvm, &folder.join("partial"));
    let mut ours: Vec<_> = lvm
        .lv_reports()
        .unwrap()
        .into_iter()
        .map(|lv| {
            vec![lv.name.to_string(), without_kernel(&lv.attributes), lv.size.to_string(), lv.segment_count.to_string()]
        })
        .collect();
    ours.sort();
    assert_eq!(ours, rows(folder.join("partial/lvs")));

    let error = open_volume(&lvm, "vg0", "lin").map(drop).unwrap_err();
    assert_eq!(error.errno(), Errno::ENXIO);
    let uuid = lvm.missing(lvm.group(b"vg0").unwrap()).next().unwrap().uuid.to_string();
    assert!(error.to_string().starts_with("/dev/vg0/lin: ") && error.to_string().contains(&uuid), "{error}");
    assert!(open_volume(&lvm, "vg0", "lin2").is_ok());
    let active: Vec<_> = lvm.active_volumes().map(|(_, volume)| volume.name.to_string()).collect();
    assert_eq!(active, ["errors", "lin2", "ro", "zeros"]);
}

#[test]
fn an_exported_group_is_not_activated() {
    let folder = fixture("lvm");
    let lvm = Lvm::scan(devices_of("/dev/sda", open(&folder.join("exported.img")))).unwrap();
    assert_equals_lvm2(&lvm, &folder.join("exported"));
    assert_eq!(lvm.active_volumes().count(), 0);
    assert!(open_volume(&lvm, "gone", "left").is_ok());
}

#[test]
fn a_raid1_reads_from_either_leg_and_a_mirror_from_its_first() {
    let folder = fixture("lvm");
    let digests = digests(&folder);
    let digest = |name: &str| digests.iter().find(|row| row[1] == name).unwrap()[2].clone();
    for missing in [5, 6] {
        let lvm = scan(&folder, [5, 6, 7].into_iter().filter(|disk| *disk != missing));
        let volume = open_volume(&lvm, "mirrors", "raid").unwrap();
        assert_eq!(sha256(&volume).unwrap(), digest("raid"), "without disk {missing}");
        let report = lvm.lv_reports().unwrap().into_iter().find(|report| report.name == "raid").unwrap();
        assert_eq!((report.attributes.as_str(), report.copy_percent), ("rwi-a-r-p-", CopyPercent::Full));
    }
    let lvm = scan(&folder, [5, 7]);
    assert_eq!(sha256(&open_volume(&lvm, "mirrors", "core").unwrap()).unwrap(), digest("core"));
    let lvm = scan(&folder, [6, 7]);
    assert_eq!(open_volume(&lvm, "mirrors", "core").map(drop).unwrap_err().errno(), Errno::ENXIO);
}

#[test]
fn the_newest_metadata_wins_and_copies_are_noted() {
    let folder = fixture("lvm");
    let stale = ("/dev/sdz".into(), open(&folder.join("stale.img")));
    let alone = Lvm::scan([stale.clone()]).unwrap();
    let old = alone.group(b"vg0").unwrap();
    assert!(old.logical_volume(b"stripe").is_some() && old.logical_volume(b"zeros").is_none());

    // Behind the disks that are current, it is a second copy of disk2's volume.
    let mut devices = devices(&folder, [1, 2, 3]);
    devices.push(stale.clone());
    let lvm = Lvm::scan(devices).unwrap();
    assert_eq!(lvm.problems().len(), 1);
    assert_eq!(lvm.problems()[0].0, "/dev/sdz");
    assert!(lvm.group(b"vg0").unwrap().logical_volume(b"zeros").is_some());

    // In disk2's place its metadata is old, and its data are its own.
    let devices = self::devices(&folder, [1, 3]).into_iter().chain([stale]);
    let lvm = Lvm::scan(devices).unwrap();
    assert!(lvm.group(b"vg0").unwrap().seqno > old.seqno);
    assert_eq!(lvm.missing(lvm.group(b"vg0").unwrap()).count(), 0);
}

#[test]
fn metadata_around_the_end_of_its_ring_is_read() {
    // The fixture wrote more text than the area of my-vg holds, so that it went around; here every place is tried.
    let folder = fixture("lvm");
    let (_, device) = devices(&folder, [3]).remove(1);
    let mut header = [0; 512];
    device.read_exact_at(&mut header, 4096).unwrap();
    let field = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().unwrap());
    let (area_size, text_at, text_size) = (field(32), field(40), field(48));
    let written = scan(&folder, [3, 4]).group(b"my-vg").unwrap().seqno * text_size / 2;
    assert!(written > area_size, "{written} bytes were written into {area_size}");
    assert!(text_at >= 512 && text_at < area_size);
}

#[test]
fn a_corpus_volume_is_read() {
    let Some(packed) = corpus("lvm/lvm2.vhdx") else { return };
    let raw = fixtures::scratch("lvm-corpus").join("lvm2.raw");
    let status = Command::new("qemu-img").args(["convert", "-O", "raw"]).args([&packed, &raw]).status().unwrap();
    assert!(status.success());
    let lvm = Lvm::scan(devices_of("/dev/sda", open(&raw))).unwrap();
    fs::remove_file(raw).unwrap();
    assert!(lvm.problems().is_empty(), "{:?}", lvm.problems());
    let volumes: Vec<_> = lvm.active_volumes().collect();
    assert!(!volumes.is_empty());
    for (group, volume) in volumes {
        let source = lvm.open(group, volume).unwrap();
        assert_eq!(source.len(), volume.extent_count() * group.extent_size);
        let mut superblock = [0; 2048];
        source.read_exact_at(&mut superblock, 0).unwrap();
        // XFS, ext, and the boot sectors of FAT and NTFS: each volume begins with a filesystem.
        let recognised = superblock.starts_with(b"XFSB")
            || superblock[1080..1082] == [0x53, 0xef]
            || superblock[510..512] == [0x55, 0xaa];
        assert!(recognised, "{} holds no filesystem", volume.name);
    }
}

#[test]
fn damaged_metadata_neither_panics_nor_hangs() {
    let folder = fixture("lvm");
    for disks in [vec![1, 2, 3, 4], vec![5, 6, 7], vec![9]] {
        let devices = devices(&folder, disks.clone());
        bounded(&format!("disks {disks:?}"), Duration::from_secs(120), move || {
            let mut rng = Rng(0x11b);
            for round in 0..400u64 {
                // The label, the area's header, and the text, wherever it is: the checksums would stop nearly all
                // damage to it, so they are made right again.
                let damaged = devices.iter().map(|(name, device)| {
                    let mut damaged = Damaged::new(device.clone());
                    if round % 2 == 0 {
                        damaged =
                            damaged.scramble(&mut rng, &[(512, 512), (4096, 512), (4608, 30 << 10), (1 << 20, 512)]);
                    }
                    if round % 16 == 0 {
                        damaged = damaged.truncate(rng.below(device.len()));
                    }
                    if round % 2 == 1 {
                        damaged = rewritten(device, damaged, &mut rng);
                    }
                    (name.clone(), Arc::new(damaged) as Source)
                });
                let lvm = Lvm::scan(damaged.collect::<Vec<_>>()).unwrap();
                let _ = (lvm.pv_reports(), lvm.vg_reports(), lvm.lv_reports());
                for group in lvm.groups() {
                    for volume in &group.logical_volumes {
                        let Ok(source) = lvm.open(group, volume) else { continue };
                        let _ = source.read_at(&mut [0; 4096], source.len() / 3);
                        let _ = Extents::new(&source, source.len() / 2).take(4).count();
                    }
                }
            }
        });
    }
}

/// The device's metadata text with a few bytes changed, and checksums that agree.
fn rewritten(device: &Source, damaged: Damaged, rng: &mut Rng) -> Damaged {
    let mut header = vec![0; 512];
    device.read_exact_at(&mut header, 4096).unwrap();
    let field = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().unwrap());
    let (size, offset, length) = (field(32), field(40), field(48) as usize);
    if offset == 0 || offset + length as u64 > size {
        return damaged;
    }
    let mut text = vec![0; length];
    device.read_exact_at(&mut text, 4096 + offset).unwrap();
    let mut patches = Vec::new();
    for _ in 0..=rng.below(4) {
        let at = rng.below(length as u64) as usize;
        text[at] = b"0123456789{}[]\",= \nx"[rng.below(20) as usize];
        patches.push((4096 + offset + at as u64, text[at]));
    }
    header[56..60].copy_from_slice(&checksum(&text).to_le_bytes());
    let own = checksum(&header[4..]).to_le_bytes();
    header[..4].copy_from_slice(&own);
    patches.extend((4096..).zip(header.iter().copied()).take(64));
    patches.into_iter().fold(damaged, |damaged, (at, byte)| damaged.patch(at, byte))
}

/// LVM2's checksum, bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0xf597_a6cf, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}

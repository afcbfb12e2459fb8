//! Tests on physical volumes made by hand.

use std::sync::Arc;

use bstr::BString;
use glassbox_io::{Errno, ErrorKind, ReadAt, Source};

use super::checksum::checksum;
use super::*;

const AREA: usize = 4096;
const AREA_SIZE: usize = 8192;
const EXTENTS: usize = 16384;
const EXTENT: usize = 4096;

/// How a physical volume is made.
#[derive(Clone)]
struct Pv<'a> {
    uuid: &'a str,
    text: &'a str,
    label_sector: usize,
    text_at: usize,
    ignored: bool,
}

const A: &str = "AAAAAAaaaaaaaaaaaaaaaaaaaaAAAAAA";
const B: &str = "BBBBBBbbbbbbbbbbbbbbbbbbbbBBBBBB";

fn pv<'a>(uuid: &'a str, text: &'a str) -> Pv<'a> {
    Pv { uuid, text, label_sector: 1, text_at: 512, ignored: false }
}

impl Pv<'_> {
    /// Its bytes; extent N is full of (the UUID's first letter + N).
    fn bytes(&self) -> Vec<u8> {
        let mut disk = vec![0; EXTENTS];
        let label = &mut disk[self.label_sector * 512..][..512];
        label[..8].copy_from_slice(b"LABELONE");
        label[8] = self.label_sector as u8;
        label[20] = 32;
        label[24..32].copy_from_slice(b"LVM2 001");
        label[32..64].copy_from_slice(self.uuid.as_bytes());
        for (offset, value) in [(72, EXTENTS), (104, AREA), (112, AREA_SIZE)] {
            label[offset..][..8].copy_from_slice(&(value as u64).to_le_bytes());
        }
        let sum = checksum(&label[20..]);
        label[16..20].copy_from_slice(&sum.to_le_bytes());

        for (index, byte) in self.text.bytes().enumerate() {
            let at = self.text_at + index;
            disk[AREA + if at < AREA_SIZE { at } else { at - AREA_SIZE + 512 }] = byte;
        }
        let header = &mut disk[AREA..][..512];
        header[4..20].copy_from_slice(b"\x20LVM2\x20x[5A%r0N*>");
        header[20] = 1;
        for (offset, value) in [(24, AREA), (32, AREA_SIZE), (40, self.text_at), (48, self.text.len())] {
            header[offset..][..8].copy_from_slice(&(value as u64).to_le_bytes());
        }
        header[56..60].copy_from_slice(&checksum(self.text.as_bytes()).to_le_bytes());
        header[60] = self.ignored.into();
        let sum = checksum(&header[4..]);
        header[..4].copy_from_slice(&sum.to_le_bytes());

        for extent in 0..8 {
            disk.extend([self.uuid.as_bytes()[0] + extent; EXTENT]);
        }
        disk
    }

    fn device(&self) -> (BString, Source) {
        (format!("/dev/{}", &self.uuid[..1]).into(), Arc::new(self.bytes()))
    }
}

/// A group on A and B with these logical volumes.
fn group(seqno: u32, volumes: &str) -> String {
    let pv = |key: &str, uuid: &str, flags: &str| {
        format!("{key} {{ id = \"{uuid}\" pe_start = 32 pe_count = 8 status = [\"ALLOCATABLE\"] flags = [{flags}] }}")
    };
    format!(
        "vg {{ id = \"{}\" seqno = {seqno} extent_size = 8 status = [\"READ\", \"WRITE\"]
        physical_volumes {{ {} {} }} logical_volumes {{ {volumes} }} }}",
        "V".repeat(32),
        pv("pv0", A, ""),
        pv("pv1", B, ""),
    )
}

fn volume(name: &str, segments: &[&str]) -> String {
    let segments: String = segments.iter().zip(1..).map(|(text, n)| format!("segment{n} {{ {text} }} ")).collect();
    format!("{name} {{ id = \"{name:l<32}\" status = [\"READ\", \"VISIBLE\"] {segments} }} ")
}

fn linear(start: u32, count: u32, on: &str) -> String {
    format!("start_extent = {start} extent_count = {count} type = \"striped\" stripe_count = 1 stripes = [{on}]")
}

/// What scanning both devices finds.
fn scan(volumes: &str) -> Lvm {
    let text = group(1, volumes);
    Lvm::scan([pv(A, &text).device(), pv(B, &text).device()]).unwrap()
}

fn open(lvm: &Lvm, name: &str) -> Result<Source> {
    let group = &lvm.groups()[0];
    lvm.open(group, group.logical_volume(name.as_bytes()).unwrap())
}

/// The first byte of each extent.
fn extents(source: &Source) -> String {
    let mut bytes = vec![0; source.len() as usize];
    source.read_exact_at(&mut bytes, 0).unwrap();
    bytes.iter().step_by(EXTENT).map(|&byte| char::from(byte)).collect()
}

#[test]
fn a_label_stands_in_any_of_four_sectors() {
    let text = group(1, "");
    for label_sector in 0..4 {
        let lvm = Lvm::scan([Pv { label_sector, ..pv(A, &text) }.device()]).unwrap();
        assert_eq!(lvm.groups().len(), 1, "{label_sector}");
    }
    assert!(Lvm::scan([("/dev/x".into(), Arc::new(vec![0u8; 4096]) as Source)]).unwrap().groups().is_empty());
    let mut bytes = pv(A, &text).bytes();
    bytes[512 + 40] ^= 1;
    let lvm = Lvm::scan([("/dev/x".into(), Arc::new(bytes) as Source)]).unwrap();
    assert!(lvm.groups().is_empty() && lvm.problems()[0].1.message().contains("label"));
}

#[test]
fn a_text_goes_around_the_end_of_its_ring() {
    let text = group(1, &volume("lv", &[&linear(0, 2, "\"pv0\", 3")]));
    for text_at in [512, AREA_SIZE - text.len(), AREA_SIZE - text.len() + 1, AREA_SIZE - 100, AREA_SIZE - 1] {
        let lvm = Lvm::scan([Pv { text_at, ..pv(A, &text) }.device()]).unwrap();
        assert!(lvm.problems().is_empty(), "{text_at}: {:?}", lvm.problems());
        assert_eq!(extents(&open(&lvm, "lv").unwrap()), "DE");
    }
}

#[test]
fn the_newest_whole_text_wins() {
    let old = group(4, &volume("old", &[]));
    let new = group(10, &volume("new", &[]));
    let names = |lvm: &Lvm| -> Vec<_> {
        lvm.groups().iter().flat_map(|group| &group.logical_volumes).map(|lv| lv.name.to_string()).collect()
    };
    for devices in [[pv(A, &old), pv(B, &new)], [pv(A, &new), pv(B, &old)]] {
        assert_eq!(names(&Lvm::scan(devices.map(|pv| pv.device())).unwrap()), ["new"]);
    }
    let ignored = Pv { ignored: true, ..pv(B, &new) };
    assert_eq!(names(&Lvm::scan([pv(A, &old).device(), ignored.device()]).unwrap()), ["old"]);
    let mut damaged = pv(B, &new).bytes();
    damaged[AREA + 600] ^= 1;
    let lvm = Lvm::scan([pv(A, &old).device(), ("/dev/B".into(), Arc::new(damaged))]).unwrap();
    assert_eq!(names(&lvm), ["old"]);
    assert_eq!((lvm.problems()[0].0.as_slice(), lvm.problems()[0].1.kind()), (&b"/dev/B"[..], ErrorKind::Corrupt));
}

#[test]
fn segments_map_in_order() {
    let stripes =
        "start_extent = 2 extent_count = 4 type = \"striped\" stripe_size = 8 stripes = [\"pv0\", 2, \"pv1\", 4]";
    let zero = "start_extent = 6 extent_count = 1 type = \"zero\"";
    // The order in the text doesn't matter.
    let lvm = scan(&volume("lv", &[stripes, &linear(0, 2, "\"pv1\", 0"), zero]));
    assert_eq!(extents(&open(&lvm, "lv").unwrap()), "BCCFDG\0");
    let report = lvm.pv_reports().remove(0);
    assert_eq!((report.allocated_extents, report.extent_count), (2, 8));
}

#[test]
fn volumes_on_volumes() {
    let volumes = [
        volume("top", &[&linear(0, 2, "\"mid\", 1")]),
        volume("mid", &[&linear(0, 1, "\"pv0\", 5"), &linear(1, 3, "\"pv1\", 1")]),
    ];
    assert_eq!(extents(&open(&scan(&volumes.concat()), "top").unwrap()), "CD");
}

#[test]
fn contradictions_are_corrupt() {
    let zero_chunk =
        "start_extent = 0 extent_count = 4 type = \"striped\" stripe_size = 0 stripes = [\"pv0\", 2, \"pv1\", 4]";
    let odd = "start_extent = 0 extent_count = 3 type = \"striped\" stripe_size = 8 stripes = [\"pv0\", 2, \"pv1\", 4]";
    for (what, segment) in [
        ("past the end of the physical volume", linear(0, 3, "\"pv0\", 6")),
        ("an unknown volume", linear(0, 1, "\"pv7\", 0")),
        ("made of itself", linear(0, 1, "\"lv\", 0")),
        ("chunks of no size", zero_chunk.to_owned()),
        ("stripes of unequal size", odd.to_owned()),
        ("past 2^64", linear(0, 1, "\"pv0\", 9223372036854775807")),
    ] {
        let error = open(&scan(&volume("lv", &[&segment])), "lv").map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{what}: {error:?}");
        assert_eq!(error.path().unwrap(), "/dev/vg/lv");
    }
    for segments in [vec![linear(1, 1, "\"pv0\", 0")], vec![linear(0, 2, "\"pv0\", 0"), linear(1, 2, "\"pv0\", 4")]] {
        let segments: Vec<_> = segments.iter().map(String::as_str).collect();
        let lvm = scan(&volume("lv", &segments));
        assert!(lvm.groups().is_empty() && lvm.problems().len() == 1);
    }
}

#[test]
fn a_volume_that_came_back_counts_as_missing() {
    let text = group(1, &volume("lv", &[&linear(0, 1, "\"pv1\", 0")]));
    let flagged = text.replacen("flags = [] } }", "flags = [\"MISSING\"] } }", 1);
    assert_ne!(text, flagged);
    for devices in [vec![pv(A, &text)], vec![pv(A, &flagged), pv(B, &flagged)]] {
        let lvm = Lvm::scan(devices.iter().map(Pv::device)).unwrap();
        assert_eq!(open(&lvm, "lv").map(drop).unwrap_err().errno(), Errno::ENXIO);
        assert_eq!(lvm.active_volumes().count(), 0);
        assert_eq!(lvm.vg_reports()[0].attributes, "w--pn-");
        let missing = lvm.pv_reports().into_iter().find(|pv| pv.name == "[unknown]").unwrap();
        assert_eq!(missing.attributes, "a-m");
    }
}

#[test]
fn snapshots_are_seen_although_their_stores_look_linear() {
    let snapshot = |kind: &str| {
        let segment =
            format!("start_extent = 0 extent_count = 1 type = \"snapshot\" origin = \"lv\" {kind} = \"store\"");
        [
            volume("lv", &[&linear(0, 1, "\"pv0\", 0")]),
            volume("store", &[&linear(0, 1, "\"pv0\", 1")]),
            volume("snapshot0", &[&segment]),
        ]
    };
    let lvm = scan(&snapshot("cow_store").concat());
    assert!(open(&lvm, "lv").is_ok());
    assert!(open(&lvm, "store").map(drop).unwrap_err().is_unsupported());
    assert!(lvm.lv_reports().unwrap_err().is_unsupported());
    let lvm = scan(&snapshot("merging_store").concat());
    assert!(open(&lvm, "lv").map(drop).unwrap_err().is_unsupported());
}

#[test]
fn two_groups_of_one_name_are_told_apart_by_uuid() {
    let first = group(1, "");
    let second = first.replace(&"V".repeat(32), &"W".repeat(32));
    let lvm = Lvm::scan([pv(A, &first).device(), pv(B, &second).device()]).unwrap();
    assert_eq!(lvm.groups().len(), 2);
    assert_eq!(lvm.group(b"vg").map(drop).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(lvm.group(b"none").map(drop).unwrap_err().errno(), Errno::ENOENT);
}

#[test]
fn work_on_tangled_metadata_is_bounded() {
    // Each volume names the next one 100 times: 100^20 paths.
    let volumes: String = (0..20)
        .map(|level| {
            let below = if level == 19 { "\"pv0\", 0".to_owned() } else { format!("\"v{}\", 0", level + 1) };
            let segments: Vec<_> = (0..100).map(|n| linear(n, 1, &below)).collect();
            volume(&format!("v{level}"), &segments.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .collect();
    let group = VolumeGroup::parse(group(1, &volumes).as_bytes()).unwrap();
    let mut lvm = Lvm::scan([pv(A, "").device()]).unwrap();
    lvm.groups = vec![group];
    assert_eq!(open(&lvm, "v0").map(drop).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(open(&lvm, "v18").unwrap().len(), 100 * EXTENT as u64);
    assert_eq!(lvm.lv_reports().unwrap().len(), 20);
    assert_eq!(lvm.active_volumes().count(), 20);
}

//! LVM2's label, metadata and volumes. Checksums are made right first, so that what they protect is reached.
#![no_main]

use glassbox_fuzz::{image, read};
use glassbox_partitions::lvm::Lvm;
use libfuzzer_sys::fuzz_target;

/// Where the seeds have the label, and their one metadata area.
const LABEL: usize = 512;
const AREA: usize = 4096;

/// LVM's CRC-32: its own start value, and no complement at the end.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0xf597_a6cf, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

fn number(image: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(image.get(at..at + 8)?.try_into().ok()?)).ok()
}

/// Puts the checksum of `from..to` at `at`, if all that is within the image.
fn seal(image: &mut [u8], from: usize, to: usize, at: usize) {
    let Some(sum) = image.get(from..to).map(crc) else { return };
    if let Some(place) = image.get_mut(at..at + 4) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    seal(&mut bytes, LABEL + 20, LABEL + 512, LABEL + 16);
    // The first location of a text: offset, size, checksum.
    let location = AREA + 40;
    if let (Some(offset), Some(size)) = (number(&bytes, location), number(&bytes, location + 8)) {
        let start = AREA.saturating_add(offset);
        seal(&mut bytes, start, start.saturating_add(size), location + 16);
    }
    seal(&mut bytes, AREA + 4, AREA + 512, AREA);

    let devices = [("/dev/sda", image(&bytes)), ("/dev/sdb", image(&bytes[..bytes.len() / 2]))];
    let Ok(lvm) = Lvm::scan(devices.map(|(name, source)| (name.into(), source))) else { return };
    let _ = (lvm.pv_reports(), lvm.vg_reports(), lvm.lv_reports());
    for group in lvm.groups() {
        for volume in &group.logical_volumes {
            if let Ok(source) = lvm.open(group, volume) {
                read(&source);
            }
        }
    }
});

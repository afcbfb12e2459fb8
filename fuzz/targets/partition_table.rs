//! MBR, GPT and the tables that are recognised: whatever table is there, its partitions lie within the disk.
#![no_main]

use glassbox_fuzz::{image, read};
use glassbox_partitions::{PartitionTable, TableKind};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let disk = image(bytes);
    for sector_size in [None, Some(512), Some(4096)] {
        let _ = TableKind::probe(&disk, sector_size);
        let Ok(Some(table)) = PartitionTable::read(&disk, sector_size) else { continue };
        for partition in table.devices().take(8) {
            if let Ok(volume) = partition.open(disk.clone()) {
                read(&volume);
            }
        }
    }
});

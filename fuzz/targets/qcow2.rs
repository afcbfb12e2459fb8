//! qcow2 images, alone and over a backing file.
#![no_main]

use std::sync::Arc;

use glassbox_formats::qcow2::{NamedFiles, Qcow2};
use glassbox_fuzz::{image, read};
use glassbox_io::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let opened = Qcow2::open(image(bytes), |header| {
        let other: Source = Arc::new(vec![0xb5; 100_000]);
        Ok(NamedFiles {
            data_file: header.data_file.as_ref().map(|_| other.clone()),
            backing_file: header.backing_file.as_ref().map(|_| other.clone()),
        })
    });
    if let Ok(disk) = opened {
        let _ = disk.snapshots();
        read(&disk);
    }
});

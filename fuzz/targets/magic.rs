//! libmagic: a file of any contents is described, as a file, a device, and at the end of a pipe.
#![no_main]

use std::cell::RefCell;

use glassbox_magic::{Kind, Magic, unpack};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static MAGIC: RefCell<Magic> = RefCell::new(Magic::new().unwrap());
}

fuzz_target!(|bytes: &[u8]| {
    let source = bytes.to_vec();
    MAGIC.with_borrow_mut(|magic| {
        let _ = magic.describe(&source, Kind::File { mode: 0o644 });
        let _ = magic.describe(&source, Kind::Device);
        let _ = unpack::zcat(&source).and_then(|mut stream| magic.describe_stream(&mut stream));
        let _ = magic.describe_stream(&mut unpack::bzcat(&source));
    });
});

//! Whether KVM runs the guest. It may be there and not work: in a virtual machine, or for want of a processor's feature.

use std::fs;

use crate::cache::{Cache, Key};
use crate::host::qemu::Qemu;
use crate::options::{Accelerator, Options};

const DEVICE: &str = "/dev/kvm";
/// What the note of its failure is called in the cache.
const NOTE: &str = "kvm";
/// What of a processor decides over what its guest sees.
const PROCESSOR: [&str; 5] = ["vendor_id", "model name", "stepping", "microcode", "flags"];

/// The accelerators to try, whether they are KVM, in order.
pub(super) fn candidates(options: &Options, qemu: &Qemu, cache: &Cache) -> Vec<bool> {
    let is_there = || qemu.has_kvm && fs::File::options().read(true).write(true).open(DEVICE).is_ok();
    match options.accelerator {
        Accelerator::Tcg => vec![false],
        Accelerator::Kvm => vec![true],
        Accelerator::Auto if is_there() && cache.note(NOTE, &key(qemu)).is_none() => vec![true, false],
        Accelerator::Auto => vec![false],
    }
}

/// Remembers that it doesn't work here.
pub(super) fn remember_failure(qemu: &Qemu, cache: &Cache, why: &str) {
    // Forgotten, it costs time, no more.
    let _ = cache.keep_note(NOTE, &key(qemu), why);
}

fn key(qemu: &Qemu) -> Key {
    Key::of([qemu.identity.as_str(), &host()])
}

/// What a guest under KVM sees of the host, and who runs it: its kernel and its processor.
pub(super) fn host() -> String {
    let mut text = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    // The first one's lines, up to the empty one.
    for line in processors.lines().take_while(|line| !line.is_empty()) {
        if PROCESSOR.iter().any(|field| line.starts_with(field)) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

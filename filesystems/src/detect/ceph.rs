//! Ceph's BlueStore (Ceph `os/bluestore/BlueStore.cc`: the text that begins the device's label).

use super::{Format, Magic, Usage, magic_only};

pub(super) static BLUESTORE: Format = Format {
    magics: &[Magic::new(b"bluestore block device", 0)],
    ..Format::new("ceph_bluestore", Usage::Other, magic_only)
};

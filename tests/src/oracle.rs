//! Real libguestfs, where a test asks it.

/// How it runs: its own backend, the processor emulated on every host, and a kernel without what costs an emulated one a
/// sixth of its time. A kernel that isn't preempted names the disks in their order, which else is a race that it loses now
/// and then. `fixtures/lib.sh` has the same. Ours may have it too.
pub const ENVIRONMENT: [(&str, &str); 3] = [
    ("LIBGUESTFS_BACKEND", "direct"),
    ("LIBGUESTFS_BACKEND_SETTINGS", "force_tcg"),
    ("LIBGUESTFS_APPEND", "mitigations=off cryptomgr.notests preempt=none"),
];

/// And its qemu, which is not for ours.
pub const HYPERVISOR: (&str, &str) = ("LIBGUESTFS_HV", concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/quick-qemu"));

//! The calls that are done by hand, one file per group. A group that isn't here has none: the engine answers, or nobody.

mod blockdev;
mod btrfs;
mod ext;
mod f2fs;
mod features;
mod filesystem_create_check;
mod filesystem_detect;
mod launch;
mod luks;
mod lvm;
mod md;
mod mount;
mod ntfs;
mod partitions;
mod swap;
mod sync;
mod unanswered;
mod xfs;
mod zero;

//! libvirt's domains, whose disks can be drives.

mod domain;
mod virsh;

pub use domain::{Disk, Domain, Network, Secret, Source};
pub use virsh::{Connection, Name};

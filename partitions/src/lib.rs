//! Partition tables and LVM2: a disk becomes volumes.
//!
//! [`PartitionTable::read`] reads an MBR or GPT from anything that is [`ReadAt`](glassbox_io::ReadAt), numbers the
//! partitions as Linux does, and opens each as a [`Window`](glassbox_io::Window) of its disk. [`lvm::Lvm::scan`] finds
//! the volume groups on a set of disks and partitions, and opens logical volumes.
//!
//! ```
//! use glassbox_partitions::PartitionTable;
//! # fn main() -> glassbox_io::Result<()> {
//! let disk: glassbox_io::Source = std::sync::Arc::new(vec![0u8; 1 << 20]);
//! if let Some(table) = PartitionTable::read(&disk, None)? {
//!     for partition in table.devices() {
//!         let volume = partition.open(disk.clone())?;
//!     }
//! }
//! # Ok(()) }
//! ```

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::arithmetic_side_effects
    )
)]

mod bsd_label;
mod chs;
mod ebr;
mod fdisk_label;
mod foreign;
mod geometry;
mod gpt;
pub mod lvm;
mod mbr;
mod mbr_type;
mod sectors;
mod table;

pub use fdisk_label::FdiskLabel;
pub use geometry::Geometry;
pub use gpt::{GptAttributes, GptCopy, GptDisk, GptPartition};
pub use mbr::MbrDisk;
pub use mbr_type::mbr_type_name;
pub use table::{KernelPartition, Partition, PartitionRole, PartitionTable, TableKind};

//! Windows registry hives: keys and values, read from the bytes of a hive file.
//!
//! Structures are named as in Maxim Suhanov's *Windows registry file format specification*, cited below as "regf".
//! A hive that wasn't closed cleanly is read as Windows would read it: with what its transaction logs hold.
//!
//! Keys and values are numbered as libhivex numbers them, by the offset of their cell in the file, and an error has
//! libhivex's error number, so that programs that were written for it see no difference.
//!
//! ```
//! use glassbox_registry::Hive;
//! # fn main() -> glassbox_io::Result<()> {
//! # let bytes = vec![0; 8192];
//! # if false {
//! let hive = Hive::open(bytes, &[], false)?;
//! if let Some(key) = hive.find(hive.root(), &["Microsoft", "Windows NT", "CurrentVersion"])? {
//!     if let Some(value) = hive.value(key, "ProductName".into())? {
//!         println!("{}", hive.string(value)?);
//!     }
//! }
//! # }
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

mod base_block;
mod big_data;
mod cell;
mod hive;
mod hive_bin;
mod key_node;
mod key_value;
mod subkeys_list;
mod text;
mod transaction_log;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use base_block::needs_recovery;
pub use hive::{Hive, Key, MAX_HIVE_SIZE, Value};
pub use key_value::value_type;

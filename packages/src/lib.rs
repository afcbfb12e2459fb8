//! Package databases: what package managers wrote down about what they installed.
//!
//! | format | what is read |
//! |---|---|
//! | [`dpkg`] | `/var/lib/dpkg/status` |
//! | [`rpm`] | `rpmdb.sqlite` with its write-ahead log, `Packages.db` (ndb), `Packages` (Berkeley DB), in place |
//! | [`apk`] | `/lib/apk/db/installed` |
//! | [`pacman`] | `/var/lib/pacman/local/*/desc` |
//! | [`portage`] | `/var/db/pkg/CATEGORY/PF/*` |
//!
//! Where the files are is the caller's knowledge: everything here works on bytes, or on
//! [`ReadAt`](glassbox_io::ReadAt). Of a damaged database what can be read is given, and what can't is told
//! ([`Listing`]). Text is bytes as the database has it, never assumed to be UTF-8.
//!
//! ```
//! use glassbox_packages::dpkg;
//! let status = b"Package: bash\nStatus: install ok installed\nVersion: 5.2.15-2+b7\n\n";
//! let packages: Vec<dpkg::Package> = dpkg::packages(status).collect();
//! assert_eq!(packages[0].name, "bash");
//! assert_eq!(packages[0].version, "5.2.15-2+b7");
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

pub mod apk;
mod bdb;
pub mod dpkg;
mod listing;
pub mod pacman;
pub mod portage;
pub mod rpm;
mod sqlite;
mod value;

pub use listing::Listing;

//! The libguestfs API, described once.

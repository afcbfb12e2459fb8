//! The handle: libguestfs calls answered in-process.

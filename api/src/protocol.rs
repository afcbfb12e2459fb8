//! The RPC protocol between library and daemon.

/// The most bytes of a message, its length word not counted.
pub const MESSAGE_MAX: usize = 4 * 1024 * 1024;

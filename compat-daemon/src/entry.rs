//! How a program or library becomes the appliance's daemon.
//!
//! The appliance's kernel starts `ld.so /glassbox`, whatever `/glassbox` is: the dynamic loader runs the constructors of a
//! program and of a shared library alike. The constructor here does nothing in any other process.

use crate::init;

/// Set in the environment of the appliance's first process, by its kernel's command line.
pub const VARIABLE: &str = "GLASSBOX_DAEMON";

/// A file in our initramfs alone. libguestfs's library, which boots our fixed appliances too, sets no variable.
const MARKER: &str = "/glassbox-appliance";

/// Runs before `main`, and before anything of Rust's standard library that a program's start sets up; what is used below
/// (files, processes, memory) needs none of that.
extern "C" fn become_daemon() {
    let is_ours = || std::env::var_os(VARIABLE).is_some() || std::path::Path::new(MARKER).exists();
    if std::process::id() == 1 && is_ours() {
        init::run();
    }
}

// SAFETY: the loader calls each pointer in this section once, as a C function (System V ABI, "Initialization and Termination
// Functions"); glibc passes arguments that `become_daemon` doesn't take, which is sound in C's calling conventions.
#[used]
#[unsafe(link_section = ".init_array")]
static BECOME_DAEMON: extern "C" fn() = become_daemon;

/// Keeps this module, and with it the constructor, in whatever calls it, since a linker leaves out what nobody refers to; and
/// has appliances carry that object.
pub fn link() {
    std::hint::black_box(&BECOME_DAEMON);
    glassbox_appliance::carry_daemon();
}

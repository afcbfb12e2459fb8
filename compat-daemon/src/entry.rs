//! How a program or library becomes the appliance's daemon.
//!
//! The appliance's kernel starts `ld.so /glassbox`, whatever `/glassbox` is. A program's start runs its constructors, and the
//! one here does nothing in any other process. A shared library has no start: the loader jumps to its entry point, which
//! is here too ([`ENTRY`]); whoever builds such a library tells its linker.

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

/// The symbol at which a shared library is entered that is started by itself: `-Wl,-e,glassbox_start`.
pub const ENTRY: &str = "glassbox_start";

// Entered from the loader with the kernel's stack: nobody has called, so there is nowhere to return to, and the stack must be
// aligned as a call aligns it (System V ABI, "Process Initialization"). Hidden: no part of the library's interface.
#[cfg(target_arch = "x86_64")]
std::arch::global_asm!(
    ".hidden glassbox_start",
    ".globl glassbox_start",
    "glassbox_start:",
    "xor ebp, ebp",
    "and rsp, -16",
    "call {start}",
    "ud2",
    start = sym start_library,
);
#[cfg(target_arch = "aarch64")]
std::arch::global_asm!(
    ".hidden glassbox_start",
    ".globl glassbox_start",
    "glassbox_start:",
    "mov x29, xzr",
    "bl {start}",
    "udf #0",
    start = sym start_library,
);

/// What a shared library does that is started by itself.
extern "C" fn start_library() -> ! {
    become_daemon();
    eprintln!("this is a library, and the daemon of Glassbox's appliance; it isn't started by hand");
    std::process::exit(127)
}

/// Keeps this module, and with it the constructor, in whatever calls it, since a linker leaves out what nobody refers to; and
/// has appliances carry that object.
pub fn link() {
    std::hint::black_box(&BECOME_DAEMON);
    glassbox_appliance::carry_daemon();
}

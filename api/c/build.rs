//! Compiles the shim of the variadic functions, and gives the library its soname.

fn main() {
    let sources = ["src/optargs.h", "src/generated/variadic.c", "include/guestfs.h"];
    sources.iter().for_each(|source| println!("cargo:rerun-if-changed={source}"));
    cc::Build::new()
        .file("src/generated/variadic.c")
        .include("src")
        .include("include")
        .define("GUESTFS_NO_WARN_DEPRECATED", None)
        .warnings(true)
        .extra_warnings(true)
        .compile("variadic");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libguestfs.so.0");
    // In an appliance this library is the daemon (`glassbox_compat_daemon::entry`).
    println!("cargo:rustc-cdylib-link-arg=-Wl,-e,glassbox_start");
}

//! The appliance's first process: from an empty kernel to the daemon.

mod clock;
mod filesystems;
mod network;
mod port;
mod root;

use glassbox_io::Result;

pub use clock::resume;
pub use network::is_given as has_network;
pub use port::open_named as open_port;
pub use root::is_root_disk;

use crate::{modules, server};

/// Modules that lead to the root disk, in the initramfs.
const EARLY_MODULES: &str = "/modules";
/// All others, on the root disk.
const MODULES: &str = "/modules.root";

/// Brings the appliance up, serves calls until the library hangs up, and switches it off.
pub fn run() -> ! {
    if let Err(error) = bring_up().and_then(server::serve) {
        eprintln!("guestfsd: {error}");
    }
    power_off()
}

/// Writes everything back and switches the appliance off.
pub fn power_off() -> ! {
    rustix::fs::sync();
    let _ = rustix::system::reboot(rustix::system::RebootCommand::PowerOff);
    // The kernel panics when its first process ends, and qemu ends with it.
    std::process::exit(1)
}

fn bring_up() -> Result<crate::port::Port> {
    filesystems::mount_kernel_filesystems()?;
    modules::load_all(EARLY_MODULES);
    root::switch()?;
    modules::load_all(MODULES);
    filesystems::mount_writable()?;
    network::bring_up();
    port::open()
}

/// Buries processes that tools have left behind: this is everyone's last parent.
pub fn reap_orphans() {
    if std::process::id() != 1 {
        return;
    }
    let any = rustix::process::WaitOptions::NOHANG;
    while let Ok(Some(_)) = rustix::process::wait(any) {}
}

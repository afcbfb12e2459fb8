//! The virtio-serial port to the library.

use std::fs::{self, File, OpenOptions};

use glassbox_io::{Errno, Error, Result};

use crate::port::Port;
use crate::wait::wait_for;

/// Its name, which libguestfs gives it too.
const NAME: &str = "org.libguestfs.channel.0";

/// Waits for the port and opens it.
pub fn open() -> Result<Port> {
    Ok(Port::new(open_named(NAME)?)?)
}

/// Waits for the port of this name and opens it. There is no udev, so its device is looked for by the name that the kernel shows.
pub fn open_named(name: &str) -> Result<File> {
    let device = wait_for(|| Ok(find(name)))?;
    let device = device.ok_or_else(|| Error::os_with(Errno::ENODEV, format!("there is no port {name}")))?;
    Ok(OpenOptions::new().read(true).write(true).open(format!("/dev/{device}"))?)
}

fn find(wanted: &str) -> Option<String> {
    let ports = fs::read_dir("/sys/class/virtio-ports").ok()?;
    ports.filter_map(|entry| entry.ok()).find_map(|entry| {
        let name = fs::read_to_string(entry.path().join("name")).ok()?;
        (name.trim() == wanted).then(|| entry.file_name().into_string().ok()).flatten()
    })
}

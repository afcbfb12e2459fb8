//! The virtio-serial port to the library.

use std::fs::{self, OpenOptions};

use glassbox_io::{Errno, Error, Result};

use crate::port::Port;
use crate::wait::wait_for;

/// Its name, which libguestfs gives it too.
const NAME: &str = "org.libguestfs.channel.0";

/// Waits for the port and opens it. There is no udev, so its device is looked for by the name that the kernel shows.
pub fn open() -> Result<Port> {
    let device = wait_for(|| Ok(find()))?;
    let device = device.ok_or_else(|| Error::os_with(Errno::ENODEV, format!("there is no port {NAME}")))?;
    Ok(Port::new(OpenOptions::new().read(true).write(true).open(format!("/dev/{device}"))?)?)
}

fn find() -> Option<String> {
    let ports = fs::read_dir("/sys/class/virtio-ports").ok()?;
    ports.filter_map(|entry| entry.ok()).find_map(|entry| {
        let name = fs::read_to_string(entry.path().join("name")).ok()?;
        (name.trim() == NAME).then(|| entry.file_name().into_string().ok()).flatten()
    })
}

//! The virtio-serial port to the library.

use std::fs::{self, OpenOptions};
use std::time::{Duration, Instant};

use glassbox_io::{Errno, Error, Result};

use crate::port::Port;

/// Its name, which libguestfs gives it too.
const NAME: &str = "org.libguestfs.channel.0";
/// How long it may take to appear.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for the port and opens it. There is no udev, so its device is looked for by the name that the kernel shows.
pub fn open() -> Result<Port> {
    let start = Instant::now();
    loop {
        if let Some(device) = find() {
            let file = OpenOptions::new().read(true).write(true).open(format!("/dev/{device}"))?;
            return Ok(Port::new(file)?);
        }
        if start.elapsed() > PATIENCE {
            return Err(Error::os_with(Errno::ENODEV, format!("there is no port {NAME}")));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn find() -> Option<String> {
    let ports = fs::read_dir("/sys/class/virtio-ports").ok()?;
    ports.filter_map(|entry| entry.ok()).find_map(|entry| {
        let name = fs::read_to_string(entry.path().join("name")).ok()?;
        (name.trim() == NAME).then(|| entry.file_name().into_string().ok()).flatten()
    })
}

//! What an appliance that was saved must have anew: the clock, and random numbers of its own.

use std::fs::OpenOptions;
use std::io::Write;

use glassbox_api::own_calls::Resume;
use glassbox_io::Result;
use rustix::time::{ClockId, Timespec};

use crate::{ioctl, kernel_tree::os};

/// Sets the clock and stirs the host's entropy into the kernel's pool, before anything asks for a UUID.
pub fn resume(resume: &Resume) -> Result<()> {
    let mut random = OpenOptions::new().read(true).write(true).open("/dev/urandom")?;
    random.write_all(&resume.entropy)?;
    ioctl::reseed(&random, resume.entropy.len() as i32 * 8).map_err(os)?;
    let now = Timespec { tv_sec: resume.seconds, tv_nsec: i64::from(resume.nanoseconds) };
    rustix::time::clock_settime(ClockId::Realtime, now).map_err(os)
}

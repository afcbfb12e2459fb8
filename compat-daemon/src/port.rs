//! The appliance's end of the virtio-serial port.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use glassbox_api::protocol::Frame;
use glassbox_io::{Error, ErrorKind};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Sent at a time: each write is an exit of the virtual machine, and a chunk of a file is small.
const QUEUE: usize = 256 << 10;

/// Frames come in and go out.
pub struct Port {
    incoming: Mutex<BufReader<File>>,
    outgoing: Mutex<Outgoing>,
}

struct Outgoing {
    file: File,
    /// Whole frames.
    queue: Vec<u8>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Port {
    /// The port that is open as `file`, for reading and writing.
    pub fn new(file: File) -> io::Result<Self> {
        let incoming = Mutex::new(BufReader::with_capacity(QUEUE, file.try_clone()?));
        Ok(Port { incoming, outgoing: Mutex::new(Outgoing { file, queue: Vec::new() }) })
    }

    /// The next frame; `None` when the other side has hung up.
    pub fn receive(&self) -> Result<Option<Frame>, Error> {
        let mut incoming = lock(&self.incoming);
        if incoming.fill_buf()?.is_empty() {
            return Ok(None);
        }
        match Frame::read(&mut *incoming) {
            Err(error) if error.kind() == ErrorKind::Io => Ok(None),
            frame => frame.map(Some),
        }
    }

    /// Sends frames, together with others that follow soon.
    pub fn queue(&self, frames: &[u8]) -> io::Result<()> {
        let mut outgoing = lock(&self.outgoing);
        outgoing.queue.extend_from_slice(frames);
        if outgoing.queue.len() >= QUEUE { outgoing.flush() } else { Ok(()) }
    }

    /// Sends frames, and all that are queued before them, at once.
    pub fn send(&self, frames: &[u8]) -> io::Result<()> {
        let mut outgoing = lock(&self.outgoing);
        outgoing.queue.extend_from_slice(frames);
        outgoing.flush()
    }

    /// Whether the other side has sent something that wasn't received yet: amid a file that we send, it wants us to stop.
    pub fn has_incoming(&self) -> io::Result<bool> {
        let incoming = lock(&self.incoming);
        if !incoming.buffer().is_empty() {
            return Ok(true);
        }
        let mut ports = [PollFd::new(incoming.get_ref(), PollFlags::IN)];
        poll(&mut ports, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
        Ok(ports[0].revents().contains(PollFlags::IN))
    }
}

impl Outgoing {
    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.queue)?;
        self.queue.clear();
        Ok(())
    }
}

//! Frames to and from the daemon.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use glassbox_api::protocol::Frame;
use glassbox_io::{Errno, Error, ErrorKind, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Sent and received at a time: chunks of files are small, and each read of the guest costs an exit of its machine.
const QUEUE: usize = 256 << 10;

/// The connection, and what waits in it.
pub struct Connection {
    incoming: BufReader<UnixStream>,
    outgoing: UnixStream,
    queue: Vec<u8>,
    lost: bool,
}

impl Connection {
    pub fn new(stream: UnixStream) -> Result<Self> {
        let incoming = BufReader::with_capacity(QUEUE, stream.try_clone()?);
        Ok(Connection { incoming, outgoing: stream, queue: Vec::new(), lost: false })
    }

    /// Whether nothing comes through any more.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Gives up: after `error` nobody knows what comes next.
    pub fn lose(&mut self, error: Error) -> Error {
        self.lost = true;
        error
    }

    /// The next frame.
    pub fn receive(&mut self) -> Result<Frame> {
        let result = match self.incoming.fill_buf() {
            Ok([]) => Err(hung_up()),
            Ok(_) => Frame::read(&mut self.incoming),
            Err(error) => Err(error.into()),
        };
        result.map_err(|error| {
            self.lost = true;
            match error.kind() {
                ErrorKind::Io if error.errno() != Errno::EAGAIN => hung_up(),
                _ => error,
            }
        })
    }

    /// Sends frames at once, behind all that are queued.
    pub fn send(&mut self, frames: &[u8]) -> Result<()> {
        self.queue.extend_from_slice(frames);
        let sent = self.outgoing.write_all(&self.queue);
        self.queue.clear();
        sent.map_err(|_| self.lose(hung_up()))
    }

    /// Sends frames when there are many. Whether something was sent now.
    pub fn queue(&mut self, frames: &[u8]) -> Result<bool> {
        self.queue.extend_from_slice(frames);
        let is_full = self.queue.len() >= QUEUE;
        if is_full {
            self.send(&[])?;
        }
        Ok(is_full)
    }

    /// Whether a frame has come.
    pub fn has_incoming(&self) -> Result<bool> {
        if !self.incoming.buffer().is_empty() {
            return Ok(true);
        }
        let mut streams = [PollFd::new(self.incoming.get_ref(), PollFlags::IN)];
        let none = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut streams, Some(&none)).map_err(std::io::Error::from)?;
        Ok(streams[0].revents().contains(PollFlags::IN))
    }

    /// Does something that waits for the daemon; `ETIMEDOUT` when it sends nothing for `patience`.
    pub fn within<T>(&mut self, patience: Duration, wait: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.incoming.get_ref().set_read_timeout(Some(patience))?;
        let result = wait(self);
        self.incoming.get_ref().set_read_timeout(None)?;
        result.map_err(|error| match error.errno() {
            Errno::EAGAIN => {
                Error::os_with(Errno::ETIMEDOUT, format!("the appliance didn't answer within {patience:?}"))
            }
            _ => error,
        })
    }
}

fn hung_up() -> Error {
    Error::os_with(Errno::EPIPE, "the appliance ended unexpectedly")
}

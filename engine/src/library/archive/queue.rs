//! A stream from one thread to another. Not a pipe: writing to one whose reader has gone raises SIGPIPE, which would
//! end a program that has us as its library.

use std::io::{self, Read, Write};
use std::sync::mpsc::{self, Receiver, SyncSender};

use glassbox_io::{Errno, Error};

/// Pieces under way: enough that neither side waits for the other's every step.
const PIECES: usize = 4;

/// A new stream.
pub fn queue() -> (Sender, Reader) {
    let (sender, receiver) = mpsc::sync_channel(PIECES);
    (Sender(sender), Reader { receiver, piece: Vec::new(), read: 0, ended: false })
}

/// Whether the reader has gone.
pub fn is_gone(error: &Error) -> bool {
    error.errno() == Errno::EPIPE
}

/// Where it is written.
pub struct Sender(SyncSender<Option<Vec<u8>>>);

impl Sender {
    /// Says that all was written: a sender that is only dropped has failed.
    pub fn finish(&mut self) {
        // A reader that has gone doesn't need to know.
        let _ = self.0.send(None);
    }
}

impl Write for Sender {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self.0.send(Some(buf.to_vec())) {
            Ok(()) => Ok(buf.len()),
            Err(_) => Err(Error::os(Errno::EPIPE).into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where it is read.
pub struct Reader {
    receiver: Receiver<Option<Vec<u8>>>,
    piece: Vec<u8>,
    read: usize,
    ended: bool,
}

impl Read for Reader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.read == self.piece.len() && !self.ended {
            match self.receiver.recv() {
                Ok(Some(piece)) => (self.piece, self.read) = (piece, 0),
                Ok(None) => self.ended = true,
                Err(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let count = buf.len().min(self.piece.len() - self.read);
        buf[..count].copy_from_slice(&self.piece[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let (mut sender, mut reader) = queue();
        let writer = std::thread::spawn(move || {
            (0..1000u32).for_each(|n| sender.write_all(&n.to_le_bytes()).unwrap());
            sender.finish();
        });
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        writer.join().unwrap();
        assert!(read.chunks(4).zip(0u32..).all(|(bytes, n)| bytes == n.to_le_bytes()) && read.len() == 4000);
    }

    #[test]
    fn a_writer_that_fails_is_no_end_and_a_reader_that_goes_is_noticed() {
        let (sender, mut reader) = queue();
        drop(sender);
        assert!(reader.read_to_end(&mut Vec::new()).is_err());
        let (mut sender, reader) = queue();
        drop(reader);
        assert!(is_gone(&sender.write_all(b"x").unwrap_err().into()));
    }
}

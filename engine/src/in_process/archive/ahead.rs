//! Reading ahead of writing: one thread fills buffers from the image while the other writes them out.

use std::io::Write;
use std::sync::mpsc::{self, Receiver, SyncSender};

use glassbox_io::{Errno, Error, ExtentKind, Extents, ReadAt, Result};

use crate::job::Job;

/// Bytes in a buffer: as [`Job`] reads at a time.
const LENGTH: usize = 512 << 10;
/// Buffers in all: one being filled, one being written, and some slack between them.
const BUFFERS: usize = 4;
/// Files up to this length are read without asking where their holes are: zeros cost less than the question.
const SMALL: u64 = 64 << 10;

/// A buffer and how much of it is filled.
type Filled = (Box<[u8]>, usize);

/// What the reading side fills. What was put is written in the same order.
pub struct Sink {
    buffer: Box<[u8]>,
    filled: usize,
    handed_over: u64,
    full: SyncSender<Filled>,
    empty: Receiver<Box<[u8]>>,
    made: usize,
}

/// Runs `read` in a thread of its own and writes what it puts into the sink to `out`.
/// The error of writing is told before that of reading, which follows from it.
pub fn write_ahead(
    out: &mut dyn Write,
    job: &mut Job,
    read: impl FnOnce(&mut Sink) -> Result<()> + Send,
) -> Result<()> {
    let (to_writer, full) = mpsc::sync_channel::<Filled>(BUFFERS);
    let (to_reader, empty) = mpsc::sync_channel(BUFFERS);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut sink = Sink { buffer: new(), filled: 0, handed_over: 0, full: to_writer, empty, made: 1 };
            read(&mut sink)?;
            sink.hand_over()
        });
        let mut written = Ok(());
        for (buffer, length) in &full {
            written = job.pulse().and_then(|()| Ok(out.write_all(&buffer[..length])?));
            if written.is_err() {
                break;
            }
            // Nobody wants it any more: that was the last one.
            let _ = to_reader.send(buffer);
        }
        // The reader must wait neither for somebody to take its buffers nor for one that comes back.
        drop((full, to_reader));
        let read = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        written.and(read)
    })?;
    job.done(1);
    Ok(())
}

fn new() -> Box<[u8]> {
    vec![0; LENGTH].into_boxed_slice()
}

impl Sink {
    /// How many bytes were put.
    pub fn position(&self) -> u64 {
        self.handed_over + self.filled as u64
    }

    /// Puts `bytes`.
    pub fn put(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let space = self.space()?;
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            self.filled += count;
            bytes = &bytes[count..];
        }
        Ok(())
    }

    /// Puts zeros.
    pub fn zeros(&mut self, mut count: u64) -> Result<()> {
        while count > 0 {
            let space = self.space()?;
            let piece = space.len().min(usize::try_from(count).unwrap_or(LENGTH));
            space[..piece].fill(0);
            self.filled += piece;
            count -= piece as u64;
        }
        Ok(())
    }

    /// Puts zeros until the position is a multiple of `block`.
    pub fn pad(&mut self, block: u64) -> Result<()> {
        self.zeros(self.position().next_multiple_of(block) - self.position())
    }

    /// Puts all of `source`, read straight into the buffers; holes aren't read.
    pub fn copy(&mut self, source: &dyn ReadAt) -> Result<()> {
        if source.len() <= SMALL {
            return self.read(source, 0, source.len());
        }
        for extent in Extents::new(source, 0) {
            let (start, extent) = extent?;
            let end = source.len().min(start + extent.length);
            match extent.kind {
                ExtentKind::Data => self.read(source, start, end)?,
                ExtentKind::Hole => self.zeros(end - start)?,
            }
        }
        Ok(())
    }

    fn read(&mut self, source: &dyn ReadAt, mut start: u64, end: u64) -> Result<()> {
        while start < end {
            let space = self.space()?;
            let piece = space.len().min(usize::try_from(end - start).unwrap_or(LENGTH));
            source.read_exact_at(&mut space[..piece], start)?;
            self.filled += piece;
            start += piece as u64;
        }
        Ok(())
    }

    /// What is free of the buffer: never nothing.
    fn space(&mut self) -> Result<&mut [u8]> {
        if self.filled == self.buffer.len() {
            self.hand_over()?;
        }
        Ok(&mut self.buffer[self.filled..])
    }

    fn hand_over(&mut self) -> Result<()> {
        // The writer has stopped, and says why.
        let stopped = || Error::os(Errno::EPIPE);
        let next = match self.made < BUFFERS {
            true => {
                self.made += 1;
                new()
            }
            false => Box::default(),
        };
        self.handed_over += self.filled as u64;
        let full = (std::mem::replace(&mut self.buffer, next), std::mem::take(&mut self.filled));
        self.full.send(full).map_err(|_| stopped())?;
        if self.buffer.is_empty() {
            self.buffer = self.empty.recv().map_err(|_| stopped())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn job() -> Job {
        Job::new(Arc::default(), Arc::default(), 1, 1)
    }

    #[test]
    fn what_is_put_arrives_in_order() {
        let bytes: Vec<u8> = (0..5 * LENGTH + 77).map(|i| (i * 31 / 7) as u8).collect();
        let mut out = Vec::new();
        write_ahead(&mut out, &mut job(), |sink| {
            sink.put(&bytes[..100])?;
            sink.pad(512)?;
            assert_eq!(sink.position(), 512);
            sink.copy(&bytes)?;
            sink.zeros(LENGTH as u64 * 2)?;
            sink.put(b"end")
        })
        .unwrap();
        assert_eq!(out.len(), 512 + bytes.len() + LENGTH * 2 + 3);
        assert_eq!(out[..100], bytes[..100]);
        assert!(out[100..512].iter().all(|byte| *byte == 0));
        assert!(out[512..512 + bytes.len()] == bytes);
        assert!(out[512 + bytes.len()..out.len() - 3].iter().all(|byte| *byte == 0));
        assert!(out.ends_with(b"end"));
    }

    /// Takes one buffer.
    struct Full(bool);
    impl Write for Full {
        fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
            match std::mem::replace(&mut self.0, true) {
                true => Err(std::io::Error::from_raw_os_error(Errno::ENOSPC.0)),
                false => Ok(buf.len()),
            }
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_ends_the_reading() {
        // Many times: the reader may be waiting for a buffer, or for its buffers to be taken.
        for _ in 0..300 {
            let error = write_ahead(&mut Full(false), &mut job(), |sink| sink.zeros(1 << 40)).unwrap_err();
            assert_eq!(error.errno(), Errno::ENOSPC);
        }
        let error = write_ahead(&mut Vec::new(), &mut job(), |_| Err(Error::unsupported("x"))).unwrap_err();
        assert!(error.is_unsupported());
    }
}

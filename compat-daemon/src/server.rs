//! The protocol's side of the daemon: requests come in, replies and files go out.

use std::io::{self, Read, Write};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use glassbox_api::own_calls::{AwaitDisks, Resume, Terminal, Warnings};
use glassbox_api::protocol::{self, Chunk, ErrorReply, Frame, Header, Progress, Status};
use glassbox_api::xdr::{ArgumentDecoder, Decoder, Encoder};
use glassbox_api::{ArgKind, Streams, request, table};
use glassbox_engine::{EventKind, Events};
use glassbox_io::{Errno, Error, Result};

use crate::daemon::Daemon;
use crate::init;
use crate::port::Port;

/// Warnings that are kept for a library that asks for them: more than one call has, and far from filling a message.
const MOST_WARNINGS: usize = 256;

/// Serves calls until the other side hangs up.
pub fn serve(port: Port) -> Result<()> {
    let port = Arc::new(port);
    let events = Arc::new(Events::default());
    let cancelled = Arc::new(AtomicBool::new(false));
    let reports = port.clone();
    events.add(EventKind::Progress.info().mask(), move |event| {
        // If it can't be sent, neither can the reply.
        let _ = send_progress(&reports, event.numbers);
    });
    let warnings = Arc::new(Mutex::new(Warnings::default()));
    let warned = warnings.clone();
    events.add(EventKind::Warning.info().mask(), move |event| {
        let mut warned = warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.texts.len() < MOST_WARNINGS {
            warned.texts.push(event.text.into());
        }
    });
    let mut daemon = Daemon::new(events, cancelled.clone())?;
    let mut was_asked = false;
    port.send(&protocol::LAUNCH_FLAG.to_be_bytes())?;
    loop {
        match port.receive()? {
            Some(Frame::Message(message)) => {
                was_asked = true;
                cancelled.store(false, Ordering::Relaxed);
                Request { port: &port, cancelled: &cancelled, warnings: &warnings }.answer(&mut daemon, &message)?;
                init::reap_orphans();
            }
            // A cancellation that came too late.
            Some(_) => {}
            None if was_asked => return Ok(()),
            // A saved appliance that nobody is connected to yet.
            None => std::thread::sleep(std::time::Duration::from_millis(1)),
        }
    }
}

fn send_progress(port: &Port, numbers: &[u64]) -> io::Result<()> {
    let &[procedure, serial, position, total] = numbers else { return Ok(()) };
    let mut encoder = Encoder::default();
    encoder.u32(protocol::PROGRESS_FLAG);
    Progress { proc_nr: procedure as u32, serial: serial as u32, position, total }.encode(&mut encoder);
    port.send(&encoder.finish()?)
}

struct Request<'a> {
    port: &'a Port,
    cancelled: &'a AtomicBool,
    warnings: &'a Mutex<Warnings>,
}

impl Request<'_> {
    fn answer(&self, daemon: &mut Daemon, message: &[u8]) -> Result<()> {
        let mut decoder = Decoder::new(message)?;
        let header = Header::decode(&mut decoder)?;
        let body = &message[Header::SIZE..];
        if let Some(outcome) = self.answer_own(daemon, header.proc_nr, &mut decoder) {
            return self.reply(&header, outcome);
        }
        let Some(info) = table::find_procedure(header.proc_nr) else {
            let message = format!(
                "unknown procedure number {}, set LIBGUESTFS_PATH to point to the matching appliance",
                header.proc_nr
            );
            return self.reply(&header, Err(Error::os_with(Errno::EPROTO, message)));
        };
        let reads = info.args.iter().any(|argument| argument.kind == ArgKind::FileIn);
        let writes = info.args.iter().any(|argument| argument.kind == ArgKind::FileOut);
        let mut input = Input {
            port: self.port,
            message: Vec::new(),
            rest: 0..0,
            state: if reads { Incoming::Open } else { Incoming::Ended },
        };
        let mut output = Output { request: self, header: &header, has_begun: false };
        let streams = Streams {
            input: reads.then_some(&mut input as &mut dyn Read),
            output: writes.then_some(&mut output as &mut dyn Write),
        };
        let attempt = AssertUnwindSafe(|| -> Result<Vec<u8>> {
            let mut source = ArgumentDecoder::new(info, body, header.optargs, streams)?;
            let mut call = request(info, &mut source)?;
            source.finish()?;
            daemon.expect(header.progress_hint);
            daemon.answer(&mut *call, u64::from(header.serial))?;
            call.encode_reply()
        });
        let outcome = catch_unwind(attempt).unwrap_or_else(|_| Err(Error::os_with(Errno(0), "the daemon panicked")));
        input.finish()?;
        if !output.has_begun {
            let succeeded = outcome.is_ok();
            self.reply(&header, outcome)?;
            if !(writes && succeeded) {
                return Ok(());
            }
            return Ok(self.port.send(&protocol::chunk(Chunk::End)?)?);
        }
        let end = if outcome.is_ok() { Chunk::End } else { Chunk::Cancelled };
        if let Err(error) = &outcome {
            // The protocol has no place for it: the library only learns that the file wasn't completed.
            eprintln!("guestfsd: {}: {error}", info.name);
        }
        Ok(self.port.send(&protocol::chunk(end)?)?)
    }

    /// Answers what only our library asks: the body of the reply. `None` to any other call.
    fn answer_own(&self, daemon: &mut Daemon, procedure: u32, body: &mut Decoder<'_>) -> Option<Result<Vec<u8>>> {
        let done = match procedure {
            Resume::PROCEDURE => Resume::decode(body).and_then(|resume| init::resume(&resume)),
            AwaitDisks::PROCEDURE => AwaitDisks::decode(body).and_then(|disks| daemon.await_disks(disks)),
            Terminal::PROCEDURE => Terminal::decode(body).and_then(|terminal| daemon.run_shell(&terminal)),
            Warnings::PROCEDURE => {
                let warnings = std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner));
                let mut reply = Encoder::default();
                warnings.encode(&mut reply);
                return Some(reply.finish());
            }
            _ => return None,
        };
        Some(done.map(|()| Vec::new()))
    }

    /// Sends the reply; the error instead of one that no message holds together with its header.
    fn reply(&self, header: &Header, outcome: Result<Vec<u8>>) -> Result<()> {
        let message = outcome
            .and_then(|body| protocol::message(&header.reply(Status::Ok), &body))
            .or_else(|error| protocol::message(&header.reply(Status::Error), &ErrorReply::from(&error).to_bytes()?))?;
        Ok(self.port.send(&message)?)
    }
}

/// Where the file that a call reads is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Incoming {
    Open,
    Ended,
    Cancelled,
}

/// The file that a call reads.
struct Input<'a> {
    port: &'a Port,
    /// The message that brought the last chunk, and where in it the data is that wasn't read yet.
    message: Vec<u8>,
    rest: Range<usize>,
    state: Incoming,
}

impl Input<'_> {
    /// Receives the next chunk, unless there is none.
    fn next(&mut self) -> Result<()> {
        self.rest = 0..0;
        match self.port.receive()? {
            Some(Frame::Message(message)) => {
                match Chunk::decode(&mut Decoder::of_stream(&message))? {
                    Chunk::Data(data) => self.rest = Chunk::DATA_OFFSET..Chunk::DATA_OFFSET + data.len(),
                    Chunk::End => self.state = Incoming::Ended,
                    Chunk::Cancelled => self.state = Incoming::Cancelled,
                }
                self.message = message;
            }
            Some(_) => {}
            None => return Err(Error::os(Errno::EPIPE)),
        }
        Ok(())
    }

    /// Has the other side stop if the call didn't read the whole file, and receives what it has sent until then.
    fn finish(&mut self) -> Result<()> {
        if self.state == Incoming::Open {
            self.port.send(&protocol::CANCEL_FLAG.to_be_bytes())?;
        }
        while self.state == Incoming::Open {
            self.next()?;
        }
        Ok(())
    }
}

impl Read for Input<'_> {
    /// Fills `buf`, unless the file ends before: chunks are small, and what is done with each piece has its price.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            if !self.rest.is_empty() {
                let count = self.rest.len().min(buf.len() - filled);
                let from = self.rest.start;
                buf[filled..filled + count].copy_from_slice(&self.message[from..from + count]);
                self.rest.start += count;
                filled += count;
                continue;
            }
            match self.state {
                Incoming::Open => self.next()?,
                Incoming::Ended => break,
                Incoming::Cancelled => return Err(Error::os_with(Errno::EINTR, "operation cancelled by user").into()),
            }
        }
        Ok(filled)
    }
}

/// The file that a call writes. The reply goes before it, so its first byte says that the call succeeds.
struct Output<'a> {
    request: &'a Request<'a>,
    header: &'a Header,
    has_begun: bool,
}

impl Write for Output<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let port = self.request.port;
        if !self.has_begun {
            self.has_begun = true;
            port.queue(&protocol::message(&self.header.reply(Status::Ok), &[])?)?;
        }
        for piece in buf.chunks(protocol::CHUNK_MAX) {
            port.queue(&protocol::chunk(Chunk::Data(piece))?)?;
        }
        if port.has_incoming()? {
            port.receive()?;
            self.request.cancelled.store(true, Ordering::Relaxed);
            return Err(Error::os_with(Errno::EINTR, "operation cancelled by user").into());
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.request.port.send(&[]).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use glassbox_api::{Debugging, FilesRead, Mounting, Partitions, Yara};
    use glassbox_appliance::remote::Remote;

    use super::*;

    #[test]
    fn calls_come_in_and_answers_go_out_until_the_library_hangs_up() {
        let (ours, daemons) = UnixStream::pair().unwrap();
        let port = Port::new(File::from(OwnedFd::from(daemons))).unwrap();
        let server = std::thread::spawn(move || serve(port));
        let mut remote = Remote::new(ours).unwrap();
        remote.wait_until_launched(Duration::from_secs(10)).unwrap();
        assert_eq!(remote.echo_daemon(&["a".into(), "b".into()]).unwrap(), "a b");
        let error = remote.mount("/dev/sdzz9".into(), "/".into()).unwrap_err();
        assert_eq!(error.to_string(), "mount_stub: /dev/sdzz9: No such file or directory");
        assert_eq!(error.errno(), Errno::ENOENT);
        // A file to write, and an error instead of it.
        let mut file = Vec::new();
        let error = remote.download("/etc/hostname".into(), &mut file).unwrap_err();
        assert!(error.to_string().contains("you must call 'mount' first") && file.is_empty());
        assert!(remote.part_add("/dev/null".into(), "p".into(), 1, 2).is_err());
        assert!(remote.yara_destroy().unwrap_err().is_unsupported());
        // The body alone would fit into a message.
        let print = format!("head -c {} /dev/zero | tr '\\0' x", protocol::MESSAGE_MAX - Header::SIZE);
        assert_eq!(remote.debug("sh".into(), &[print.as_str().into()]).unwrap_err().errno(), Errno::EMSGSIZE);
        assert_eq!(remote.echo_daemon(&["on".into()]).unwrap(), "on");
        assert!(remote.warnings(Duration::from_secs(10)).unwrap().is_empty());
        drop(remote);
        server.join().unwrap().unwrap();
    }
}

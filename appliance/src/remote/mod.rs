//! The library's side of the protocol: calls that an appliance answers.
//!
//! No call is named here. Whatever passes through [`Door`] is sent as the contract encodes it, and its reply decoded.

mod connection;

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bstr::BString;
use glassbox_api::own_calls::{AwaitDisks, Resume, Terminal, Warnings};
use glassbox_api::protocol::{self, Chunk, ErrorReply, Frame, Header, Progress, Status};
use glassbox_api::xdr::{Decoder, EncodedArguments, Encoder};
use glassbox_api::{AnyCall, ArgKind, Call, Door, Pending, unsupported_call};
use glassbox_io::{Errno, Error, Result};

use connection::Connection;

/// What an appliance that was restored gets for its pool of random numbers: twice what its generator's key has.
const ENTROPY: usize = 64;

/// An appliance's daemon, ours or libguestfs's.
pub struct Remote {
    connection: Connection,
    serial: u32,
    watch: Watch,
}

/// Who cares for a call while it is under way.
#[derive(Clone)]
pub struct Watch {
    /// Set from elsewhere to end the transfer of a file.
    pub cancelled: Arc<AtomicBool>,
    /// Told how far the work is.
    pub progress: Arc<dyn Fn(&Progress) + Send + Sync>,
}

impl Default for Watch {
    fn default() -> Self {
        Watch { cancelled: Arc::default(), progress: Arc::new(|_| {}) }
    }
}

impl Watch {
    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// The error of a call that its caller has ended.
fn cancelled() -> Error {
    Error::os_with(Errno::EINTR, "operation cancelled by user")
}

impl Remote {
    /// The daemon at the other end of `stream`.
    pub fn new(stream: UnixStream) -> Result<Self> {
        Ok(Remote { connection: Connection::new(stream)?, serial: protocol::FIRST_SERIAL, watch: Watch::default() })
    }

    /// Who cares for the calls from now on.
    pub fn watch(&mut self, watch: Watch) {
        self.watch = watch;
    }

    /// Whether the daemon has hung up: its machine has ended.
    pub fn is_lost(&self) -> bool {
        self.connection.is_lost()
    }

    /// Waits until a daemon that boots says that it is ready. `ETIMEDOUT` after `patience`.
    pub fn wait_until_launched(&mut self, patience: Duration) -> Result<()> {
        self.connection.within(patience, |connection| match connection.receive()? {
            Frame::Launched => Ok(()),
            _ => Err(Error::os_with(
                Errno::EPROTO,
                "the appliance's daemon began with something else than its launch flag",
            )),
        })
    }

    /// Tells our own daemon the time, and gives it random numbers of its own. The first call to one that was restored:
    /// whether it answers within `patience` shows whether it lives.
    pub fn resume(&mut self, patience: Duration) -> Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut entropy = vec![0; ENTROPY];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut entropy)?;
        let resume = Resume { seconds: now.as_secs() as i64, nanoseconds: now.subsec_nanos(), entropy };
        let mut body = Encoder::default();
        resume.encode(&mut body);
        self.ask(Resume::PROCEDURE, body, patience).map(drop)
    }

    /// Waits until our own daemon's kernel has found so many disks.
    pub fn await_disks(&mut self, count: u32, patience: Duration) -> Result<()> {
        let mut body = Encoder::default();
        AwaitDisks { count }.encode(&mut body);
        self.ask(AwaitDisks::PROCEDURE, body, patience).map(drop)
    }

    /// What our own daemon has warned of since it was last asked.
    pub fn warnings(&mut self, patience: Duration) -> Result<Vec<BString>> {
        let reply = self.ask(Warnings::PROCEDURE, Encoder::default(), patience)?;
        Ok(Warnings::decode(&mut Decoder::new(&reply)?)?.texts)
    }

    /// Has our own daemon run a shell at the terminal's port, and waits for its end as long as it takes.
    pub fn run_shell(&mut self, terminal: &Terminal) -> Result<()> {
        let mut body = Encoder::default();
        terminal.encode(&mut body);
        let header = self.send_own(Terminal::PROCEDURE, body)?;
        receive_reply(&mut self.connection, &header, &self.watch.clone()).map(drop)
    }

    /// Asks something that only our own daemon understands: the reply's body.
    fn ask(&mut self, procedure: u32, body: Encoder, patience: Duration) -> Result<Vec<u8>> {
        let header = self.send_own(procedure, body)?;
        let watch = self.watch.clone();
        self.connection.within(patience, |connection| receive_reply(connection, &header, &watch))
    }

    fn send_own(&mut self, procedure: u32, body: Encoder) -> Result<Header> {
        let header = self.next_header(procedure, 0);
        self.connection.send(&protocol::message(&header, &body.finish()?)?)?;
        Ok(header)
    }

    fn next_header(&mut self, proc_nr: u32, optargs: u64) -> Header {
        let header = Header::call(proc_nr, self.serial, optargs);
        self.serial = self.serial.wrapping_add(1);
        header
    }

    /// Makes a call again that was encoded before, without files; its reply is not looked at.
    pub fn repeat(&mut self, proc_nr: u32, arguments: &EncodedArguments) -> Result<()> {
        let header = self.next_header(proc_nr, arguments.optargs);
        let watch = self.watch.clone();
        self.connection.send(&protocol::message(&header, &arguments.body)?)?;
        receive_reply(&mut self.connection, &header, &watch).map(drop)
    }

    /// Sends the call and the file that it reads, receives the reply and the file that it writes.
    pub fn perform(&mut self, call: &mut dyn AnyCall) -> Result<()> {
        let info = call.info();
        let proc_nr = info.proc_nr.ok_or_else(|| unsupported_call(info.name))?;
        let has = |kind| info.args.iter().any(|argument| argument.kind == kind);
        let arguments = call.encode_arguments()?;
        let header = self.next_header(proc_nr, arguments.optargs);
        let watch = self.watch.clone();
        self.connection.send(&protocol::message(&header, &arguments.body)?)?;
        let sent = match has(ArgKind::FileIn) {
            true => match call.streams().input {
                Some(input) => send_file(&mut self.connection, input, &watch)?,
                None => send_file(&mut self.connection, &mut io::empty(), &watch)?,
            },
            false => Ok(()),
        };
        let reply = receive_reply(&mut self.connection, &header, &watch);
        // What went wrong here says more than the daemon's error for a file that wasn't completed.
        sent?;
        call.decode_reply(&reply?)?;
        if has(ArgKind::FileOut) {
            match call.streams().output {
                Some(output) => receive_file(&mut self.connection, output, &watch)?,
                None => receive_file(&mut self.connection, &mut io::sink(), &watch)?,
            }
        }
        Ok(())
    }
}

/// The next message or chunk. Progress on the way is told to whoever watches.
fn next_message(connection: &mut Connection, watch: &Watch) -> Result<Vec<u8>> {
    loop {
        match connection.receive()? {
            Frame::Message(message) => return Ok(message),
            Frame::Progress(progress) => (watch.progress)(&progress),
            // It asks us to stop sending a file that was sent already.
            Frame::Cancel | Frame::Launched => {}
        }
    }
}

/// Receives the reply to the call of this header: its body, or the error that it brings.
fn receive_reply(connection: &mut Connection, call: &Header, watch: &Watch) -> Result<Vec<u8>> {
    let message = next_message(connection, watch)?;
    let mut decoder = Decoder::new(&message)?;
    let header = Header::decode(&mut decoder)?;
    if (header.proc_nr, header.serial) != (call.proc_nr, call.serial) {
        return Err(connection.lose(Error::os_with(
            Errno::EPROTO,
            format!("a reply to call {} of procedure {}, not to this one", header.serial, header.proc_nr),
        )));
    }
    match header.status {
        Status::Ok => Ok(message[Header::SIZE..].to_vec()),
        Status::Error => Err(ErrorReply::decode(&mut decoder)?.into()),
    }
}

/// Sends a file in chunks. The outer result is the connection's, the inner one says why the file wasn't completed.
fn send_file(connection: &mut Connection, file: &mut dyn Read, watch: &Watch) -> Result<Result<()>> {
    let mut buf = vec![0; protocol::CHUNK_MAX];
    let outcome = loop {
        if watch.is_cancelled() {
            break Err(cancelled());
        }
        let count = match file.read(&mut buf) {
            Ok(0) => break Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => break Err(error.into()),
        };
        let sent_some = connection.queue(&protocol::chunk(Chunk::Data(&buf[..count]))?)?;
        if sent_some && is_refused(connection, watch)? {
            // The daemon's reply says why it wants no more.
            connection.send(&protocol::chunk(Chunk::Cancelled)?)?;
            return Ok(Ok(()));
        }
    };
    let end = if outcome.is_ok() { Chunk::End } else { Chunk::Cancelled };
    connection.send(&protocol::chunk(end)?)?;
    Ok(outcome)
}

/// Whether the daemon asks to stop the file that is being sent to it.
fn is_refused(connection: &mut Connection, watch: &Watch) -> Result<bool> {
    while connection.has_incoming()? {
        match connection.receive()? {
            Frame::Cancel => return Ok(true),
            Frame::Progress(progress) => (watch.progress)(&progress),
            Frame::Launched => {}
            Frame::Message(_) => {
                let error = Error::os_with(Errno::EPROTO, "a reply before the file that the call reads was complete");
                return Err(connection.lose(error));
            }
        }
    }
    Ok(false)
}

/// Receives a file, to its end even if it can't be written or isn't wanted any more.
fn receive_file(connection: &mut Connection, file: &mut dyn Write, watch: &Watch) -> Result<()> {
    let mut failure = None;
    loop {
        let message = next_message(connection, watch)?;
        match Chunk::decode(&mut Decoder::of_stream(&message))? {
            Chunk::End | Chunk::Cancelled if failure.is_some() => break,
            Chunk::End => return Ok(file.flush()?),
            Chunk::Cancelled => {
                return Err(Error::os_with(Errno(0), "the appliance couldn't complete the file; see its messages"));
            }
            Chunk::Data(_) if failure.is_some() => {}
            Chunk::Data(data) => {
                let written =
                    if watch.is_cancelled() { Err(cancelled()) } else { file.write_all(data).map_err(Error::from) };
                if let Err(error) = written {
                    connection.send(&protocol::CANCEL_FLAG.to_be_bytes())?;
                    failure = Some(error);
                }
            }
        }
    }
    failure.map_or(Ok(()), Err)
}

impl Door for Remote {
    fn call<C: Call>(&mut self, call: C) -> Result<C::Reply> {
        let mut pending = Pending::new(call);
        self.perform(&mut pending)?;
        pending.into_reply()
    }
}

#[cfg(test)]
mod tests;

//! The RPC protocol between library and daemon: headers, errors, file chunks and progress messages.
//!
//! Every message is a frame: a word with the length of what follows, then the bytes. Some words in the place of a
//! length are flags instead ([`Frame`]); all of them are far larger than any length.
//!
//! A call is a message with a [`Header`] and the arguments. If it reads a file, the file follows in [`Chunk`]s, each a
//! frame of its own. Then comes the reply: a header with the result or an [`ErrorReply`]. If the call writes a file
//! and the reply is no error, that file's chunks follow the reply.

use std::io::{self, Read};

use bstr::{BString, ByteSlice};
use glassbox_io::{Errno, Error, ErrorKind, Result};

use crate::xdr::{Decoder, Encoder, malformed};

/// The program number, in the sense of RFC 5531.
pub const PROGRAM: u32 = 0x2000_F5F5;

/// The version of the protocol.
pub const VERSION: u32 = 4;

/// The most bytes of a message, its length word not counted.
pub const MESSAGE_MAX: usize = 4 * 1024 * 1024;

/// The most bytes of a file in one chunk.
pub const CHUNK_MAX: usize = 8192;

/// The most bytes of an error message; longer ones are cut off.
pub const ERROR_MESSAGE_MAX: usize = 64 * 1024;

/// The most bytes of an error number's name.
pub const ERRNO_NAME_MAX: usize = 32;

/// The word that the daemon sends once, when it is ready.
pub const LAUNCH_FLAG: u32 = 0xF5F5_5FF5;

/// The word by which the receiver of a file asks its sender to stop.
pub const CANCEL_FLAG: u32 = 0xFFFF_EEEE;

/// The word that comes before a progress message, in the place of a length.
pub const PROGRESS_FLAG: u32 = 0xFFFF_5555;

/// The serial number of a handle's first call. Each further call has the next number.
pub const FIRST_SERIAL: u32 = 0x0012_3400;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From library to daemon.
    Call,
    /// From daemon to library.
    Reply,
}

/// What a message brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Arguments, or a result.
    Ok,
    /// An error.
    Error,
}

/// What every message begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The number of the call's procedure.
    pub proc_nr: u32,
    /// Which way the message goes.
    pub direction: Direction,
    /// The number of the call; its reply has the same.
    pub serial: u32,
    /// How many bytes of files follow a call, for progress messages; 0 if that isn't known.
    pub progress_hint: u64,
    /// Which optional arguments a call has.
    pub optargs: u64,
    /// What the message brings.
    pub status: Status,
}

impl Header {
    /// Its bytes on the wire.
    pub const SIZE: usize = 40;

    /// The header of a call.
    pub fn call(proc_nr: u32, serial: u32, optargs: u64) -> Header {
        Header { proc_nr, direction: Direction::Call, serial, progress_hint: 0, optargs, status: Status::Ok }
    }

    /// The header of the reply to this call.
    pub fn reply(&self, status: Status) -> Header {
        Header { direction: Direction::Reply, progress_hint: 0, optargs: 0, status, ..*self }
    }

    /// Appends the wire form.
    pub fn encode(&self, to: &mut Encoder) {
        to.u32(PROGRAM);
        to.u32(VERSION);
        to.u32(self.proc_nr);
        to.u32(match self.direction {
            Direction::Call => 0,
            Direction::Reply => 1,
        });
        to.u32(self.serial);
        to.u64(self.progress_hint);
        to.u64(self.optargs);
        to.u32(match self.status {
            Status::Ok => 0,
            Status::Error => 1,
        });
    }

    /// Reads the wire form. Fails if it is of another program or version.
    pub fn decode(from: &mut Decoder<'_>) -> Result<Header> {
        let program = from.u32()?;
        if program != PROGRAM {
            return Err(malformed(format!("a message of program {program:#x}, not {PROGRAM:#x}")));
        }
        let version = from.u32()?;
        if version != VERSION {
            return Err(malformed(format!("a message of protocol version {version}, not {VERSION}")));
        }
        Ok(Header {
            proc_nr: from.u32()?,
            direction: match from.u32()? {
                0 => Direction::Call,
                1 => Direction::Reply,
                other => return Err(malformed(format!("a message of direction {other}"))),
            },
            serial: from.u32()?,
            progress_hint: from.u64()?,
            optargs: from.u64()?,
            status: match from.u32()? {
                0 => Status::Ok,
                1 => Status::Error,
                other => return Err(malformed(format!("a message of status {other}"))),
            },
        })
    }
}

/// The body of a reply that is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorReply {
    /// The name of the error number, such as `EINVAL`; empty if there is none.
    pub errno_name: BString,
    /// The message.
    pub message: BString,
}

impl ErrorReply {
    /// Appends the wire form. What is longer than the protocol allows is cut off.
    pub fn encode(&self, to: &mut Encoder) {
        to.opaque(&self.errno_name[..self.errno_name.len().min(ERRNO_NAME_MAX)]);
        to.opaque(&self.message[..self.message.len().min(ERROR_MESSAGE_MAX)]);
    }

    /// Reads the wire form.
    pub fn decode(from: &mut Decoder<'_>) -> Result<ErrorReply> {
        let errno_name = from.string()?;
        let message = from.string()?;
        if errno_name.len() > ERRNO_NAME_MAX || message.len() > ERROR_MESSAGE_MAX {
            return Err(malformed("an error reply with longer strings than the protocol allows"));
        }
        Ok(ErrorReply { errno_name: errno_name.into(), message: message.into() })
    }

    /// The whole body as bytes, cut off where the protocol demands.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut encoder = Encoder::default();
        self.encode(&mut encoder);
        encoder.finish()
    }
}

/// As the daemon reports it.
impl From<&Error> for ErrorReply {
    fn from(error: &Error) -> Self {
        let errno_name = match (error.kind(), error.errno()) {
            // No system call failed.
            (ErrorKind::Usage, _) => "",
            // The name that libguestfs knows the number by.
            (_, Errno::EOPNOTSUPP) => "ENOTSUP",
            (_, errno) => errno.name().unwrap_or_default(),
        };
        ErrorReply { errno_name: errno_name.into(), message: error.to_bytes() }
    }
}

/// As the library passes it on. What the daemon can't do stays recognisable as *unsupported*.
impl From<ErrorReply> for Error {
    fn from(reply: ErrorReply) -> Self {
        let errno = reply.errno_name.to_str().ok().and_then(Errno::from_name).unwrap_or(Errno(0));
        let message = reply.message.to_str_lossy().into_owned();
        match errno {
            Errno::EOPNOTSUPP => Error::unsupported(message),
            errno => Error::os_with(errno, message),
        }
    }
}

/// A piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk<'a> {
    /// Some bytes, at most [`CHUNK_MAX`] and at least one.
    Data(&'a [u8]),
    /// The file is complete.
    End,
    /// The file will not be completed: its sender failed, or was asked to stop.
    Cancelled,
}

impl<'a> Chunk<'a> {
    /// Where its data begins in the message: behind the word that cancels, and the length.
    pub const DATA_OFFSET: usize = 8;

    /// Appends the wire form.
    pub fn encode(&self, to: &mut Encoder) {
        let (cancel, data): (bool, &[u8]) = match self {
            Chunk::Data(data) => (false, data),
            Chunk::End => (false, &[]),
            Chunk::Cancelled => (true, &[]),
        };
        to.i32(cancel.into());
        to.opaque(data);
    }

    /// Reads the wire form. Any number but 0 in the place of `cancel` cancels.
    pub fn decode(from: &mut Decoder<'a>) -> Result<Chunk<'a>> {
        let cancel = from.i32()?;
        let data = from.opaque()?;
        match data {
            _ if cancel != 0 => Ok(Chunk::Cancelled),
            [] => Ok(Chunk::End),
            data if data.len() <= CHUNK_MAX => Ok(Chunk::Data(data)),
            data => Err(malformed(format!("a chunk of {} bytes", data.len()))),
        }
    }
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The call's procedure number.
    pub proc_nr: u32,
    /// The call's serial number.
    pub serial: u32,
    /// How much is done.
    pub position: u64,
    /// How much there is to do, in the same unit.
    pub total: u64,
}

impl Progress {
    /// Its bytes on the wire, which no length precedes.
    pub const SIZE: usize = 24;

    /// Appends the wire form.
    pub fn encode(&self, to: &mut Encoder) {
        to.u32(self.proc_nr);
        to.u32(self.serial);
        to.u64(self.position);
        to.u64(self.total);
    }

    /// Reads the wire form.
    pub fn decode(from: &mut Decoder<'_>) -> Result<Progress> {
        Ok(Progress { proc_nr: from.u32()?, serial: from.u32()?, position: from.u64()?, total: from.u64()? })
    }
}

/// What the peer sends next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The daemon is ready.
    Launched,
    /// The sender of a file is asked to stop.
    Cancel,
    /// How far a call is.
    Progress(Progress),
    /// A message or a chunk, without its length.
    Message(Vec<u8>),
}

impl Frame {
    /// Reads the next frame. Fails before allocating if it claims to be larger than any message.
    pub fn read(from: &mut dyn Read) -> Result<Frame> {
        let mut word = [0; 4];
        from.read_exact(&mut word)?;
        match u32::from_be_bytes(word) {
            LAUNCH_FLAG => Ok(Frame::Launched),
            CANCEL_FLAG => Ok(Frame::Cancel),
            PROGRESS_FLAG => {
                let mut bytes = [0; Progress::SIZE];
                from.read_exact(&mut bytes)?;
                Ok(Frame::Progress(Progress::decode(&mut Decoder::new(&bytes)?)?))
            }
            len => {
                let len = usize::try_from(len)
                    .ok()
                    .filter(|len| *len <= MESSAGE_MAX)
                    .ok_or_else(|| malformed(format!("a message of {len} bytes is too large")))?;
                // Grows as the bytes arrive: a length alone claims no more memory than a file's chunk has.
                let mut bytes = Vec::with_capacity(len.min(2 * CHUNK_MAX));
                from.take(len as u64).read_to_end(&mut bytes)?;
                if bytes.len() < len {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                }
                Ok(Frame::Message(bytes))
            }
        }
    }

    /// The bytes that carry it.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut encoder = Encoder::default();
        match self {
            Frame::Launched => encoder.u32(LAUNCH_FLAG),
            Frame::Cancel => encoder.u32(CANCEL_FLAG),
            Frame::Progress(progress) => {
                encoder.u32(PROGRESS_FLAG);
                progress.encode(&mut encoder);
            }
            Frame::Message(bytes) => return frame(&[bytes]),
        }
        encoder.finish()
    }
}

/// The bytes of a message with this header and body.
pub fn message(header: &Header, body: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = Encoder::default();
    header.encode(&mut encoder);
    frame(&[&encoder.finish()?, body])
}

/// The bytes of a frame with this chunk.
pub fn chunk(chunk: Chunk<'_>) -> Result<Vec<u8>> {
    let mut encoder = Encoder::default();
    chunk.encode(&mut encoder);
    frame(&[&encoder.finish()?])
}

fn frame(parts: &[&[u8]]) -> Result<Vec<u8>> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let word = u32::try_from(len).ok().filter(|_| len <= MESSAGE_MAX).ok_or_else(crate::xdr::too_large)?;
    let mut bytes = Vec::with_capacity(4 + len);
    bytes.extend_from_slice(&word.to_be_bytes());
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(encode: impl FnOnce(&mut Encoder)) -> Vec<u8> {
        let mut encoder = Encoder::default();
        encode(&mut encoder);
        encoder.finish().unwrap()
    }

    #[test]
    fn header_bytes() {
        // `mount` is procedure 1; this is a handle's first call.
        let header = Header::call(1, FIRST_SERIAL, 0);
        let expected = [
            0x20, 0x00, 0xF5, 0xF5, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0x00, 0x12, 0x34, 0x00, //
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        assert_eq!(bytes(|to| header.encode(to)), expected);
        assert_eq!(expected.len(), Header::SIZE);
        assert_eq!(Header::decode(&mut Decoder::new(&expected).unwrap()).unwrap(), header);

        let reply = Header { optargs: 5, progress_hint: 7, ..header }.reply(Status::Error);
        let reply_bytes = bytes(|to| reply.encode(to));
        assert_eq!(reply_bytes[12..16], [0, 0, 0, 1]);
        assert_eq!(reply_bytes[20..], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(Header::decode(&mut Decoder::new(&reply_bytes).unwrap()).unwrap(), reply);

        assert_eq!(message(&header, b"body").unwrap()[..4], [0, 0, 0, 44]);
        assert_eq!(message(&header, &vec![0; MESSAGE_MAX]).unwrap_err().errno(), Errno::EMSGSIZE);
        for (place, value) in [(3, 0xF6), (7, 3), (15, 2), (39, 2)] {
            let mut wrong = expected;
            wrong[place] = value;
            assert!(Header::decode(&mut Decoder::new(&wrong).unwrap()).is_err(), "byte {place}");
        }
    }

    #[test]
    fn errors_keep_their_number_and_message() {
        let error = Error::os(Errno::ENOENT).at_path("/etc/fstab");
        let reply = ErrorReply::from(&error);
        let expected = b"\0\0\0\x06ENOENT\0\0\0\0\0\x25/etc/fstab: No such file or directory\0\0\0";
        assert_eq!(reply.to_bytes().unwrap().as_bstr(), expected.as_bstr());
        let decoded = ErrorReply::decode(&mut Decoder::new(expected).unwrap()).unwrap();
        assert_eq!(decoded, reply);
        let back = Error::from(decoded);
        assert_eq!((back.errno(), back.to_string()), (Errno::ENOENT, error.to_string()));
        assert!(Error::from(ErrorReply::from(&Error::unsupported("x"))).is_unsupported());
        assert_eq!(ErrorReply::from(&Error::unsupported("x")).errno_name, "ENOTSUP");
        assert_eq!(ErrorReply::from(&Error::usage("x")).errno_name, "");

        let long = ErrorReply { errno_name: "".into(), message: vec![b'x'; ERROR_MESSAGE_MAX + 9].into() };
        assert_eq!(long.to_bytes().unwrap().len(), 4 + 4 + ERROR_MESSAGE_MAX);
        let mut too_long = bytes(|to| to.opaque(b""));
        too_long.extend(bytes(|to| to.opaque(&[b'x'; ERROR_MESSAGE_MAX + 1])));
        assert!(ErrorReply::decode(&mut Decoder::new(&too_long).unwrap()).is_err());
    }

    #[test]
    fn chunk_bytes() {
        for (piece, expected) in [
            (Chunk::Data(b"abc"), &b"\0\0\0\x0c\0\0\0\0\0\0\0\x03abc\0"[..]),
            (Chunk::End, b"\0\0\0\x08\0\0\0\0\0\0\0\0"),
            (Chunk::Cancelled, b"\0\0\0\x08\0\0\0\x01\0\0\0\0"),
        ] {
            assert_eq!(chunk(piece).unwrap(), expected);
            assert_eq!(Chunk::decode(&mut Decoder::new(&expected[4..]).unwrap()).unwrap(), piece);
        }
        let too_large = bytes(|to| {
            to.i32(0);
            to.opaque(&[0; CHUNK_MAX + 1]);
        });
        assert!(Chunk::decode(&mut Decoder::new(&too_large).unwrap()).is_err());
    }

    #[test]
    fn frames_follow_each_other() {
        let progress = Progress { proc_nr: 2, serial: FIRST_SERIAL, position: 1 << 40, total: u64::MAX };
        let frames = [
            Frame::Launched,
            Frame::Message(b"hello".to_vec()),
            Frame::Progress(progress),
            Frame::Cancel,
            Frame::Message(Vec::new()),
        ];
        let mut stream = Vec::new();
        for frame in &frames {
            stream.extend(frame.to_bytes().unwrap());
        }
        assert_eq!(stream[..4], [0xF5, 0xF5, 0x5F, 0xF5]);
        let mut rest = &stream[..];
        for frame in &frames {
            assert_eq!(Frame::read(&mut rest).unwrap(), *frame);
        }
        assert_eq!(Frame::read(&mut rest).unwrap_err().kind(), ErrorKind::Io);

        let oversized = (MESSAGE_MAX as u32 + 1).to_be_bytes();
        assert_eq!(Frame::read(&mut &oversized[..]).unwrap_err().errno(), Errno::EPROTO);
        assert_eq!(Frame::read(&mut &b"\0\0\0\x05abc"[..]).unwrap_err().kind(), ErrorKind::Io);
    }
}

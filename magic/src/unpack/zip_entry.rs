//! The first entry of a ZIP (PKWARE's APPNOTE.TXT), which is all that gzip reads of one.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::Decompress;
use glassbox_io::{Fields, Input, Result};

use super::stream::{Stream, inflate};

/// APPNOTE 4.3.7: the local file header's signature.
pub const MAGIC: &[u8] = b"PK\x03\x04";
/// APPNOTE 4.3.7: the length of the fixed part.
const HEADER: usize = 30;
/// APPNOTE 4.4.4: general purpose flags.
const ENCRYPTED: u8 = 1;
const DESCRIPTOR: u8 = 1 << 3;
/// APPNOTE 4.4.5: methods.
const STORED: u8 = 0;
const DEFLATED: u8 = 8;
/// APPNOTE 4.3.9: the data descriptor, with its signature.
const DESCRIPTOR_LENGTH: usize = 16;
/// gzip's buffer: the header must end in the first one, and another entry is only seen in the same one.
const GZIP_BUFFER: u64 = 0x40000;

/// Reads the entry's contents, and then fails with what gzip has to say of the file.
pub struct ZipEntry<'a> {
    input: Input<'a>,
    length: u64,
    body: Body,
    descriptor: bool,
    /// From the header; what is in a descriptor comes later.
    expected: Check,
    crc: crc32fast::Hasher,
    written: u64,
    ended: bool,
}

/// CRC-32 and uncompressed size.
#[derive(Clone, Copy)]
struct Check {
    crc: u32,
    size: u32,
}

enum Body {
    /// So many bytes are left.
    Stored(u64),
    Deflated(Box<Stream<Decompress>>),
    /// There is nothing but this to say.
    Refused(String),
}

impl<'a> ZipEntry<'a> {
    /// At the beginning of a file of `length` bytes.
    pub fn new(mut input: Input<'a>, length: u64) -> Result<Self> {
        let mut header = [0; HEADER];
        let mut expected = Check { crc: 0, size: 0 };
        let mut descriptor = false;
        let body = match input.read_exact(&mut header) {
            Ok(()) => {
                let fields = Fields::new(&header);
                // Of flags and method gzip looks at the lower byte only.
                let flags = fields.u8(6)?;
                let names = u64::from(fields.le16(26)?).saturating_add(fields.le16(28)?.into());
                expected = Check { crc: fields.le32(14)?, size: fields.le32(22)? };
                descriptor = flags & DESCRIPTOR != 0;
                let compressed = fields.le32(18)?;
                let end = names.saturating_add(HEADER as u64);
                let skipped = io::copy(&mut input.by_ref().take(names), &mut io::sink())?;
                match fields.u8(8)? {
                    _ if skipped < names || end > GZIP_BUFFER => Body::Refused("not a valid zip file".into()),
                    STORED | DEFLATED if flags & ENCRYPTED != 0 => Body::Refused("encrypted file -- use unzip".into()),
                    STORED if compressed != expected.size => {
                        Body::Refused(format!("len {}, siz {compressed}", expected.size))
                    }
                    STORED => Body::Stored(expected.size.into()),
                    DEFLATED => Body::Deflated(Box::new(Stream::new(inflate()?))),
                    _ => Body::Refused("first entry not deflated or stored -- use unzip".into()),
                }
            }
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Body::Refused("not a valid zip file".into()),
            Err(error) => return Err(error.into()),
        };
        let crc = crc32fast::Hasher::new();
        Ok(ZipEntry { input, length, body, descriptor, expected, crc, written: 0, ended: false })
    }

    fn read_body(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.body {
            Body::Deflated(stream) => stream.read(&mut self.input, buf),
            Body::Refused(why) => Err(words(why)),
            Body::Stored(0) => Ok(0),
            Body::Stored(left) => {
                let count = self.input.by_ref().take(*left).read(buf)?;
                if count == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                *left = left.saturating_sub(count as u64);
                Ok(count)
            }
        }
    }

    /// What gzip looks at when the contents are written.
    fn check(&mut self) -> io::Result<()> {
        // Where there is a descriptor, what the header says isn't looked at.
        if self.descriptor {
            let mut bytes = [0; DESCRIPTOR_LENGTH];
            self.input.read_exact(&mut bytes)?;
            let fields = Fields::new(&bytes);
            self.expected = Check { crc: fields.le32(4)?, size: fields.le32(12)? };
        }
        if self.crc.clone().finalize() != self.expected.crc {
            return Err(words("invalid compressed data--crc error"));
        }
        // The size is modulo 2^32.
        if self.written as u32 != self.expected.size {
            return Err(words("invalid compressed data--length error"));
        }
        let position = self.input.position();
        let in_buffer = position.checked_sub(1).map_or(0, |last| last % GZIP_BUFFER).saturating_add(1);
        let buffered = self.length.saturating_sub(position).min(GZIP_BUFFER.saturating_sub(in_buffer));
        if buffered > 4 && self.input.fill_buf()?.starts_with(MAGIC) {
            return Err(words("stdin has more than one entry--rest ignored"));
        }
        Ok(())
    }
}

impl Read for ZipEntry<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.ended || buf.is_empty() {
            return Ok(0);
        }
        let count = self.read_body(buf).inspect_err(|_| self.ended = true)?;
        if count == 0 {
            self.ended = true;
            return self.check().map(|()| 0);
        }
        self.crc.update(buf.get(..count).unwrap_or_default());
        self.written = self.written.saturating_add(count as u64);
        Ok(count)
    }
}

fn words(text: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, text)
}

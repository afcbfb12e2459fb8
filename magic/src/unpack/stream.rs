//! Compressed streams, one after another.

use std::io::{self, BufRead, ErrorKind, Read};

use bzip2::Error as BzError;
use flate2::{FlushDecompress, Status};
use glassbox_io::{Input, ReadAt};

/// What one call of a decoder did.
pub struct Step {
    pub consumed: u64,
    pub produced: u64,
    /// Whether the stream has ended; or what is wrong with it, after what was produced.
    pub ended: io::Result<bool>,
}

/// A decoder of one stream.
pub trait Decoder {
    /// Decompresses as much as there is, or room for.
    fn step(&mut self, data: &[u8], out: &mut [u8]) -> Step;
}

/// Deflate's window (RFC 1951, section 2).
pub const WINDOW: usize = 32 << 10;
/// gzip's words for anything that deflate doesn't allow.
pub const FORMAT_VIOLATED: &str = "invalid compressed data--format violated";

/// gzip's decoder of deflate. Its window is zeros at first, and what refers to before the beginning is allowed.
pub fn inflate() -> io::Result<flate2::Decompress> {
    let mut decoder = flate2::Decompress::new(false);
    decoder.set_dictionary(&[0; WINDOW]).map_err(io::Error::other)?;
    Ok(decoder)
}

impl Decoder for flate2::Decompress {
    fn step(&mut self, data: &[u8], out: &mut [u8]) -> Step {
        let (read, written) = (self.total_in(), self.total_out());
        let result = self.decompress(data, out, FlushDecompress::None);
        Step {
            consumed: self.total_in().saturating_sub(read),
            produced: self.total_out().saturating_sub(written),
            ended: match result {
                Ok(status) => Ok(status == Status::StreamEnd),
                Err(_) => Err(io::Error::new(ErrorKind::InvalidData, FORMAT_VIOLATED)),
            },
        }
    }
}

impl Decoder for bzip2::Decompress {
    fn step(&mut self, data: &[u8], out: &mut [u8]) -> Step {
        let (read, written) = (self.total_in(), self.total_out());
        let result = self.decompress(data, out);
        Step {
            consumed: self.total_in().saturating_sub(read),
            produced: self.total_out().saturating_sub(written),
            ended: match result {
                Ok(status) => Ok(status == bzip2::Status::StreamEnd),
                Err(BzError::DataMagic) => Err(io::Error::new(ErrorKind::InvalidData, "not a bzip2 file")),
                Err(_) => Err(io::Error::new(ErrorKind::InvalidData, "data integrity error")),
            },
        }
    }
}

/// One stream, and an error that is to be told after what came before it.
pub struct Stream<D> {
    decoder: D,
    ended: io::Result<bool>,
}

impl<D: Decoder> Stream<D> {
    pub fn new(decoder: D) -> Self {
        Stream { decoder, ended: Ok(false) }
    }

    /// As [`Read::read`]; 0 is the end of the stream, behind which `input` then stands.
    pub fn read(&mut self, input: &mut Input, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            // An error is told once, and is the end then.
            if std::mem::replace(&mut self.ended, Ok(true))? || buf.is_empty() {
                return Ok(0);
            }
            let data = input.fill_buf()?;
            let at_end = data.is_empty();
            let step = self.decoder.step(data, buf);
            input.consume(usize::try_from(step.consumed).unwrap_or(usize::MAX));
            self.ended = step.ended;
            if step.produced > 0 {
                return Ok(usize::try_from(step.produced).unwrap_or(usize::MAX).min(buf.len()));
            }
            if matches!(self.ended, Ok(false)) && (at_end || step.consumed == 0) {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// Looks for the next stream, at the beginning of the input or behind another stream.
pub type Next<D> = fn(&mut Input, first: bool) -> io::Result<Option<D>>;

/// The streams that a file consists of.
pub struct Streams<'a, D> {
    input: Input<'a>,
    next: Next<D>,
    first: bool,
    current: Option<Stream<D>>,
}

impl<'a, D: Decoder> Streams<'a, D> {
    pub fn new(file: &'a dyn ReadAt, next: Next<D>) -> Self {
        Streams { input: Input::new(file), next, first: true, current: None }
    }
}

impl<D: Decoder> Read for Streams<'_, D> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let stream = match &mut self.current {
                Some(stream) => stream,
                none => match (self.next)(&mut self.input, std::mem::replace(&mut self.first, false))? {
                    Some(decoder) => none.insert(Stream::new(decoder)),
                    None => return Ok(0),
                },
            };
            match stream.read(&mut self.input, buf)? {
                0 if buf.is_empty() => return Ok(0),
                0 => self.current = None,
                count => return Ok(count),
            }
        }
    }
}

/// What comes out of a program's end of a pipe: whole blocks as the program writes them. What was wrong isn't seen there, only what
/// the program didn't write because of it.
pub struct Piped<R> {
    program: R,
    /// Bytes that the program writes at a time.
    block_size: usize,
    /// Whether it ends without writing what it has.
    drops_rest: fn(&io::Error) -> bool,
    block: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl<R: Read> Piped<R> {
    pub fn new(program: R, block_size: usize, drops_rest: fn(&io::Error) -> bool) -> Self {
        Piped { program, block_size, drops_rest, block: Vec::new(), taken: 0, ended: false }
    }

    fn next_block(&mut self) -> io::Result<()> {
        self.block.resize(self.block_size, 0);
        let mut filled = 0;
        while let Some(free) = self.block.get_mut(filled..).filter(|free| !free.is_empty()) {
            match self.program.read(free) {
                Ok(0) => self.ended = true,
                Ok(count) => filled = filled.saturating_add(count),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof || words(&error).is_some() => {
                    self.ended = true;
                    if (self.drops_rest)(&error) {
                        filled = 0;
                    }
                }
                Err(error) => return Err(error),
            }
            if self.ended {
                break;
            }
        }
        self.block.truncate(filled);
        self.taken = 0;
        Ok(())
    }
}

impl<R: Read> Read for Piped<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.block.len() && !self.ended {
            self.next_block()?;
        }
        let mut left = self.block.get(self.taken..).unwrap_or_default();
        let count = left.read(buf)?;
        self.taken = self.taken.saturating_add(count);
        Ok(count)
    }
}

/// What a program would say of its input; `None` for an error of another kind.
pub fn words(error: &io::Error) -> Option<String> {
    (error.kind() == ErrorKind::InvalidData && !error.get_ref()?.is::<glassbox_io::Error>()).then(|| error.to_string())
}

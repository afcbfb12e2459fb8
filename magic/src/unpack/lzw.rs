//! The files of `compress`: LZW with codes of 9 to 16 bits.
//!
//! There is no specification. Codes are packed from the lowest bit on, and written eight at a time: where their width changes, what is
//! left of the eight is padding.

use std::io::{self, ErrorKind, Read};

use glassbox_io::Input;

/// How a file begins.
pub const MAGIC: &[u8] = b"\x1f\x9d";
/// The third byte: the widest code, reserved bits, and whether there is a code that clears the table.
const WIDTH: u8 = 0x1f;
const RESERVED: u8 = 0x60;
const BLOCK_MODE: u8 = 0x80;

/// The narrowest code, and the widest that `gzip` reads.
const MIN_WIDTH: u32 = 9;
const MAX_WIDTH: u32 = 16;
/// Codes below are bytes.
const BYTES: u16 = 256;
/// The code that clears the table, in block mode.
const CLEAR: u32 = 256;
/// Codes that are written at a time.
const CODES: usize = 8;

/// Decompresses a file as it is read. Errors are gzip's, after what came before them.
pub struct Lzw<'a> {
    input: Input<'a>,
    decoder: Option<Decoder>,
    /// The end, once it was seen, or an error that is yet to be told.
    end: Option<io::Result<()>>,
}

impl<'a> Lzw<'a> {
    pub fn new(input: Input<'a>) -> Self {
        Lzw { input, decoder: None, end: None }
    }

    fn next_byte(&mut self) -> io::Result<Option<u8>> {
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            none => none.insert(Decoder::begin(&mut self.input)?),
        };
        decoder.next_byte(&mut self.input)
    }
}

impl Read for Lzw<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        for byte in buf {
            if self.end.is_some() {
                break;
            }
            match self.next_byte() {
                Ok(Some(next)) => {
                    *byte = next;
                    count = usize::saturating_add(count, 1);
                }
                end => self.end = Some(end.map(drop)),
            }
        }
        match &mut self.end {
            Some(end) if count == 0 => std::mem::replace(end, Ok(())).map(|()| 0),
            _ => Ok(count),
        }
    }
}

/// The table, and where in it we are.
struct Decoder {
    block_mode: bool,
    widest: u32,
    /// Of each code above the bytes: the code of what comes before its last byte, and that byte.
    prefix: Vec<u16>,
    suffix: Vec<u8>,
    /// The next code to be defined.
    free: u32,
    previous: Option<Previous>,
    codes: Codes,
    /// A code's bytes, the last first.
    pending: Vec<u8>,
}

/// The code that was read last.
#[derive(Clone, Copy)]
struct Previous {
    code: u16,
    first_byte: u8,
}

impl Decoder {
    fn begin(input: &mut Input) -> io::Result<Self> {
        let mut header = [0; 3];
        input.read_exact(&mut header)?;
        let [_, _, flags] = header;
        let widest = u32::from(flags & WIDTH);
        if flags & RESERVED != 0 {
            return Err(words(format!("warning, unknown flags 0x{:x}", flags & RESERVED)));
        }
        if widest > MAX_WIDTH {
            return Err(words(format!("compressed with {widest} bits, can only handle {MAX_WIDTH} bits")));
        }
        let block_mode = flags & BLOCK_MODE != 0;
        Ok(Decoder {
            block_mode,
            widest,
            prefix: vec![0; 1 << MAX_WIDTH],
            suffix: vec![0; 1 << MAX_WIDTH],
            free: first_free(block_mode),
            previous: None,
            codes: Codes::new(),
            pending: Vec::new(),
        })
    }

    fn next_byte(&mut self, input: &mut Input) -> io::Result<Option<u8>> {
        loop {
            if let Some(byte) = self.pending.pop() {
                return Ok(Some(byte));
            }
            if self.free > self.last_code() {
                self.codes.set_width(self.codes.width.saturating_add(1));
            }
            match self.codes.next(input)? {
                None => return Ok(None),
                Some(CLEAR) if self.block_mode && self.previous.is_some() => self.clear(),
                Some(code) => self.expand(code)?,
            }
        }
    }

    /// The last code of the present width. The widest codes have no wider ones after them, unless they are the narrowest as well:
    /// then `compress` goes on to 10 bits.
    fn last_code(&self) -> u32 {
        let codes = 1u32 << self.codes.width.min(MAX_WIDTH);
        if self.codes.width == self.widest && self.widest > MIN_WIDTH { codes } else { codes.saturating_sub(1) }
    }

    fn clear(&mut self) {
        // The code that follows defines one that nobody uses: that of clearing.
        self.free = CLEAR;
        self.codes.set_width(MIN_WIDTH);
    }

    /// Puts a code's bytes into `pending`, and defines the next code.
    fn expand(&mut self, code: u32) -> io::Result<()> {
        let code = u16::try_from(code).map_err(|_| corrupt())?;
        let Some(previous) = self.previous else {
            let first_byte = u8::try_from(code).map_err(|_| corrupt())?;
            self.pending.push(first_byte);
            self.previous = Some(Previous { code, first_byte });
            return Ok(());
        };
        let mut at = code;
        if u32::from(code) >= self.free {
            if u32::from(code) > self.free {
                return Err(corrupt());
            }
            // The code that is being defined: the previous one and its first byte.
            self.pending.push(previous.first_byte);
            at = previous.code;
        }
        // A prefix is always a smaller code, so that this ends.
        while at >= BYTES {
            self.pending.push(self.suffix.get(usize::from(at)).copied().ok_or_else(corrupt)?);
            let prefix = self.prefix.get(usize::from(at)).copied().ok_or_else(corrupt)?;
            if prefix >= at {
                return Err(corrupt());
            }
            at = prefix;
        }
        let first_byte = u8::try_from(at).map_err(|_| corrupt())?;
        self.pending.push(first_byte);
        self.define(previous.code, first_byte);
        self.previous = Some(Previous { code, first_byte });
        Ok(())
    }

    fn define(&mut self, prefix: u16, suffix: u8) {
        if self.free < 1 << self.widest {
            let free = usize::try_from(self.free).unwrap_or(usize::MAX);
            if let (Some(to_prefix), Some(to_suffix)) = (self.prefix.get_mut(free), self.suffix.get_mut(free)) {
                (*to_prefix, *to_suffix) = (prefix, suffix);
                self.free = self.free.saturating_add(1);
            }
        }
    }
}

fn first_free(block_mode: bool) -> u32 {
    if block_mode { CLEAR.saturating_add(1) } else { u32::from(BYTES) }
}

/// Codes of a width that changes, read eight at a time.
struct Codes {
    width: u32,
    group: [u8; MAX_WIDTH as usize],
    /// Bits of the group that are there, and that have been taken.
    bits: usize,
    taken: usize,
}

impl Codes {
    fn new() -> Self {
        Codes { width: MIN_WIDTH, group: [0; MAX_WIDTH as usize], bits: 0, taken: 0 }
    }

    /// Goes on with codes of this width, behind the padding.
    fn set_width(&mut self, width: u32) {
        (self.width, self.bits, self.taken) = (width, 0, 0);
    }

    /// The next code, unless less than one is left.
    fn next(&mut self, input: &mut Input) -> io::Result<Option<u32>> {
        let width = self.width as usize;
        if self.taken.saturating_add(width) > self.bits {
            self.fill(input)?;
            if width > self.bits {
                return Ok(None);
            }
        }
        let mut code = 0;
        for bit in 0..width {
            let at = self.taken.saturating_add(bit);
            let byte = self.group.get(at / 8).copied().unwrap_or(0);
            code |= u32::from(byte >> (at % 8) & 1) << bit;
        }
        self.taken = self.taken.saturating_add(width);
        Ok(Some(code))
    }

    fn fill(&mut self, input: &mut Input) -> io::Result<()> {
        // Eight codes of so many bits are so many bytes.
        let group = self.group.get_mut(..self.width as usize).ok_or_else(corrupt)?;
        let mut filled = 0;
        while let Some(free) = group.get_mut(filled..).filter(|free| !free.is_empty()) {
            match input.read(free)? {
                0 => break,
                count => filled = filled.saturating_add(count),
            }
        }
        (self.bits, self.taken) = (filled.saturating_mul(CODES), 0);
        Ok(())
    }
}

fn corrupt() -> io::Error {
    words("corrupt input.".into())
}

fn words(text: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, text)
}

//! XDR, the External Data Representation of RFC 4506, as far as the protocol uses it.
//!
//! Everything is a multiple of four bytes, big-endian (RFC 4506, section 3). Decoding trusts nothing: a length is
//! compared with what is left before anything is allocated, padding must be zero, and nothing may follow the end.

use std::borrow::Cow;
use std::io::{Read, Write};

use bstr::BStr;
use glassbox_io::{Errno, Error, Result};

use crate::protocol::MESSAGE_MAX;
use crate::{CallInfo, Sink, Source, Streams, StringList};

/// The error for bytes that aren't what the protocol says.
pub(crate) fn malformed(what: impl Into<Cow<'static, str>>) -> Error {
    Error::os_with(Errno::EPROTO, what)
}

/// The error for more bytes than a message holds.
pub(crate) fn too_large() -> Error {
    Error::os_with(Errno::EMSGSIZE, format!("the message is larger than the protocol's limit of {MESSAGE_MAX} bytes"))
}

/// Zero bytes from the end of `len` bytes to the next multiple of four (RFC 4506, section 3).
fn padding(len: usize) -> usize {
    len.wrapping_neg() % 4
}

/// Builds a message's body. It stops growing once it is larger than any message, and [`Encoder::finish`] then fails.
#[derive(Default)]
pub struct Encoder {
    bytes: Vec<u8>,
    length: usize,
    only_counts: bool,
}

impl Encoder {
    /// One that keeps nothing: it tells how long a body would be.
    pub fn counting() -> Self {
        Encoder { only_counts: true, ..Encoder::default() }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.length = self.length.saturating_add(bytes.len());
        if !self.only_counts && self.length <= MESSAGE_MAX {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// How many bytes were put, kept or not.
    pub fn length(&self) -> usize {
        self.length
    }

    /// A signed word (section 4.1).
    pub fn i32(&mut self, value: i32) {
        self.put(&value.to_be_bytes());
    }

    /// An unsigned word (section 4.2).
    pub fn u32(&mut self, value: u32) {
        self.put(&value.to_be_bytes());
    }

    /// A truth value, 0 or 1 (section 4.4).
    pub fn bool(&mut self, value: bool) {
        self.u32(value.into());
    }

    /// A signed double word (section 4.5).
    pub fn i64(&mut self, value: i64) {
        self.put(&value.to_be_bytes());
    }

    /// An unsigned double word (section 4.5).
    pub fn u64(&mut self, value: u64) {
        self.put(&value.to_be_bytes());
    }

    /// A single-precision number (section 4.6).
    pub fn f32(&mut self, value: f32) {
        self.put(&value.to_be_bytes());
    }

    /// A `char`, which travels as a word and is signed in C on x86.
    pub fn char(&mut self, value: u8) {
        self.i32(value.cast_signed().into());
    }

    /// Bytes of a length that both sides know (section 4.9).
    pub fn opaque_fixed(&mut self, bytes: &[u8]) {
        self.put(bytes);
        self.put(&[0; 3][..padding(bytes.len())]);
    }

    /// Bytes preceded by their number, also for strings (sections 4.10 and 4.11).
    pub fn opaque(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.opaque_fixed(bytes);
    }

    /// The number of elements that follow (section 4.13).
    pub fn count(&mut self, count: usize) {
        match u32::try_from(count) {
            Ok(count) => self.u32(count),
            Err(_) => self.length = usize::MAX,
        }
    }

    /// An optional percentage: negative for none.
    pub fn opt_percent(&mut self, value: Option<f32>) {
        self.f32(value.unwrap_or(-1.0));
    }

    /// What was built. Fails with `EMSGSIZE` if it is larger than any message.
    pub fn finish(self) -> Result<Vec<u8>> {
        if self.length > MESSAGE_MAX { Err(too_large()) } else { Ok(self.bytes) }
    }
}

/// Reads a message's body.
#[derive(Clone)]
pub struct Decoder<'a> {
    rest: &'a [u8],
}

impl<'a> Decoder<'a> {
    /// Reads `bytes`. Fails if they are more than a message holds, which bounds everything that is read from them.
    pub fn new(bytes: &'a [u8]) -> Result<Self> {
        if bytes.len() > MESSAGE_MAX {
            return Err(malformed(format!("a message of {} bytes is too large", bytes.len())));
        }
        Ok(Decoder { rest: bytes })
    }

    /// Reads structs that follow one another in a file's contents, which may be longer than a message: the private
    /// streams of `internal_readdir` and the like.
    pub fn of_stream(bytes: &'a [u8]) -> Self {
        Decoder { rest: bytes }
    }

    /// How many bytes are left.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(|| malformed("the message ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(|| malformed("the message ends too early"))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A signed word.
    pub fn i32(&mut self) -> Result<i32> {
        self.array().map(i32::from_be_bytes)
    }

    /// An unsigned word.
    pub fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// A truth value: 0 or 1, nothing else.
    pub fn bool(&mut self) -> Result<bool> {
        match self.u32()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(malformed(format!("a truth value of {other}"))),
        }
    }

    /// A signed double word.
    pub fn i64(&mut self) -> Result<i64> {
        self.array().map(i64::from_be_bytes)
    }

    /// An unsigned double word.
    pub fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A single-precision number.
    pub fn f32(&mut self) -> Result<f32> {
        self.array().map(f32::from_be_bytes)
    }

    /// A `char`: whether the sender's is signed or not, its lowest byte.
    pub fn char(&mut self) -> Result<u8> {
        let word = self.i32()?;
        match (u8::try_from(word), i8::try_from(word)) {
            (Ok(unsigned), _) => Ok(unsigned),
            (_, Ok(signed)) => Ok(signed.cast_unsigned()),
            _ => Err(malformed(format!("a character of {word}"))),
        }
    }

    /// As many bytes as the type has.
    pub fn opaque_fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.array()?;
        self.skip_padding(N)?;
        Ok(bytes)
    }

    /// Bytes preceded by their number.
    pub fn opaque(&mut self) -> Result<&'a [u8]> {
        let len = self.count(1)?;
        let bytes = self.take(len)?;
        self.skip_padding(len)?;
        Ok(bytes)
    }

    /// A string: any bytes.
    pub fn string(&mut self) -> Result<&'a BStr> {
        self.opaque().map(BStr::new)
    }

    /// A list of strings.
    pub fn string_list(&mut self) -> Result<Vec<&'a BStr>> {
        let count = self.count(4)?;
        (0..count).map(|_| self.string()).collect()
    }

    /// The number of elements that follow, of which each takes at least `min_size` bytes. Fails if there isn't room
    /// for that many, so that the result is fit to size an allocation.
    pub fn count(&mut self, min_size: usize) -> Result<usize> {
        let count = self.u32()?;
        let room = self.rest.len().checked_div(min_size).unwrap_or(0);
        usize::try_from(count)
            .ok()
            .filter(|count| *count <= room)
            .ok_or_else(|| malformed(format!("{count} elements in a message with room for {room}")))
    }

    /// A percentage, or none.
    pub fn opt_percent(&mut self) -> Result<Option<f32>> {
        self.f32().map(|percent| (percent >= 0.0).then_some(percent))
    }

    /// Fails if anything is left.
    pub fn finish(self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(malformed(format!("{} bytes after the end", self.rest.len()))) }
    }

    fn skip_padding(&mut self, len: usize) -> Result<()> {
        if self.take(padding(len))?.iter().any(|byte| *byte != 0) {
            return Err(malformed("padding that isn't zero"));
        }
        Ok(())
    }
}

/// The body of a request message, and the mask of its optional arguments for the header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncodedArguments {
    /// What follows the header.
    pub body: Vec<u8>,
    /// Bit n is set if the nth optional argument was given.
    pub optargs: u64,
}

/// Writes a request's arguments as XDR. Streams aren't part of the message, and an optional argument that isn't given
/// leaves its place filled with zeros.
#[derive(Default)]
pub struct ArgumentEncoder {
    encoder: Encoder,
    optargs: u64,
    next_optional: u32,
}

impl ArgumentEncoder {
    /// What was written.
    pub fn finish(self) -> Result<EncodedArguments> {
        Ok(EncodedArguments { body: self.encoder.finish()?, optargs: self.optargs })
    }

    fn optional<T>(&mut self, value: &Option<T>) {
        // No call has more than 63 optional arguments: the mask has 64 bits.
        self.optargs |= u64::from(value.is_some()).checked_shl(self.next_optional).unwrap_or(0);
        self.next_optional = self.next_optional.saturating_add(1);
    }
}

impl Sink for ArgumentEncoder {
    fn bool(&mut self, value: bool) {
        self.encoder.bool(value);
    }
    fn int(&mut self, value: i32) {
        self.encoder.i32(value);
    }
    fn int64(&mut self, value: i64) {
        self.encoder.i64(value);
    }
    fn string(&mut self, value: &BStr) {
        self.encoder.opaque(value);
    }
    fn nullable_string(&mut self, value: Option<&BStr>) {
        self.encoder.bool(value.is_some());
        if let Some(value) = value {
            self.encoder.opaque(value);
        }
    }
    fn string_list(&mut self, value: &[&BStr]) {
        self.encoder.count(value.len());
        value.iter().for_each(|string| self.encoder.opaque(string));
    }
    fn buffer(&mut self, value: &[u8]) {
        self.encoder.opaque(value);
    }
    // Only library-side calls have pointers.
    fn pointer(&mut self, _value: usize) {}
    fn stream(&mut self) {}

    fn optional_bool(&mut self, value: Option<bool>) {
        self.optional(&value);
        self.bool(value.unwrap_or_default());
    }
    fn optional_int(&mut self, value: Option<i32>) {
        self.optional(&value);
        self.int(value.unwrap_or_default());
    }
    fn optional_int64(&mut self, value: Option<i64>) {
        self.optional(&value);
        self.int64(value.unwrap_or_default());
    }
    fn optional_string(&mut self, value: Option<&BStr>) {
        self.optional(&value);
        self.string(value.unwrap_or_default());
    }
    fn optional_string_list(&mut self, value: Option<&[&BStr]>) {
        self.optional(&value);
        self.string_list(value.unwrap_or_default());
    }
}

/// Reads a request's arguments from XDR, borrowing strings and buffers from the message.
pub struct ArgumentDecoder<'a> {
    decoder: Decoder<'a>,
    optargs: u64,
    streams: Streams<'a>,
}

impl<'a> ArgumentDecoder<'a> {
    /// Reads `body`, with the header's mask of optional arguments. Fails if the mask has bits of optional arguments
    /// that the call doesn't have.
    pub fn new(info: &CallInfo, body: &'a [u8], optargs: u64, streams: Streams<'a>) -> Result<Self> {
        let beyond = u32::try_from(info.optargs.len()).unwrap_or(u32::MAX);
        if optargs.checked_shr(beyond).unwrap_or(0) != 0 {
            return Err(malformed(format!("{}: unknown optional arguments, mask {optargs:#x}", info.name)));
        }
        Ok(ArgumentDecoder { decoder: Decoder::new(body)?, optargs, streams })
    }

    /// Fails if anything is left.
    pub fn finish(&self) -> Result<()> {
        self.decoder.clone().finish()
    }

    /// The next optional argument, if it was given. An older library doesn't send those at the end that it doesn't know.
    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        let given = self.optargs & 1 != 0;
        self.optargs >>= 1;
        if !given && self.decoder.remaining() == 0 {
            return Ok(None);
        }
        let value = read(self)?;
        Ok(given.then_some(value))
    }
}

impl<'a> Source<'a> for ArgumentDecoder<'a> {
    fn bool(&mut self) -> Result<bool> {
        self.decoder.bool()
    }
    fn int(&mut self) -> Result<i32> {
        self.decoder.i32()
    }
    fn int64(&mut self) -> Result<i64> {
        self.decoder.i64()
    }
    fn string(&mut self) -> Result<&'a BStr> {
        self.decoder.string()
    }
    fn nullable_string(&mut self) -> Result<Option<&'a BStr>> {
        Ok(if self.decoder.bool()? { Some(self.decoder.string()?) } else { None })
    }
    fn string_list(&mut self) -> Result<StringList<'a>> {
        self.decoder.string_list().map(StringList::Owned)
    }
    fn buffer(&mut self) -> Result<&'a [u8]> {
        self.decoder.opaque()
    }
    fn pointer(&mut self) -> Result<usize> {
        Err(malformed("a pointer can't be sent"))
    }
    fn file_in(&mut self) -> Result<&'a mut (dyn Read + 'a)> {
        self.streams.input.take().ok_or_else(|| malformed("the file to read is missing"))
    }
    fn file_out(&mut self) -> Result<&'a mut (dyn Write + 'a)> {
        self.streams.output.take().ok_or_else(|| malformed("the file to write is missing"))
    }

    fn optional_bool(&mut self) -> Result<Option<bool>> {
        self.optional(Self::bool)
    }
    fn optional_int(&mut self) -> Result<Option<i32>> {
        self.optional(Self::int)
    }
    fn optional_int64(&mut self) -> Result<Option<i64>> {
        self.optional(Self::int64)
    }
    fn optional_string(&mut self) -> Result<Option<&'a BStr>> {
        self.optional(Self::string)
    }
    fn optional_string_list(&mut self) -> Result<Option<StringList<'a>>> {
        self.optional(Self::string_list)
    }
}

//! Calls by name with values, and calls by procedure number with bytes.

use glassbox_io::{Errno, Error, Result};

use crate::xdr::ArgumentDecoder;
use crate::{AnyCall, Arguments, CallInfo, Calls, Source, Streams, Value, generated, table};

/// The request for the call that `info` describes, with its arguments out of `source`.
pub fn request<'a>(info: &'static CallInfo, source: &mut dyn Source<'a>) -> Result<Box<dyn AnyCall + 'a>> {
    generated::request(info, source)
}

/// Makes the call that `info` describes, with arguments known only at run time. An argument that is missing or of
/// another kind is wrong use (`EINVAL`).
pub fn dispatch(info: &'static CallInfo, target: &mut dyn Calls, mut arguments: Arguments<'_>) -> Result<Value> {
    arguments.check_numbers(info)?;
    let mut call = request(info, &mut arguments)?;
    call.answer(target)?;
    Ok(call.take_value().unwrap_or(Value::Unit))
}

/// Answers one request message of the RPC protocol.
///
/// `body` is what follows the header, `optargs` the header's mask of optional arguments. Returns the body of the
/// reply. Of a call with an output stream, the first byte written tells that the call will succeed as far as its
/// callee knows: the protocol sends the (empty) reply before the file.
pub fn serve<'a>(
    proc_nr: u32,
    body: &'a [u8],
    optargs: u64,
    streams: Streams<'a>,
    target: &mut dyn Calls,
) -> Result<Vec<u8>> {
    let info = table::find_procedure(proc_nr)
        .ok_or_else(|| Error::os_with(Errno::EPROTO, format!("unknown procedure number {proc_nr}")))?;
    let mut source = ArgumentDecoder::new(info, body, optargs, streams)?;
    let mut call = request(info, &mut source)?;
    source.finish()?;
    call.answer(target)?;
    call.encode_reply()
}

//! A call as a value, and the one door through which all calls can pass.

use std::io::{self, Write};

use glassbox_io::{Error, Result};

use crate::xdr::{ArgumentEncoder, Decoder, EncodedArguments, Encoder};
use crate::{CallInfo, Calls, Collected, Reply, Sink, Source, Streams, Value};

/// A request: one type per call, in [`crate::requests`], with the call's arguments as its fields.
pub trait Call: Sized {
    /// The call's entry in the table.
    const INFO: &'static CallInfo;
    /// What it returns.
    type Reply: Reply;

    /// Asks `target`. May be repeated with another target if the first says *unsupported*, as long as none has read
    /// from or written to the streams.
    fn answer(&mut self, target: &mut dyn Calls) -> Result<Self::Reply>;

    /// Gives all arguments to `sink`, in order.
    fn write(&self, sink: &mut dyn Sink);

    /// The streams of file arguments.
    fn streams(&mut self) -> Streams<'_> {
        Streams::default()
    }
}

/// A request that can be made from arguments out of any source.
pub trait FromArguments<'a>: Call + 'a {
    /// Takes the arguments out of `source`.
    fn from_arguments(source: &mut dyn Source<'a>) -> Result<Self>;
}

/// What every call passes: a handle, or the client of a protocol. Whatever implements this has all group traits.
///
/// ```
/// use glassbox_api::{AnyCall, Call, Door, Lvm, Pending, unsupported_call};
/// use glassbox_io::Result;
///
/// #[derive(Default)]
/// struct Traced(Vec<String>);
///
/// impl Traced {
///     fn perform(&mut self, call: &mut dyn AnyCall) -> Result<()> {
///         self.0.push(format!("{} {:?}", call.info().name, call.arguments().required));
///         Err(unsupported_call(call.info().name)) // or `call.answer(target)`, or send it away
///     }
/// }
///
/// impl Door for Traced {
///     fn call<C: Call>(&mut self, call: C) -> Result<C::Reply> {
///         let mut pending = Pending::new(call);
///         self.perform(&mut pending)?;
///         pending.into_reply()
///     }
/// }
///
/// let mut traced = Traced::default();
/// assert!(traced.lvuuid("/dev/vg/lv".into()).is_err());
/// assert_eq!(traced.0, [r#"lvuuid [String("/dev/vg/lv")]"#]);
/// ```
pub trait Door {
    /// Answers `call`.
    ///
    /// This is compiled once for every call. Keep it short: wrap the request with [`Pending::new`], give it as
    /// `&mut dyn AnyCall` to a function that isn't generic, and return [`Pending::into_reply`].
    fn call<C: Call>(&mut self, call: C) -> Result<C::Reply>;
}

/// The error of a call that isn't implemented.
pub fn unsupported_call(name: &'static str) -> Error {
    Error::unsupported(format!("{name} is not answered by reading the image")).in_call(name)
}

/// Has a call answered that writes `file`. Once something was written, *unsupported* becomes another error: whoever then
/// asks somebody else would write it twice.
pub(crate) fn written_once<R>(file: &mut dyn Write, answer: impl FnOnce(&mut dyn Write) -> Result<R>) -> Result<R> {
    struct Watched<'a> {
        file: &'a mut dyn Write,
        has_begun: bool,
    }

    impl Write for Watched<'_> {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.has_begun = true;
            self.file.write(buf)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.file.flush()
        }
    }

    let mut watched = Watched { file, has_begun: false };
    answer(&mut watched).map_err(|error| match error.is_unsupported() && watched.has_begun {
        true => Error::os_with(error.errno(), format!("only a part was written: {error}")),
        false => error,
    })
}

/// A request of any call, and the reply once there is one.
pub trait AnyCall {
    /// The call's entry in the table.
    fn info(&self) -> &'static CallInfo;
    /// Gives all arguments to `sink`, in order.
    fn write(&self, sink: &mut dyn Sink);
    /// The streams of file arguments.
    fn streams(&mut self) -> Streams<'_>;
    /// Asks `target` and keeps the reply. As [`Call::answer`], may be repeated.
    fn answer(&mut self, target: &mut dyn Calls) -> Result<()>;
    /// Takes the reply from the body of a reply message.
    fn decode_reply(&mut self, body: &[u8]) -> Result<()>;
    /// The body of the reply message. Fails if there is no reply yet, or if it exceeds what a message holds.
    fn encode_reply(&self) -> Result<Vec<u8>>;
    /// How many bytes [`Self::encode_reply`] would return if there were no limit; 0 if there is no reply yet.
    fn reply_length(&self) -> usize;
    /// The reply, if there is one yet, as a value: for traces.
    fn value(&self) -> Option<Value>;
    /// Takes the reply out, as a value.
    fn take_value(&mut self) -> Option<Value>;

    /// The arguments as values.
    fn arguments(&self) -> Collected {
        let mut collected = Collected::default();
        self.write(&mut collected);
        collected
    }

    /// The body of the request message, and the mask of the optional arguments that were given.
    fn encode_arguments(&self) -> Result<EncodedArguments> {
        let mut encoder = ArgumentEncoder::default();
        self.write(&mut encoder);
        encoder.finish()
    }
}

/// A request and the place for its reply.
pub struct Pending<C: Call> {
    call: C,
    reply: Option<C::Reply>,
}

impl<C: Call> Pending<C> {
    /// A request that waits for its reply.
    pub fn new(call: C) -> Self {
        Pending { call, reply: None }
    }

    /// The reply. Fails if there was none: then whoever took the request forgot to answer it.
    pub fn into_reply(self) -> Result<C::Reply> {
        self.reply.ok_or_else(|| no_reply(C::INFO))
    }
}

fn no_reply(info: &'static CallInfo) -> Error {
    Error::usage(format!("{} has not been answered", info.name)).in_call(info.name)
}

impl<C: Call> AnyCall for Pending<C> {
    fn info(&self) -> &'static CallInfo {
        C::INFO
    }

    fn write(&self, sink: &mut dyn Sink) {
        self.call.write(sink);
    }

    fn streams(&mut self) -> Streams<'_> {
        self.call.streams()
    }

    fn answer(&mut self, target: &mut dyn Calls) -> Result<()> {
        self.reply = Some(self.call.answer(target)?);
        Ok(())
    }

    fn decode_reply(&mut self, body: &[u8]) -> Result<()> {
        self.reply = Some(decode_body(body)?);
        Ok(())
    }

    fn encode_reply(&self) -> Result<Vec<u8>> {
        encode_body(self.reply.as_ref().ok_or_else(|| no_reply(C::INFO))?)
    }

    fn reply_length(&self) -> usize {
        self.reply.as_ref().map_or(0, body_length)
    }

    fn value(&self) -> Option<Value> {
        self.reply.clone().map(C::Reply::into_value)
    }

    fn take_value(&mut self) -> Option<Value> {
        self.reply.take().map(C::Reply::into_value)
    }
}

// Compiled once for each type of reply, not for each call.
fn decode_body<R: Reply>(body: &[u8]) -> Result<R> {
    let mut decoder = Decoder::new(body)?;
    let reply = R::decode(&mut decoder)?;
    decoder.finish()?;
    Ok(reply)
}

fn encode_body<R: Reply>(reply: &R) -> Result<Vec<u8>> {
    let mut encoder = Encoder::default();
    reply.encode(&mut encoder);
    encoder.finish()
}

fn body_length<R: Reply>(reply: &R) -> usize {
    let mut encoder = Encoder::counting();
    reply.encode(&mut encoder);
    encoder.length()
}

/// As the generated code makes requests from arguments.
pub(crate) fn pending<'a, C: FromArguments<'a>>(source: &mut dyn Source<'a>) -> Result<Box<dyn AnyCall + 'a>> {
    Ok(Box::new(Pending::new(C::from_arguments(source)?)))
}

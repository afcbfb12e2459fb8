//! What must hold for every call, shown with random arguments and results.

mod common;

use common::Random;
use glassbox_api::table::CALLS;
use glassbox_api::xdr::ArgumentDecoder;
use glassbox_api::*;
use glassbox_io::{Errno, ErrorKind, Result};

/// How many random requests and replies of each call.
const ROUNDS: usize = 20;

/// Calls that can be sent: all but the one that takes a pointer.
fn sendable() -> impl Iterator<Item = &'static CallInfo> {
    let has_pointer = |info: &CallInfo| info.args.iter().any(|arg| matches!(arg.kind, ArgKind::Pointer(_)));
    CALLS.iter().copied().filter(move |info| !has_pointer(info))
}

/// Streams that are there, and hold nothing.
struct Files {
    input: std::io::Empty,
    output: std::io::Sink,
}

const NO_FILES: Files = Files { input: std::io::empty(), output: std::io::sink() };

impl Files {
    fn streams(&mut self) -> Streams<'_> {
        Streams { input: Some(&mut self.input), output: Some(&mut self.output) }
    }
}

#[test]
fn requests_have_the_wire_form_of_their_kinds() {
    let mut random = Random(1);
    for info in sendable() {
        for _ in 0..ROUNDS {
            let (values, body, optargs) = common::arguments(&mut random, info);

            let mut files = NO_FILES;
            let mut source =
                Arguments { required: &values.required, optional: &values.optional, streams: files.streams() };
            let encoded = request(info, &mut source).unwrap().encode_arguments().unwrap();
            assert_eq!((encoded.body, encoded.optargs), (body.clone(), optargs), "{}", info.name);

            let mut files = NO_FILES;
            let mut source = ArgumentDecoder::new(info, &body, optargs, files.streams()).unwrap();
            let decoded = request(info, &mut source).unwrap();
            source.finish().unwrap();
            assert_eq!(decoded.arguments(), values, "{}", info.name);
            assert_eq!(decoded.info().name, info.name);
        }
    }
}

#[test]
fn replies_have_the_wire_form_of_their_kinds() {
    let mut random = Random(2);
    for info in sendable() {
        let (values, ..) = common::arguments(&mut random, info);
        let mut files = NO_FILES;
        let mut source = Arguments { required: &values.required, optional: &values.optional, streams: files.streams() };
        let mut call = request(info, &mut source).unwrap();
        assert_eq!(call.encode_reply().unwrap_err().kind(), ErrorKind::Usage, "not answered yet");
        for _ in 0..ROUNDS {
            let (value, body) = common::reply(&mut random, info);
            call.decode_reply(&body).unwrap();
            assert_eq!(call.encode_reply().unwrap(), body, "{}", info.name);
            assert_eq!(call.reply_length(), body.len(), "{}", info.name);
            assert_eq!(call.take_value(), Some(value), "{}", info.name);
        }
    }
}

/// A daemon's end that decodes `body` as a request.
fn decode(info: &'static CallInfo, body: &[u8], optargs: u64) -> Result<Collected> {
    let mut files = NO_FILES;
    let mut source = ArgumentDecoder::new(info, body, optargs, files.streams())?;
    let arguments = request(info, &mut source)?.arguments();
    source.finish()?;
    Ok(arguments)
}

#[test]
fn what_contradicts_the_protocol_is_refused() {
    let mut random = Random(3);
    for info in sendable() {
        let (_, body, optargs) = common::arguments(&mut random, info);
        let whole = decode(info, &body, optargs).unwrap();
        for len in 0..body.len() {
            match decode(info, &body[..len], optargs) {
                Err(error) => assert_eq!(error.errno(), Errno::EPROTO, "{}", info.name),
                // Nothing is missing but optional arguments that weren't given, as from an older library.
                Ok(arguments) => assert_eq!(arguments, whole, "{}", info.name),
            }
        }
        let longer: Vec<u8> = body.iter().copied().chain([0; 4]).collect();
        assert_eq!(decode(info, &longer, optargs).unwrap_err().errno(), Errno::EPROTO, "{}", info.name);
        // The mask has 64 bits, and no call has that many optional arguments.
        for bit in info.optargs.len()..64 {
            let error = decode(info, &body, optargs | 1 << bit).unwrap_err();
            assert_eq!(error.errno(), Errno::EPROTO, "{} bit {bit}", info.name);
        }
    }
}

#[test]
fn mutated_messages_never_panic_and_mean_what_they_say() {
    let mut random = Random(4);
    for info in sendable() {
        let (values, body, optargs) = common::arguments(&mut random, info);
        let mut files = NO_FILES;
        let mut source = Arguments { required: &values.required, optional: &values.optional, streams: files.streams() };
        let mut call = request(info, &mut source).unwrap();
        let (_, reply) = common::reply(&mut random, info);
        for _ in 0..ROUNDS {
            let mutated = mutate(&mut random, &body);
            if let Ok(arguments) = decode(info, &mutated, optargs) {
                // Whatever was accepted has all its arguments.
                assert_eq!(arguments.required.len(), info.args.len());
                assert_eq!(arguments.optional.len(), info.optargs.len());
            }
            let mutated = mutate(&mut random, &reply);
            if call.decode_reply(&mutated).is_ok() && !has_unused_bits(info) {
                assert_eq!(call.encode_reply().unwrap(), mutated, "{}", info.name);
            }
        }
    }
}

/// Percentages and characters have several wire forms for one value.
fn has_unused_bits(info: &CallInfo) -> bool {
    match info.returns {
        Returns::Struct(_, info) | Returns::StructList(_, info) => {
            info.fields.iter().any(|field| matches!(field.kind, FieldKind::OptPercent | FieldKind::Char))
        }
        _ => false,
    }
}

fn mutate(random: &mut Random, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    for _ in 0..=random.below(3) {
        let place = random.below(body.len().max(1));
        let Some(byte) = body.get_mut(place) else { break };
        // Lengths and truth values are small numbers in a word: hit their edges as well as anything else.
        *byte = [0, 1, 4, 0x7F, 0x80, 0xFF, random.next() as u8][random.below(7)];
    }
    if random.below(4) == 0 {
        body.truncate(random.below(body.len() + 1));
    }
    body
}

#[test]
fn absurd_counts_claim_no_memory() {
    let info = table::find("lvm_set_filter").unwrap();
    let error = decode(info, &u32::MAX.to_be_bytes(), 0).unwrap_err();
    assert_eq!(error.to_string(), "4294967295 elements in a message with room for 0");
    let too_large = vec![0; protocol::MESSAGE_MAX + 4];
    assert_eq!(decode(info, &too_large, 0).unwrap_err().errno(), Errno::EPROTO);
    let huge = Value::Buffer(vec![0; protocol::MESSAGE_MAX]);
    let required = [Value::String("/x".into()), huge];
    let mut source = Arguments { required: &required, ..Default::default() };
    let call = request(table::find("internal_write").unwrap(), &mut source).unwrap();
    assert_eq!(call.encode_arguments().unwrap_err().errno(), Errno::EMSGSIZE);
}

/// Answers every call with the reply that was prepared, having seen the arguments that were expected.
struct Echo {
    expected: Collected,
    reply: Vec<u8>,
    calls: usize,
}

impl Echo {
    fn perform(&mut self, call: &mut dyn AnyCall) -> Result<()> {
        self.calls += 1;
        assert_eq!(call.arguments(), self.expected, "{}", call.info().name);
        let Streams { input, output } = call.streams();
        let mut content = b"nothing was read".to_vec();
        if let Some(input) = input {
            content.clear();
            input.read_to_end(&mut content)?;
            assert_eq!(content, b"content");
        }
        if let Some(output) = output {
            output.write_all(&content)?;
        }
        call.decode_reply(&self.reply)
    }
}

impl Door for Echo {
    fn call<C: Call>(&mut self, call: C) -> Result<C::Reply> {
        let mut pending = Pending::new(call);
        self.perform(&mut pending)?;
        pending.into_reply()
    }
}

/// From a name and values, through the trait's method and a door, back to a value: nothing is mixed up on the way.
#[test]
fn arguments_and_results_pass_through_traits_and_doors() {
    let mut random = Random(5);
    for info in CALLS.iter().copied() {
        let (values, body, optargs) = common::arguments(&mut random, info);
        let (value, reply) = common::reply(&mut random, info);
        let mut echo = Echo { expected: values.clone(), reply: reply.clone(), calls: 0 };
        let has = |kind| info.is_daemon() && info.args.iter().any(|arg| arg.kind == kind);

        let (mut input, mut output) = (&b"content"[..], Vec::new());
        let streams = Streams { input: Some(&mut input), output: Some(&mut output) };
        let arguments = Arguments { required: &values.required, optional: &values.optional, streams };
        assert_eq!(dispatch(info, &mut echo, arguments).unwrap(), value, "{}", info.name);
        assert_eq!(input.is_empty(), has(ArgKind::FileIn), "{}", info.name);
        assert_eq!(!output.is_empty(), has(ArgKind::FileOut), "{}", info.name);

        if let Some(proc_nr) = info.proc_nr {
            let (mut input, mut output) = (&b"content"[..], Vec::new());
            let streams = Streams { input: Some(&mut input), output: Some(&mut output) };
            assert_eq!(serve(proc_nr, &body, optargs, streams, &mut echo).unwrap(), reply, "{}", info.name);
        }
        assert_eq!(echo.calls, 1 + usize::from(info.is_daemon()));
    }
}

#[test]
fn arguments_of_another_kind_are_refused() {
    let mut random = Random(6);
    for info in CALLS.iter().copied() {
        let (values, ..) = common::arguments(&mut random, info);
        for place in 0..values.required.len() {
            if values.required[place] == Value::Stream {
                continue;
            }
            let mut wrong = values.required.clone();
            wrong[place] = Value::Unit;
            let mut source = Arguments { required: &wrong, optional: &values.optional, streams: Default::default() };
            assert_eq!(request(info, &mut source).err().unwrap().kind(), ErrorKind::Usage, "{}", info.name);
        }
        for place in 0..values.optional.len() {
            let mut wrong = values.optional.clone();
            wrong[place] = Some(Value::Unit);
            let mut files = NO_FILES;
            let mut source = Arguments { required: &values.required, optional: &wrong, streams: files.streams() };
            assert_eq!(request(info, &mut source).err().unwrap().kind(), ErrorKind::Usage, "{}", info.name);
        }
        let mut source = Arguments { required: &values.required, ..Default::default() };
        let streams_missing = values.required.contains(&Value::Stream);
        assert_eq!(request(info, &mut source).is_err(), streams_missing, "{}", info.name);
    }
}

#[test]
fn unknown_procedures_are_refused() {
    let mut nobody = Echo { expected: Collected::default(), reply: Vec::new(), calls: 0 };
    // 0 was never used, and no number follows the highest.
    for proc_nr in [0, table::MAX_PROC_NR + 1, u32::MAX] {
        let error = serve(proc_nr, &[], 0, Streams::default(), &mut nobody).unwrap_err();
        assert_eq!(error.errno(), Errno::EPROTO);
    }
    assert_eq!(nobody.calls, 0);
}

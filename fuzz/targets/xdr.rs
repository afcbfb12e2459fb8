//! Messages of the RPC protocol: the first bytes choose a procedure and its optional arguments, the rest is taken as its
//! request, and as its reply. What was decoded encodes again, to something that decodes.
#![no_main]

use glassbox_api::{AnyCall, Call, Door, Pending, Streams, serve};
use glassbox_io::Result;
use libfuzzer_sys::fuzz_target;

/// Answers every request with the same bytes.
struct Parrot<'a>(&'a [u8]);

impl Door for Parrot<'_> {
    fn call<C: Call>(&mut self, call: C) -> Result<C::Reply> {
        let mut pending = Pending::new(call);
        self.answer(&mut pending)?;
        pending.into_reply()
    }
}

impl Parrot<'_> {
    fn answer(&self, call: &mut dyn AnyCall) -> Result<()> {
        call.encode_arguments().expect("decoded arguments encode");
        call.decode_reply(self.0)?;
        let reply = call.encode_reply().expect("a decoded reply encodes");
        call.decode_reply(&reply)
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((head, rest)) = bytes.split_first_chunk::<11>() else { return };
    let procedure = u32::from(u16::from_le_bytes([head[0], head[1]]));
    let optargs = u64::from_le_bytes([head[2], head[3], head[4], head[5], head[6], head[7], head[8], head[9]]);
    let (request, reply) = rest.split_at(rest.len().min(usize::from(head[10]) * 4));
    let _ = serve(procedure, request, optargs, Streams::default(), &mut Parrot(reply));
});

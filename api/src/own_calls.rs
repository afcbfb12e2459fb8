//! What our library asks of our daemon, and of no other: calls of the [protocol](crate::protocol) that aren't libguestfs's.

use bstr::BString;
use glassbox_io::Result;

use crate::xdr::{Decoder, Encoder};

/// The first call: an appliance that was saved and restored
/// has an old clock, and random numbers that another one restored from the same file has as well. The reply is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The host's clock: seconds since 1970.
    pub seconds: i64,
    /// Nanoseconds after that second.
    pub nanoseconds: u32,
    /// For the kernel's pool of entropy.
    pub entropy: Vec<u8>,
}

impl Resume {
    /// The number of its procedure, far from those of libguestfs: "GBR" and 1.
    pub const PROCEDURE: u32 = 0x4742_5201;

    /// Appends the wire form.
    pub fn encode(&self, to: &mut Encoder) {
        to.i64(self.seconds);
        to.u32(self.nanoseconds);
        to.opaque(&self.entropy);
    }

    /// Reads the wire form.
    pub fn decode(from: &mut Decoder<'_>) -> Result<Resume> {
        Ok(Resume { seconds: from.i64()?, nanoseconds: from.u32()?, entropy: from.opaque()?.to_vec() })
    }
}

/// When a disk was attached to the running appliance: waits until the kernel has found it. The reply is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AwaitDisks {
    /// How many disks were attached until now.
    pub count: u32,
}

impl AwaitDisks {
    /// The number of its procedure, next to that of [`Resume`].
    pub const PROCEDURE: u32 = 0x4742_5202;

    /// Appends the wire form.
    pub fn encode(&self, to: &mut Encoder) {
        to.u32(self.count);
    }

    /// Reads the wire form.
    pub fn decode(from: &mut Decoder<'_>) -> Result<AwaitDisks> {
        Ok(AwaitDisks { count: from.u32()? })
    }
}

/// After a call that warns: what was warned of since the last time. The request has no arguments, this is the reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    /// One warning each, the first one first.
    pub texts: Vec<BString>,
}

impl Warnings {
    /// The number of its procedure.
    pub const PROCEDURE: u32 = 0x4742_5203;

    /// Appends the wire form.
    pub fn encode(&self, to: &mut Encoder) {
        to.count(self.texts.len());
        self.texts.iter().for_each(|text| to.opaque(text));
    }

    /// Reads the wire form.
    pub fn decode(from: &mut Decoder<'_>) -> Result<Warnings> {
        Ok(Warnings { texts: from.string_list()?.into_iter().map(BString::from).collect() })
    }
}

/// Runs a shell at a terminal, whose other end is a second port of the appliance, until the shell ends. The reply is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Lines that it shows.
    pub rows: u32,
    /// Characters in a line.
    pub columns: u32,
    /// Its kind, as the variable `TERM` has it.
    pub kind: BString,
}

impl Terminal {
    /// The number of its procedure.
    pub const PROCEDURE: u32 = 0x4742_5204;
    /// The name of the port, which is plugged before the call.
    pub const PORT: &str = "org.glassbox.terminal";

    /// Appends the wire form.
    pub fn encode(&self, to: &mut Encoder) {
        to.u32(self.rows);
        to.u32(self.columns);
        to.opaque(&self.kind);
    }

    /// Reads the wire form.
    pub fn decode(from: &mut Decoder<'_>) -> Result<Terminal> {
        Ok(Terminal { rows: from.u32()?, columns: from.u32()?, kind: from.opaque()?.into() })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    fn round_trip<T: Debug + PartialEq>(
        value: &T,
        encode: impl Fn(&T, &mut Encoder),
        decode: impl Fn(&mut Decoder<'_>) -> Result<T>,
    ) {
        let mut encoder = Encoder::default();
        encode(value, &mut encoder);
        let bytes = encoder.finish().unwrap();
        let mut decoder = Decoder::new(&bytes).unwrap();
        assert_eq!(decode(&mut decoder).unwrap(), *value);
        decoder.finish().unwrap();
    }

    #[test]
    fn what_is_sent_arrives() {
        let resume = Resume { seconds: 1 << 40, nanoseconds: 999_999_999, entropy: vec![0xFF, 0, 1] };
        round_trip(&resume, Resume::encode, Resume::decode);
        round_trip(&AwaitDisks { count: 300 }, AwaitDisks::encode, AwaitDisks::decode);
        let warnings = Warnings { texts: vec!["one".into(), "\u{ff}two\n".into(), "".into()] };
        round_trip(&warnings, Warnings::encode, Warnings::decode);
        round_trip(&Warnings::default(), Warnings::encode, Warnings::decode);
        let terminal = Terminal { rows: 24, columns: 80, kind: "xterm".into() };
        round_trip(&terminal, Terminal::encode, Terminal::decode);
    }
}

//! What is inside of compressed data, as far as file(1) tells it (`file -z`).
//!
//! libmagic decompresses some formats itself, and has programs do it for the others. Here everything happens in this process, and what
//! libguestfs's appliance would print is told: its programs' messages, and that it has no `lz4`, `lzip` and `lrzip`. Only `gzip`'s
//! formats of the past (pack, SCO's LZH, gzip before 1.0) are *unsupported*.

mod builtin;
mod bzcat;
mod gzip;
mod lzw;
mod program;
mod stream;
mod zip_entry;
mod zstd;

use bstr::BString;
use glassbox_io::{ReadAt, Result};

pub use bzcat::bzcat;
pub use gzip::zcat;

/// A file that may be compressed.
pub(crate) struct Compressed<'a> {
    /// The bytes that libmagic reads of it: 7 MiB, or all.
    pub beginning: &'a [u8],
    /// All of it.
    pub file: &'a dyn ReadAt,
}

/// What came of trying one method.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// So many bytes were inside.
    Contents(usize),
    /// It can't be decompressed; after the program's name, why.
    Message(BString),
    /// It is compressed in another way, or not at all.
    Other,
    /// That was the last method.
    NoMoreMethods,
}

impl Outcome {
    fn message(program: &str, why: impl std::fmt::Display) -> Self {
        Outcome::Message(format!("{program}: {why}").into())
    }
}

/// A method of compression: how it is recognised, and how undone.
struct Method {
    recognise: fn(&[u8]) -> bool,
    unpack: fn(&Compressed, &mut [u8]) -> Result<Outcome>,
}

/// Those of libmagic's compress.c, in its order.
const METHODS: [Method; 15] = [
    Method { recognise: |data| data.starts_with(lzw::MAGIC), unpack: |data, out| program::gzip("gzip", data, out) },
    // The same once more, for where there is no gzip.
    Method {
        recognise: |data| data.starts_with(lzw::MAGIC),
        unpack: |data, out| program::gzip("uncompress", data, out),
    },
    Method {
        recognise: |data| data.starts_with(gzip::MAGIC),
        unpack: |data, out| Ok(builtin::gzip(data.beginning, out)),
    },
    Method {
        recognise: |data| data.starts_with(gzip::OLD_MAGIC),
        unpack: |data, out| program::gzip("gzip", data, out),
    },
    Method {
        recognise: |data| data.starts_with(gzip::LZH_MAGIC),
        unpack: |data, out| program::gzip("gzip", data, out),
    },
    Method {
        recognise: |data| data.starts_with(gzip::PACK_MAGIC),
        unpack: |data, out| program::gzip("gzip", data, out),
    },
    Method {
        recognise: |data| data.starts_with(zip_entry::MAGIC),
        unpack: |data, out| program::gzip("gzip", data, out),
    },
    Method {
        recognise: |data| data.starts_with(bzcat::MAGIC),
        unpack: |data, out| Ok(builtin::bzip2(data.beginning, out)),
    },
    Method { recognise: |data| data.starts_with(b"LZIP"), unpack: |_, _| Ok(program::missing("lzip")) },
    Method { recognise: |data| data.starts_with(b"\xfd7zXZ\0"), unpack: |data, out| builtin::xz(data.beginning, out) },
    Method { recognise: |data| data.starts_with(b"LRZI"), unpack: |_, _| Ok(program::missing("lrzip")) },
    Method { recognise: |data| data.starts_with(b"\x04\"M\x18"), unpack: |_, _| Ok(program::missing("lz4")) },
    Method { recognise: |data| data.starts_with(zstd::MAGIC), unpack: program::zstd },
    Method { recognise: builtin::is_lzma, unpack: |data, out| builtin::xz(data.beginning, out) },
    Method { recognise: builtin::is_zlib, unpack: |data, out| Ok(builtin::zlib(data.beginning, out)) },
];

/// Tries a method, by its number in libmagic's order.
pub(crate) fn unpack(method: usize, compressed: &Compressed, out: &mut [u8]) -> Result<Outcome> {
    match METHODS.get(method) {
        None => Ok(Outcome::NoMoreMethods),
        Some(method) if !(method.recognise)(compressed.beginning) => Ok(Outcome::Other),
        Some(method) => (method.unpack)(compressed, out),
    }
}

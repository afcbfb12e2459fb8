//! Compression of what is written, by the names that libguestfs knows.

use std::io::Write;

use bstr::{BStr, ByteSlice};
use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use glassbox_io::{Error, Result};
use liblzma::stream::{LzmaOptions, Stream};
use liblzma::write::XzEncoder;

use crate::in_process::lzop;

/// A kind of compression, by the program that undoes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz, with CRC-64.
    Xz,
    /// The older format of LZMA, without checksums.
    Lzma,
    /// RFC 8878.
    Zstd,
    /// lzop, with Adler-32.
    Lzop,
}

/// The level that the program uses of itself.
const GZIP_LEVEL: u32 = 6;
const BZIP2_LEVEL: u32 = 9;
const XZ_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 3;

impl Compression {
    /// What an archive may be compressed with.
    pub fn of_archive(name: &BStr) -> Result<Self> {
        Ok(match name.as_bytes() {
            b"gzip" => Compression::Gzip,
            b"bzip2" => Compression::Bzip2,
            b"xz" => Compression::Xz,
            b"lzma" => Compression::Lzma,
            b"zstd" => Compression::Zstd,
            b"lzop" => Compression::Lzop,
            b"compress" => return Err(Error::unsupported(format!("compression: {name}"))),
            _ => return Err(Error::usage(format!("unknown compression type: {name}"))),
        })
    }

    /// What a single file or device may be compressed with, and at which level.
    pub fn of_file(name: &BStr, level: Option<i32>) -> Result<(Self, Option<u32>)> {
        let (compression, levels) = match name.as_bytes() {
            b"gzip" => (Compression::Gzip, 1..=9),
            b"bzip2" => (Compression::Bzip2, 1..=9),
            b"xz" => (Compression::Xz, 0..=9),
            // There is one way of compressing, whatever the level.
            b"lzop" => (Compression::Lzop, 1..=9),
            b"compress" => return Err(Error::unsupported(format!("compression: {name}"))),
            _ => return Err(Error::usage("unknown compression type")),
        };
        match level {
            None | Some(-1) => Ok((compression, None)),
            Some(level) => match u32::try_from(level).ok().filter(|level| levels.contains(level)) {
                Some(level) => Ok((compression, Some(level))),
                None => Err(Error::usage(format!("{name}: incorrect value for level parameter"))),
            },
        }
    }

    /// Writes to `out` what `produce` writes, compressed.
    pub fn compress(
        self,
        level: Option<u32>,
        out: &mut dyn Write,
        produce: impl FnOnce(&mut dyn Write) -> Result<()>,
    ) -> Result<()> {
        match self {
            Compression::Gzip => {
                let mut encoder = GzEncoder::new(out, flate2::Compression::new(level.unwrap_or(GZIP_LEVEL)));
                produce(&mut encoder)?;
                encoder.finish()?;
            }
            Compression::Bzip2 => {
                let mut encoder = BzEncoder::new(out, bzip2::Compression::new(level.unwrap_or(BZIP2_LEVEL)));
                produce(&mut encoder)?;
                encoder.finish()?;
            }
            Compression::Xz => {
                let mut encoder = XzEncoder::new(out, level.unwrap_or(XZ_LEVEL));
                produce(&mut encoder)?;
                encoder.finish()?;
            }
            Compression::Lzma => {
                let options = LzmaOptions::new_preset(level.unwrap_or(XZ_LEVEL)).map_err(std::io::Error::from)?;
                let stream = Stream::new_lzma_encoder(&options).map_err(std::io::Error::from)?;
                let mut encoder = XzEncoder::new_stream(out, stream);
                produce(&mut encoder)?;
                encoder.finish()?;
            }
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(out, ZSTD_LEVEL)?;
                produce(&mut encoder)?;
                encoder.finish()?;
            }
            Compression::Lzop => {
                let mut encoder = lzop::Encoder::new(out)?;
                produce(&mut encoder)?;
                encoder.finish()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_levels_are_checked() {
        let of_file = |name: &str, level| Compression::of_file(name.into(), level);
        assert_eq!(of_file("gzip", Some(9)).unwrap(), (Compression::Gzip, Some(9)));
        assert_eq!(of_file("xz", Some(0)).unwrap(), (Compression::Xz, Some(0)));
        assert!(of_file("bzip2", Some(0)).unwrap_err().to_string().contains("level"));
        assert_eq!(of_file("zstd", None).unwrap_err().to_string(), "unknown compression type");
        assert!(of_file("compress", None).unwrap_err().is_unsupported());
        let error = Compression::of_archive("nonsense".into()).unwrap_err();
        assert_eq!(error.to_string(), "unknown compression type: nonsense");
    }

    #[test]
    fn every_kind_begins_with_its_magic() {
        let magic = |compression: Compression| {
            let mut out = Vec::new();
            compression.compress(None, &mut out, |out| Ok(out.write_all(b"text")?)).unwrap();
            out
        };
        assert!(magic(Compression::Gzip).starts_with(&[0x1f, 0x8b]));
        assert!(magic(Compression::Bzip2).starts_with(b"BZh9"));
        assert!(magic(Compression::Xz).starts_with(b"\xfd7zXZ\0"));
        assert!(magic(Compression::Lzma).starts_with(&[0x5d, 0, 0]));
        assert!(magic(Compression::Zstd).starts_with(&[0x28, 0xb5, 0x2f, 0xfd]));
    }
}

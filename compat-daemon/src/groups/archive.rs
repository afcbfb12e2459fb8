//! The group `archive`: archives unpacked, and encoded files decoded. The engine packs and encodes.

use std::fs::File;
use std::io::{self, Read};

use base64::engine::general_purpose::STANDARD;
use base64::read::DecoderReader;
use bstr::{BStr, ByteSlice};
use glassbox_api::Archive;
use glassbox_api::options::TarInOpts;
use glassbox_io::{Errno, Error, Result, ResultExt};
use rustix::fs::OFlags;

use super::files_write::{NEW_FILE, WRITE, receive};
use crate::tool::Tool;
use crate::{Daemon, sysroot};

/// tar(1)'s option for a kind of compression.
fn decompression(name: &BStr) -> Result<&'static str> {
    Ok(match name.as_bytes() {
        b"compress" => "--compress",
        b"gzip" => "--gzip",
        b"bzip2" => "--bzip2",
        b"xz" => "--xz",
        b"lzma" => "--lzma",
        b"lzop" => "--lzop",
        b"zstd" => "--zstd",
        _ => return Err(Error::usage(format!("unknown compression type: {name}"))),
    })
}

impl Archive for Daemon {
    fn tar_in(&mut self, tarfile: &mut dyn Read, directory: &BStr, opts: TarInOpts<'_>) -> Result<()> {
        // Owners are numbers: the appliance doesn't know the guest's names.
        let tar = Tool::new("tar")
            .args(["-x", "-f", "-", "--numeric-owner"])
            .args(opts.compress.map(decompression).transpose()?)
            .flag(opts.xattrs, "--xattrs")
            // Without a pattern, tar leaves out all that isn't the user's.
            .flag(opts.xattrs, "--xattrs-include=*")
            .flag(opts.selinux, "--selinux")
            .flag(opts.acls, "--acls")
            .flag(opts.keepdirlink, "--keep-directory-symlink");
        let place = sysroot::appliance_directory(directory)?;
        tar.arg("-C").arg(place).read_from(tarfile, &mut self.job()).at_path(directory)
    }

    fn tgz_in(&mut self, tarball: &mut dyn Read, directory: &BStr) -> Result<()> {
        self.tar_in(tarball, directory, TarInOpts { compress: Some("gzip".into()), ..TarInOpts::default() })
    }

    fn txz_in(&mut self, tarball: &mut dyn Read, directory: &BStr) -> Result<()> {
        self.tar_in(tarball, directory, TarInOpts { compress: Some("xz".into()), ..TarInOpts::default() })
    }

    fn base64_in(&mut self, base64file: &mut dyn Read, filename: &BStr) -> Result<()> {
        let file: File = sysroot::open(filename, WRITE | OFlags::CREATE | OFlags::TRUNC, NEW_FILE)?.into();
        let mut decoded = DecoderReader::new(Alphabet(base64file), &STANDARD);
        receive(&mut self.job(), &mut decoded, 0, &file, 0).at_path(filename).map_err(|error| match error.errno() {
            // Not a number of the kernel's: what comes isn't base64.
            Errno::EIO => Error::os_with(Errno(0), format!("base64: {}", error.message())).at_path(filename),
            _ => error,
        })
    }
}

/// The letters of base64 (RFC 4648, section 4); the others, such as ends of lines, are passed over.
struct Alphabet<'a>(&'a mut dyn Read);

impl Read for Alphabet<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.0.read(buf)?;
            let mut kept = 0;
            for place in 0..count {
                let letter = buf[place];
                if letter.is_ascii_alphanumeric() || b"+/=".contains(&letter) {
                    buf[kept] = letter;
                    kept += 1;
                }
            }
            if kept > 0 || count == 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_decoded_wherever_they_end() {
        let decode = |text: &str| {
            let mut bytes = Vec::new();
            let mut input = text.as_bytes();
            DecoderReader::new(Alphabet(&mut input), &STANDARD).read_to_end(&mut bytes).map(|_| bytes)
        };
        assert_eq!(decode("aGVs\nbG8K\n").unwrap(), b"hello\n");
        assert_eq!(decode(&format!("{}aGVsbG8=\n", "\n".repeat(5000))).unwrap(), b"hello");
        assert_eq!(decode("").unwrap(), b"");
        assert!(decode("aGVsb").is_err());
    }

    #[test]
    fn compressions_are_those_of_tar() {
        assert_eq!(decompression("lzop".into()).unwrap(), "--lzop");
        assert!(decompression("rar".into()).is_err());
    }
}

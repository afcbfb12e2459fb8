//! The group `archive`: whole trees as archives, files and devices compressed or encoded.

mod ahead;
mod base64_lines;
mod compress;
mod cpio;
mod exclude;
mod pax_record;
mod tar;
mod tar_header;

use std::io::Write;
use std::sync::Arc;

use bstr::{BStr, ByteSlice};
use glassbox_api::Archive;
use glassbox_api::options::{CompressDeviceOutOpts, CompressOutOpts, CpioOutOpts, TarOutOpts};
use glassbox_filesystems::{FileType, Filesystem, NodeId};
use glassbox_io::{Errno, Error, Result, ResultExt};

use super::InProcess;
use crate::vfs::{Follow, Located};

use ahead::write_ahead;
use base64_lines::Base64Lines;
use compress::Compression;
use exclude::Exclude;
use pax_record::Extras;

/// A file on its way into an archive.
struct Member<'a> {
    filesystem: &'a Arc<dyn Filesystem>,
    /// `st_dev`.
    device: u64,
    node: NodeId,
}

/// The same, kept for later.
struct OwnedMember {
    filesystem: Arc<dyn Filesystem>,
    device: u64,
    node: NodeId,
}

impl Member<'_> {
    fn to_owned(&self) -> OwnedMember {
        OwnedMember { filesystem: self.filesystem.clone(), device: self.device, node: self.node }
    }
}

impl OwnedMember {
    fn borrow(&self) -> Member<'_> {
        Member { filesystem: &self.filesystem, device: self.device, node: self.node }
    }
}

/// Major and minor number of Linux's 64-bit device number: the inverse of [`crate::makedev`].
fn split_device(device: u64) -> (u32, u32) {
    let major = (device >> 8 & 0xfff) | (device >> 32 & !0xfff);
    let minor = (device & 0xff) | (device >> 12 & !0xff);
    (major as u32, minor as u32)
}

impl InProcess {
    /// The directory to archive.
    fn archived_directory(&self, path: &BStr) -> Result<Located> {
        let found = self.locate(path, Follow::Always).during("stat")?;
        match found.file_type()? {
            FileType::Directory => Ok(found),
            _ => Err(Error::os_with(Errno::ENOTDIR, "not a directory").at_path(path)),
        }
    }

    fn tar(
        &self,
        directory: &BStr,
        out: &mut dyn Write,
        compression: Option<Compression>,
        options: &tar::Options,
    ) -> Result<()> {
        let start = self.archived_directory(directory)?;
        let (vfs, mut job) = (&self.vfs, self.job());
        let write = |out: &mut dyn Write| write_ahead(out, &mut job, |sink| tar::write(vfs, &start, options, sink));
        match compression {
            None => write_whole(out, write),
            Some(compression) => compression.compress(None, out, write),
        }
    }
}

fn write_whole(out: &mut dyn Write, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    write(out)?;
    Ok(out.flush()?)
}

impl Archive for InProcess {
    fn tar_out(&mut self, directory: &BStr, tarfile: &mut dyn Write, opts: TarOutOpts<'_>) -> Result<()> {
        let compression = opts.compress.map(Compression::of_archive).transpose()?;
        let options = tar::Options {
            exclude: Exclude::new(opts.excludes.as_deref().unwrap_or_default()),
            extras: Extras {
                xattrs: opts.xattrs.unwrap_or(false),
                selinux: opts.selinux.unwrap_or(false),
                acls: opts.acls.unwrap_or(false),
            },
        };
        // Owners are numbers anyway: the appliance that libguestfs runs tar in doesn't know the guest's names either.
        self.tar(directory, tarfile, compression, &options)
    }

    fn tgz_out(&mut self, directory: &BStr, tarball: &mut dyn Write) -> Result<()> {
        self.tar(directory, tarball, Some(Compression::Gzip), &tar::Options::default())
    }

    fn txz_out(&mut self, directory: &BStr, tarball: &mut dyn Write) -> Result<()> {
        self.tar(directory, tarball, Some(Compression::Xz), &tar::Options::default())
    }

    fn cpio_out(&mut self, directory: &BStr, cpiofile: &mut dyn Write, opts: CpioOutOpts<'_>) -> Result<()> {
        let start = self.archived_directory(directory)?;
        let format = match opts.format.map(|format| format.as_bytes()) {
            None | Some(b"newc") => cpio::Format::NewAscii,
            Some(b"crc") => cpio::Format::Checksums,
            Some(other) => {
                return Err(Error::usage(format!("{}: format must be 'newc' or 'crc'", other.as_bstr())));
            }
        };
        let (vfs, mut job) = (&self.vfs, self.job());
        write_whole(cpiofile, |out| write_ahead(out, &mut job, |sink| cpio::write(vfs, &start, format, sink)))
    }

    fn compress_out(&mut self, ctype: &BStr, file: &BStr, zfile: &mut dyn Write, opts: CompressOutOpts) -> Result<()> {
        let (compression, level) = Compression::of_file(ctype, opts.level)?;
        let mut job = self.job();
        self.with_file(file, |source| {
            compression.compress(level, zfile, |out| job.copy(source, 0..u64::MAX, out).map(drop))
        })
    }

    fn compress_device_out(
        &mut self,
        ctype: &BStr,
        device: &BStr,
        zdevice: &mut dyn Write,
        opts: CompressDeviceOutOpts,
    ) -> Result<()> {
        let (compression, level) = Compression::of_file(ctype, opts.level)?;
        let mut job = self.job();
        let source = self.device_source(device)?;
        let done = compression.compress(level, zdevice, |out| job.copy(&source, 0..u64::MAX, out).map(drop));
        done.at_path(device)
    }

    fn base64_out(&mut self, filename: &BStr, base64file: &mut dyn Write) -> Result<()> {
        let mut job = self.job();
        self.with_file(filename, |source| {
            let mut lines = Base64Lines::new(base64file);
            job.copy(source, 0..u64::MAX, &mut lines)?;
            Ok(lines.finish()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_numbers_are_split_as_they_are_made() {
        for (major, minor) in [(5, 1), (259, 70_000), (0, 0), (0xfff_ffff, 0xf_ffff)] {
            assert_eq!(split_device(crate::makedev(major, minor)), (major as u32, minor as u32));
        }
    }
}

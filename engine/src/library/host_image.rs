//! The group `host-image`: image files of the host.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::process::Command;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::HostImage;
use glassbox_api::options::DiskCreateOpts;
use glassbox_io::{Errno, Error, Result, ResultExt};

use super::Library;

/// Written at a time when a raw image is allocated in full.
const PIECE: usize = 1 << 20;

impl Library<'_> {
    fn create_raw(&self, filename: &BStr, size: i64, opts: &DiskCreateOpts<'_>) -> Result<()> {
        if opts.backingfile.is_some() || opts.compat.is_some() || opts.clustersize.is_some() {
            return Err(Error::usage("backing files, compat levels and cluster sizes are not for raw images"));
        }
        let size = u64::try_from(size).map_err(|_| Error::usage(format!("invalid size: {size}")))?;
        let path = filename.to_path_lossy();
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path).at_path(filename)?;
        file.set_len(size).at_path(filename)?;
        match opts.preallocation.map(|how| how.as_bytes()) {
            None | Some(b"off" | b"sparse") => Ok(()),
            Some(b"full") => fill(&file, size).at_path(filename),
            Some(other) => {
                Err(Error::usage(format!("invalid value for preallocation parameter '{}'", other.as_bstr())))
            }
        }
    }

    /// Other formats are written by the tool that everybody's images come from.
    fn create_with_qemu(&self, filename: &BStr, format: &BStr, size: i64, opts: &DiskCreateOpts<'_>) -> Result<()> {
        let mut command = Command::new("qemu-img");
        command.args(["create", "-q", "-f"]).arg(format.to_os_str_lossy());
        let mut settings = Vec::new();
        match opts.preallocation.map(|how| how.as_bytes()) {
            None => {}
            Some(b"sparse") => settings.push("preallocation=off".to_owned()),
            Some(how @ (b"off" | b"metadata" | b"full")) => settings.push(format!("preallocation={}", how.as_bstr())),
            Some(other) => {
                return Err(Error::usage(format!("invalid value for preallocation parameter '{}'", other.as_bstr())));
            }
        }
        if let Some(compat) = opts.compat {
            settings.push(format!("compat={compat}"));
        }
        if let Some(size) = opts.clustersize {
            settings.push(format!("cluster_size={size}"));
        }
        if !settings.is_empty() {
            command.arg("-o").arg(settings.join(","));
        }
        if let Some(backing) = opts.backingfile {
            command.arg("-b").arg(backing.to_os_str_lossy());
            if let Some(format) = opts.backingformat {
                command.arg("-F").arg(format.to_os_str_lossy());
            }
        }
        // A name that begins with a dash or holds a colon must still be a file's name.
        command.arg(format!("file:{}", filename.to_str_lossy()));
        if size >= 0 {
            command.arg(size.to_string());
        } else if opts.backingfile.is_none() {
            return Err(Error::usage(format!("invalid size: {size}")));
        }
        let output = command.output().map_err(|error| Error::from(error).during("qemu-img").at_path(filename))?;
        match output.status.success() {
            true => Ok(()),
            false => {
                Err(Error::os_with(Errno::EIO, output.stderr.trim().to_str_lossy().into_owned()).during("qemu-img"))
            }
        }
    }
}

fn fill(mut file: &File, size: u64) -> Result<()> {
    let zeros = vec![0; PIECE];
    let mut left = size;
    while left > 0 {
        let piece = zeros.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        file.write_all(&zeros[..piece])?;
        left -= piece as u64;
    }
    Ok(())
}

impl HostImage for Library<'_> {
    fn disk_format(&mut self, filename: &BStr) -> Result<BString> {
        let format = glassbox_formats::disk_format(filename.to_path_lossy()).at_path(filename)?;
        Ok(format.name().into())
    }

    fn disk_virtual_size(&mut self, filename: &BStr) -> Result<i64> {
        Ok(glassbox_formats::disk_virtual_size(filename.to_path_lossy()).at_path(filename)? as i64)
    }

    fn disk_has_backing_file(&mut self, filename: &BStr) -> Result<bool> {
        glassbox_formats::disk_has_backing_file(filename.to_path_lossy()).at_path(filename)
    }

    fn disk_create(&mut self, filename: &BStr, format: &BStr, size: i64, opts: DiskCreateOpts<'_>) -> Result<()> {
        match format.as_bytes() {
            b"raw" => self.create_raw(filename, size, &opts),
            b"qcow2" => self.create_with_qemu(filename, format, size, &opts),
            _ => Err(Error::usage(format!("unsupported format '{format}'"))),
        }
    }
}

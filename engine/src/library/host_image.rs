//! The group `host-image`: image files of the host.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::HostImage;
use glassbox_api::options::DiskCreateOpts;
use glassbox_formats::Format;
use glassbox_formats::qcow2::{self, BackingFile};
use glassbox_io::{Errno, Error, ReadAt, Result, ResultExt};

use super::Library;

/// Written at a time when a raw image is allocated in full.
const PIECE: usize = 1 << 20;
/// Bytes of a qcow2 cluster, unless said otherwise: what qemu-img takes.
const CLUSTER_SIZE: u64 = 64 << 10;

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

    fn create_qcow2(&self, filename: &BStr, size: i64, opts: &DiskCreateOpts<'_>) -> Result<()> {
        match opts.preallocation.map(|how| how.as_bytes()) {
            None | Some(b"off" | b"sparse") => {}
            Some(b"metadata" | b"full") => return self.preallocate(filename, size, opts),
            Some(other) => {
                return Err(Error::usage(format!("invalid value for preallocation parameter '{}'", other.as_bstr())));
            }
        }
        let backing = opts
            .backingfile
            .map(|name| BackingFile { name: name.to_owned(), format: opts.backingformat.map(BString::from) });
        let virtual_size = match (u64::try_from(size), &backing) {
            (Ok(size), None) => size,
            (Err(_), None) => return Err(Error::usage(format!("invalid size: {size}"))),
            (size, Some(backing)) => {
                let found = backing_size(filename, backing);
                // What isn't read here may still be a backing file, if its size isn't wanted.
                match (found, size) {
                    (Err(error), Ok(size)) if error.is_unsupported() => size,
                    (found, size) => size.unwrap_or(found?),
                }
            }
        };
        let plan = qcow2::Plan {
            virtual_size,
            is_old: match opts.compat.map(|compat| compat.as_bytes()) {
                None | Some(b"1.1" | b"v3") => false,
                Some(b"0.10" | b"v2") => true,
                Some(other) => return Err(Error::usage(format!("unsupported compat level '{}'", other.as_bstr()))),
            },
            cluster_size: match opts.clustersize {
                None => CLUSTER_SIZE,
                Some(size) => u64::try_from(size).map_err(|_| Error::usage(format!("cluster size {size}")))?,
            },
            backing,
        };
        let empty = qcow2::create(&plan)?;
        let path = filename.to_path_lossy();
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&path).at_path(filename)?;
        file.write_all(&empty.head).at_path(filename)?;
        file.set_len(empty.length).at_path(filename)
    }

    /// What is laid out in full is written by the tool that everybody's images come from.
    fn preallocate(&self, filename: &BStr, size: i64, opts: &DiskCreateOpts<'_>) -> Result<()> {
        let mut command = Command::new("qemu-img");
        command.args(["create", "-q", "-f", "qcow2"]);
        let mut settings = Vec::new();
        if let Some(how) = opts.preallocation {
            settings.push(format!("preallocation={how}"));
        }
        if let Some(compat) = opts.compat {
            settings.push(format!("compat={compat}"));
        }
        if let Some(size) = opts.clustersize {
            settings.push(format!("cluster_size={size}"));
        }
        command.arg("-o").arg(settings.join(","));
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

/// The size of the disk in a backing file that an image called `filename` names.
fn backing_size(filename: &BStr, backing: &BackingFile) -> Result<u64> {
    let Some(format) = &backing.format else {
        return Err(Error::usage("backing file specified without backing format"));
    };
    let unknown = |_| Error::usage(format!("unknown format '{format}' of the backing file"));
    let format = Format::from_name(format).map_err(unknown)?;
    let name = backing.name.strip_prefix(b"file:").unwrap_or(&backing.name);
    let folder = filename.to_path_lossy().parent().map(Path::to_owned).unwrap_or_default();
    let path = folder.join(name.to_path_lossy());
    let options = glassbox_formats::OpenOptions::new().format(format);
    Ok(glassbox_formats::open(path, &options).at_path(&backing.name)?.len())
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
            b"qcow2" => self.create_qcow2(filename, size, &opts),
            _ => Err(Error::usage(format!("unsupported format '{format}'"))),
        }
    }
}

//! The group `host-image`: image files of the host.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
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
        let backing = backing(filename, opts)?;
        let virtual_size = match (u64::try_from(size), &backing) {
            (Ok(size), None) => size,
            (Err(_), None) => return Err(Error::usage(format!("invalid size: {size}"))),
            (size, Some((name, format))) => {
                let found = backing_size(filename, name.as_ref(), format.as_ref());
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
            backing: backing.map(|(name, format)| BackingFile { name, format: Some(format) }),
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
        if let Some((name, format)) = backing(filename, opts)? {
            command.arg("-b").arg(name.to_os_str_lossy()).arg("-F").arg(format.to_os_str_lossy());
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

/// The backing file of an image that will be called `filename`, and its format: probed if the caller doesn't say it, and recorded
/// in either case, so that nobody who opens the image later has to guess it from what a guest may have written since.
fn backing(filename: &BStr, opts: &DiskCreateOpts<'_>) -> Result<Option<(BString, BString)>> {
    let Some(name) = opts.backingfile else { return Ok(None) };
    let format = match opts.backingformat {
        Some(format) => format.to_owned(),
        None => glassbox_formats::disk_format(backing_path(filename, name)).at_path(name)?.name().into(),
    };
    Ok(Some((name.to_owned(), format)))
}

/// Where a backing file is: its name is relative to the image that names it.
fn backing_path(filename: &BStr, name: &BStr) -> PathBuf {
    let name = name.strip_prefix(b"file:").unwrap_or(name);
    let folder = filename.to_path_lossy().parent().map(Path::to_owned).unwrap_or_default();
    folder.join(name.to_path_lossy())
}

/// The size of the disk in a backing file that an image called `filename` names.
fn backing_size(filename: &BStr, name: &BStr, format: &BStr) -> Result<u64> {
    let unknown = |_| Error::usage(format!("unknown format '{format}' of the backing file"));
    let options = glassbox_formats::OpenOptions::new().format(Format::from_name(format).map_err(unknown)?);
    Ok(glassbox_formats::open(backing_path(filename, name), &options).at_path(name)?.len())
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

#[cfg(test)]
mod tests {
    use glassbox_api::HostImage;

    use super::*;
    use crate::Handle;

    #[test]
    fn a_backing_files_format_is_probed_and_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| BString::from(folder.path().join(name).as_os_str().as_encoded_bytes());
        let mut g = Handle::new().unwrap();
        g.disk_create(path("base").as_ref(), "qcow2".into(), 3 << 20, DiskCreateOpts::default()).unwrap();
        for backing in ["base".into(), path("base")] {
            let opts = DiskCreateOpts { backingfile: Some(backing.as_ref()), ..DiskCreateOpts::default() };
            g.disk_create(path("over").as_ref(), "qcow2".into(), -1, opts).unwrap();
            assert_eq!(g.disk_virtual_size(path("over").as_ref()).unwrap(), 3 << 20);
            // The header extension of this type holds the format's name (docs/interop/qcow2.txt).
            let extension = b"\xe2\x79\x2a\xca\0\0\0\x05qcow2";
            assert!(std::fs::read(folder.path().join("over")).unwrap().contains_str(extension));
        }
        let opts = DiskCreateOpts { backingfile: Some("absent".into()), ..DiskCreateOpts::default() };
        let error = g.disk_create(path("none").as_ref(), "qcow2".into(), -1, opts).unwrap_err();
        assert_eq!(error.errno(), Errno::ENOENT);
        assert!(!folder.path().join("none").exists());
    }
}

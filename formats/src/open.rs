//! Opening a disk: its format, and the files that its image names.

use std::path::Path;
use std::sync::Arc;

use glassbox_io::{Error, Extent, ReadAt, Result, ResultExt, Source, Window};

use crate::gate::{Gate, Reference, Role};
use crate::host_file::{FileId, HostFile};
use crate::named_file::{self, NamedFile, Part};
use crate::qcow2::{self, Qcow2};
use crate::raw::Raw;
use crate::{Format, probe};

/// Images of a chain at most. Chains of dozens are seen where snapshots are taken and never merged; each image costs a
/// file descriptor and up to 4 MiB of cached tables.
const MAX_CHAIN: usize = 200;

/// How to open a disk.
///
/// The default is what libguestfs does if it is told nothing: the format is probed, and files that the image names are
/// opened. **This is not safe for a raw image that a guest has written**: the guest owns every byte of it, so it can write a
/// qcow2 header with the name of any file of the host as backing file, and read it through whoever opens the image next.
/// Say `format(Format::Raw)` for such disks, or close the [`Gate`].
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    format: Option<Format>,
    gate: Gate,
}

impl OpenOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The image's format. Nothing is probed then; an image of another format is *corrupt*.
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// Which files that an image names may be opened.
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }
}

/// Opens the disk whose image is at `path`, for reading only, with all files that the image names.
///
/// A backing file's format is the one that the overlay says; if it says none, it is probed as qemu would.
///
/// *Unsupported* by name if the format, or a feature of the image, isn't read here. `EACCES` if the gate is closed to a
/// file that the image names.
pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Disk> {
    let path = path.as_ref();
    let mut opener = Opener { gate: &options.gate, chain: Vec::new() };
    let (format, source) = opener.open(path, options.format, &Part::default())?;
    Ok(Disk { format, source })
}

/// A disk that is open for reading.
#[derive(Clone)]
pub struct Disk {
    format: Format,
    source: Source,
}

impl Disk {
    /// The format of its image.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The reader alone, without the wrapper.
    pub fn into_source(self) -> Source {
        self.source
    }
}

impl ReadAt for Disk {
    fn len(&self) -> u64 {
        self.source.len()
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        self.source.read_at(buf, offset)
    }
    fn extent_at(&self, offset: u64) -> Result<Extent> {
        self.source.extent_at(offset)
    }
}

struct Opener<'a> {
    gate: &'a Gate,
    /// From the top of the chain to the image that is being opened.
    chain: Vec<(FileId, Format)>,
}

impl Opener<'_> {
    fn open(&mut self, path: &Path, format: Option<Format>, part: &Part) -> Result<(Format, Source)> {
        let file = HostFile::open(path)?;
        let id = file.id();
        let format = match format {
            Some(format) => format,
            None => probe::probe(&file, path)?,
        };
        // A file may be in a chain twice in two formats, which ends; in one format it doesn't.
        if self.chain.contains(&(id, format)) {
            return Err(at_path(Error::corrupt("the chain of backing files is a loop"), path));
        }
        if self.chain.len() >= MAX_CHAIN {
            return Err(at_path(Error::corrupt(format!("a chain of more than {MAX_CHAIN} backing files")), path));
        }
        self.chain.push((id, format));
        let source: Source = match format {
            Format::Raw => match part {
                Part { offset: 0, size: None } => Arc::new(Raw::new(file)),
                Part { offset, size } => Arc::new(Raw::new(window(file, *offset, *size)?)),
            },
            Format::Qcow2 => {
                let opened = Qcow2::open(Arc::new(file), |header| self.open_named(header, path));
                Arc::new(opened.map_err(|error| at_path(error, path))?)
            }
            // LUKS's first version is a format to qemu. What is encrypted within is one level further, as on a partition.
            Format::Luks => {
                let message =
                    "disk image format \"luks\" (with the format \"raw\" it is a disk with an encrypted device)";
                return Err(at_path(Error::unsupported(message), path));
            }
            other => return Err(at_path(Error::unsupported(format!("disk image format \"{other}\"")), path)),
        };
        Ok((format, source))
    }

    fn open_named(&mut self, header: &qcow2::Header, named_by: &Path) -> Result<qcow2::NamedFiles> {
        let data_file = match &header.data_file {
            None => None,
            Some(qcow2::DataFile { name: None, .. }) => {
                return Err(Error::unsupported("qcow2: an external data file without a name"));
            }
            Some(qcow2::DataFile { name: Some(name), .. }) => {
                let path = named_file::data_file_path(name.as_ref(), named_by);
                let format = Some(Format::Raw);
                self.gate.check(&Reference { role: Role::DataFile, path: &path, format, named_by })?;
                Some(Arc::new(HostFile::open(&path)?) as Source)
            }
        };
        let backing_file = match &header.backing_file {
            None => None,
            Some(backing) => {
                let format = backing.format.as_ref().map(|format| format.as_ref());
                let NamedFile { path, format, part } = NamedFile::parse(backing.name.as_ref(), format, named_by)?;
                self.gate.check(&Reference { role: Role::BackingFile, path: &path, format, named_by })?;
                Some(self.open(&path, format, &part)?.1)
            }
        };
        Ok(qcow2::NamedFiles { data_file, backing_file })
    }
}

fn window(file: HostFile, offset: u64, size: Option<u64>) -> Result<Window<HostFile>> {
    let size = size.unwrap_or(file.len().saturating_sub(offset));
    Window::new(file, offset, size)
}

fn at_path(error: Error, path: &Path) -> Error {
    error.at_file(path)
}

/// The format of the image at `path`, probed: the answer of libguestfs's `disk_format` and of `qemu-img info`.
pub fn disk_format(path: impl AsRef<Path>) -> Result<Format> {
    let path = path.as_ref();
    let file = HostFile::open(path)?;
    probe::probe(&file, path)
}

/// The size in bytes of the disk whose image is at `path`, its format probed. Files that the image names aren't opened,
/// and the disk of an encrypted image has a size too.
pub fn disk_virtual_size(path: impl AsRef<Path>) -> Result<u64> {
    let path = path.as_ref();
    let file = HostFile::open(path)?;
    match probe::probe(&file, path)? {
        Format::Raw => Ok(Raw::new(file).len()),
        Format::Qcow2 => Ok(header(&file, path)?.virtual_size),
        other => Err(at_path(Error::unsupported(format!("the size of a disk image of format \"{other}\"")), path)),
    }
}

/// Whether the image at `path`, its format probed, has a backing file. It isn't opened, and need not exist.
pub fn disk_has_backing_file(path: impl AsRef<Path>) -> Result<bool> {
    let path = path.as_ref();
    let file = HostFile::open(path)?;
    match probe::probe(&file, path)? {
        Format::Qcow2 => Ok(header(&file, path)?.backing_file.is_some()),
        // These know no backing files.
        Format::Raw | Format::Luks | Format::Vpc | Format::Dmg | Format::Cloop | Format::Bochs | Format::Parallels => {
            Ok(false)
        }
        other => Err(at_path(Error::unsupported(format!("the backing file of an image of format \"{other}\"")), path)),
    }
}

fn header(file: &HostFile, path: &Path) -> Result<qcow2::Header> {
    Qcow2::read_header(file).at_file(path)
}

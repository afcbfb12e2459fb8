//! The group `drives`: adding disk images, and their names.

use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::options::{AddDomainOpts, AddDriveOpts, AddDriveScratchOpts, AddLibvirtDomOpts};
use glassbox_api::{Blockdev, Drives, Lvm};
use glassbox_io::{Errno, Error, Result, ResultExt};

use super::{Library, domain};
use crate::device_name::DiskName;
use crate::drive::Drive;
use crate::handle::State;
use crate::libvirt::Connection;

/// As many disks as libguestfs attaches, all on one virtio-scsi bus.
pub(crate) const MAX_DISKS: usize = 255;
/// What `/dev/null` stands for as a drive: an empty disk of one sector of the larger kind.
const NULL_DRIVE_SIZE: u64 = 4096;
/// The longest label of a drive: a virtio serial number has no more room.
const LONGEST_LABEL: usize = 20;

impl Library<'_> {
    fn push_drive(&mut self, drive: Drive) -> Result<()> {
        if self.0.state() != State::Config {
            return Err(Error::usage("drives can't be added after launch: libguestfs has no hotplugging since 1.48"));
        }
        if self.0.session.drives.len() >= MAX_DISKS {
            return Err(Error::usage(format!("no more than {MAX_DISKS} disks can be added")));
        }
        self.0.session.drives.push(drive);
        Ok(())
    }

    /// A new file of `size` zero bytes that goes with the handle.
    fn scratch_file(&mut self, size: u64) -> Result<PathBuf> {
        if self.0.session.scratch.is_none() {
            let parent = self.0.session.settings.tmpdir();
            let directory = tempfile::Builder::new()
                .prefix("glassbox-")
                .tempdir_in(parent.to_path_lossy())
                .at_path(&parent)
                .during("mkdtemp")?;
            self.0.session.scratch = Some(directory.keep());
        }
        let directory = self.0.session.scratch.clone().unwrap_or_default();
        let path = directory.join(format!("scratch{}.img", self.0.session.drives.len()));
        File::create_new(&path).and_then(|file| file.set_len(size)).at_file(&path).during("disk_create")?;
        Ok(path)
    }
}

/// Where else than in a file a drive can be, as libguestfs calls it.
const PROTOCOLS: [&str; 12] =
    ["file", "ftp", "ftps", "gluster", "http", "https", "iscsi", "nbd", "rbd", "sheepdog", "ssh", "tftp"];

/// Text that ends up in qemu's or the kernel's parameters: letters, digits, `-` and `_`.
fn plain(what: &str, value: &BStr) -> Result<BString> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if value.is_empty() || !value.iter().all(allowed) {
        return Err(Error::usage(format!("{what} parameter is empty or contains disallowed characters")));
    }
    Ok(value.to_owned())
}

fn label(value: &BStr) -> Result<BString> {
    if value.is_empty() || value.len() > LONGEST_LABEL || !value.iter().all(u8::is_ascii_alphabetic) {
        return Err(Error::usage("label parameter is empty, too long, or contains disallowed characters"));
    }
    Ok(value.to_owned())
}

/// Zero asks for the default, as virt-make-fs does.
fn block_size(value: i32) -> Result<Option<u32>> {
    match value {
        0 => Ok(None),
        512 => Ok(Some(512)),
        4096 => Ok(Some(4096)),
        other => Err(Error::usage(format!("blocksize parameter must be 512 or 4096, not {other}"))),
    }
}

fn one_of(what: &str, value: &BStr, known: &[&str]) -> Result<BString> {
    if known.iter().any(|known| value == *known) {
        return Ok(value.to_owned());
    }
    Err(Error::usage(format!("{what} parameter must be one of: {}", known.join(", "))))
}

impl Drives for Library<'_> {
    fn add_domain(&mut self, dom: &BStr, opts: AddDomainOpts<'_>) -> Result<i32> {
        let connection =
            Connection { uri: opts.libvirturi.map(BString::from), read_only: opts.readonly.unwrap_or(false) };
        let xml = connection.domain(dom, opts.allowuuid.unwrap_or(false))?;
        let AddDomainOpts { readonly, iface, live, readonlydisk, cachemode, discard, copyonread, .. } = opts;
        let opts = AddLibvirtDomOpts { readonly, iface, live, readonlydisk, cachemode, discard, copyonread };
        domain::add(self.0, &connection, &xml, &opts)
    }

    fn add_libvirt_dom(&mut self, dom: usize, opts: AddLibvirtDomOpts<'_>) -> Result<i32> {
        let describe = self.0.describe_domain;
        let describe = describe.ok_or_else(|| Error::unsupported("objects of libvirt's library, which only C has"))?;
        let (uri, xml) = describe(dom)?;
        let connection = Connection { uri: Some(uri), read_only: opts.readonly.unwrap_or(false) };
        domain::add(self.0, &connection, &xml, &opts)
    }

    fn add_drive(&mut self, filename: &BStr, opts: AddDriveOpts<'_>) -> Result<()> {
        let protocol = opts.protocol.unwrap_or("file".into());
        let drive = Drive {
            filename: filename.to_owned(),
            read_only: opts.readonly.unwrap_or(false),
            format: opts.format.map(|format| plain("format", format)).transpose()?,
            iface: opts.iface.map(|iface| plain("iface", iface)).transpose()?,
            name: opts.name.map(BString::from),
            label: opts.label.map(label).transpose()?,
            protocol: protocol.to_owned(),
            servers: opts
                .server
                .iter()
                .flat_map(|servers| servers.iter())
                .map(|server| BString::from(*server))
                .collect(),
            username: opts.username.map(BString::from),
            secret: opts.secret.map(BString::from),
            cachemode: opts.cachemode.map(|mode| one_of("cachemode", mode, &["writeback", "unsafe"])).transpose()?,
            discard: opts
                .discard
                .map(|discard| one_of("discard", discard, &["disable", "enable", "besteffort"]))
                .transpose()?,
            copy_on_read: opts.copyonread.unwrap_or(false),
            block_size: opts.blocksize.map(block_size).transpose()?.flatten(),
            path: None,
            scratch: false,
            kernel_partitions: None,
        };
        if drive.discard.as_ref().is_some_and(|discard| discard == "enable") && drive.read_only {
            return Err(Error::usage("discard support cannot be enabled on read-only drives"));
        }
        one_of("protocol", protocol, &PROTOCOLS)?;
        if protocol != "file" {
            if protocol != "rbd" && protocol != "sheepdog" && drive.servers.is_empty() {
                return Err(Error::usage(format!("{protocol}: a server must be given")));
            }
            return self.push_drive(drive);
        }
        if !drive.servers.is_empty() || drive.username.is_some() || drive.secret.is_some() {
            return Err(Error::usage("server, username and secret can't be given with the protocol file"));
        }
        if filename == "/dev/null" {
            if drive.format.as_ref().is_some_and(|format| format != "raw") {
                return Err(Error::usage("for device '/dev/null', format must be 'raw'"));
            }
            let path = self.scratch_file(NULL_DRIVE_SIZE)?;
            return self.push_drive(Drive { path: Some(path), format: Some("raw".into()), scratch: true, ..drive });
        }
        let path = filename.to_path().map_err(|_| Error::os(Errno::ENOENT).at_path(filename))?;
        // Found out now, because now the caller knows which drive it is about; it is opened at launch.
        if File::open(path).and_then(|file| file.metadata()).at_path(filename)?.is_dir() {
            return Err(Error::os(Errno::EISDIR).at_path(filename));
        }
        // A backing file is looked for beside the image itself, not beside a symbolic link to it.
        let path = std::fs::canonicalize(path).at_path(filename)?;
        self.push_drive(Drive { path: Some(path), ..drive })
    }

    fn add_drive_ro(&mut self, filename: &BStr) -> Result<()> {
        self.0.add_drive(filename, AddDriveOpts { readonly: Some(true), ..Default::default() })
    }

    fn add_drive_with_if(&mut self, filename: &BStr, iface: &BStr) -> Result<()> {
        self.0.add_drive(filename, AddDriveOpts { iface: Some(iface), ..Default::default() })
    }

    fn add_drive_ro_with_if(&mut self, filename: &BStr, iface: &BStr) -> Result<()> {
        self.0.add_drive(filename, AddDriveOpts { iface: Some(iface), readonly: Some(true), ..Default::default() })
    }

    fn add_cdrom(&mut self, filename: &BStr) -> Result<()> {
        self.0.add_drive_ro(filename)
    }

    fn add_drive_scratch(&mut self, size: i64, opts: AddDriveScratchOpts<'_>) -> Result<()> {
        let size = u64::try_from(size).ok().filter(|size| *size > 0);
        let size = size.ok_or_else(|| Error::usage("the size must be more than 0 bytes"))?;
        let drive = Drive {
            format: Some("raw".into()),
            name: opts.name.map(BString::from),
            label: opts.label.map(label).transpose()?,
            block_size: opts.blocksize.map(block_size).transpose()?.flatten(),
            protocol: "file".into(),
            scratch: true,
            ..Drive::default()
        };
        let path = self.scratch_file(size)?;
        let filename = path.as_os_str().as_bytes().into();
        self.push_drive(Drive { path: Some(path), filename, ..drive })
    }

    fn remove_drive(&mut self, _label: &BStr) -> Result<()> {
        Err(Error::usage("drives can't be removed: libguestfs has no hotplugging since 1.48"))
    }

    fn nr_devices(&mut self) -> Result<i32> {
        Ok(self.0.list_devices()?.len() as i32)
    }

    fn max_disks(&mut self) -> Result<i32> {
        Ok(MAX_DISKS as i32)
    }

    fn device_index(&mut self, device: &BStr) -> Result<i32> {
        match DiskName::parse(device) {
            Some(DiskName { disk, partition: None }) => Ok(disk as i32),
            _ => Err(Error::usage("the name is not that of a disk").at_path(device)),
        }
    }

    fn device_name(&mut self, index: i32) -> Result<BString> {
        let devices = self.0.list_devices()?;
        usize::try_from(index)
            .ok()
            .and_then(|index| devices.get(index).cloned())
            .ok_or_else(|| Error::usage(format!("{index}: there are only {} devices", devices.len())))
    }

    fn canonical_device_name(&mut self, device: &BStr) -> Result<BString> {
        if let Some(name) = DiskName::parse(device) {
            return Ok(name.into());
        }
        if device.starts_with(b"/dev/mapper/") || device.starts_with(b"/dev/dm-") {
            // A name that isn't a logical volume's is left as it is.
            return Ok(self.0.lvm_canonical_lv_name(device).unwrap_or_else(|_| device.to_owned()));
        }
        Ok(device.to_owned())
    }
}

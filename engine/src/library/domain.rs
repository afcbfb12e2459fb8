//! The disks of a libvirt domain as drives.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bstr::{BStr, BString, ByteSlice};
use glassbox_api::options::{AddDriveOpts, AddLibvirtDomOpts};
use glassbox_api::{Drives, StringList};
use glassbox_io::{Error, Result};

use crate::handle::Handle;
use crate::libvirt::{Connection, Disk, Domain, Network, Source};

/// What becomes of a disk that the domain may only read; all but the last matter only to who would write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReadOnlyDisk {
    Error,
    Read,
    Write,
    Ignore,
}

/// Adds each disk of the domain that `xml` describes, or none if one can't be added. Returns how many it has, those that are
/// ignored among them.
pub(super) fn add(
    handle: &mut Handle,
    connection: &Connection,
    xml: &str,
    opts: &AddLibvirtDomOpts<'_>,
) -> Result<i32> {
    if opts.live == Some(true) {
        return Err(Error::usage("libguestfs has no support of live guests since 1.48"));
    }
    let read_only = opts.readonly.unwrap_or(false);
    let policy = match opts.readonlydisk.map(|policy| policy.as_bytes()) {
        None | Some(b"write") => ReadOnlyDisk::Write,
        Some(b"error") => ReadOnlyDisk::Error,
        Some(b"read") => ReadOnlyDisk::Read,
        Some(b"ignore") => ReadOnlyDisk::Ignore,
        Some(_) => return Err(Error::usage("readonlydisk must be one of: error, read, write, ignore")),
    };
    let domain = Domain::parse(xml)?;
    if domain.is_active && !read_only {
        return Err(Error::usage(
            "the domain is a live virtual machine. Writing to its disks while it runs can destroy what is on them. Add it \
             read-only (most tools: --ro), or shut it down.",
        ));
    }
    if domain.disks.is_empty() {
        return Err(Error::usage("the libvirt domain has no disks"));
    }
    let before = handle.session.drives.len();
    let mut add = |disk: &Disk| {
        let read_only = match policy {
            ReadOnlyDisk::Ignore if disk.is_read_only => return Ok(()),
            ReadOnlyDisk::Read if disk.is_read_only => true,
            ReadOnlyDisk::Error if disk.is_read_only && !read_only => {
                return Err(Error::usage(format!(
                    "{}: disk is marked <readonly/> in libvirt XML, and readonlydisk was set to \"error\"",
                    name(&disk.source)
                )));
            }
            _ => read_only,
        };
        add_disk(handle, connection, disk, read_only, opts)
    };
    let added = domain.disks.iter().try_for_each(&mut add);
    if added.is_err() {
        handle.session.drives.truncate(before);
    }
    added.map(|()| i32::try_from(domain.disks.len()).unwrap_or(i32::MAX))
}

fn add_disk(
    handle: &mut Handle,
    connection: &Connection,
    disk: &Disk,
    read_only: bool,
    opts: &AddLibvirtDomOpts<'_>,
) -> Result<()> {
    let common = AddDriveOpts {
        readonly: Some(read_only),
        format: disk.format.as_deref().map(BStr::new),
        iface: opts.iface,
        cachemode: opts.cachemode,
        discard: opts.discard,
        copyonread: opts.copyonread,
        blocksize: disk.block_size,
        ..AddDriveOpts::default()
    };
    let network = match &disk.source {
        Source::File(path) => return handle.add_drive(path.as_str().into(), common),
        Source::Volume { pool, volume } => {
            let path = connection.volume_path(pool, volume)?;
            return handle.add_drive(path.as_bstr(), common);
        }
        Source::Network(network) => network,
    };
    let Network { protocol, export, servers, username, secret } = network;
    let servers: Vec<&BStr> = servers.iter().map(|server| server.as_str().into()).collect();
    let secret: Option<BString> = secret.as_ref().map(|secret| connection.secret(secret)).transpose()?;
    let secret = match secret {
        // Ceph's keys are bytes, which `add_drive` takes in base64, as everybody writes them.
        Some(base64) if protocol != "rbd" => Some(decoded(&base64)?),
        secret => secret,
    };
    let opts = AddDriveOpts {
        protocol: Some(protocol.as_str().into()),
        server: (!servers.is_empty()).then_some(StringList::Borrowed(&servers)),
        username: username.as_deref().map(BStr::new),
        secret: secret.as_ref().map(|secret| secret.as_bstr()),
        ..common
    };
    handle.add_drive(export.as_str().into(), opts)
}

fn decoded(base64: &[u8]) -> Result<BString> {
    let decoded = BASE64_STANDARD.decode(base64);
    Ok(decoded.map_err(|_| Error::corrupt("what virsh says of a secret isn't base64"))?.into())
}

/// For messages.
fn name(source: &Source) -> &str {
    match source {
        Source::File(path) => path,
        Source::Volume { volume, .. } => volume,
        Source::Network(network) => &network.export,
    }
}
